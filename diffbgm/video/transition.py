"""A transition that takes its time."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Span:
    """Frames `start` up to, not including, `end` are neither shot; `middle` is the cut."""

    start: int
    end: int
    middle: int
    strength: float

    def later(self, by: int) -> "Span":
        """So many frames later."""
        return replace(self, start=self.start + by, end=self.end + by, middle=self.middle + by)
