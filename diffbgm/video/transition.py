"""A transition that takes its time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Span:
    """Frames `start` up to, not including, `end` are neither shot; `middle` is the cut."""

    start: int
    end: int
    middle: int
    strength: float
