"""A sequencer's strips as columns of numbers: thousands of them are read within a millisecond.

Blender answers each question about a single strip in microseconds, and about all of them in one
call; what is drawn again and again asks in this way.
"""

from typing import Any, NamedTuple

from . import compat


class Table(NamedTuple):
    """One row a strip, in the sequencer's order; frames are those of `compat.span`."""

    start: list[int]
    end: list[int]
    channel: list[int]
    mute: list[bool]
    select: list[bool]


def read(strips) -> Table:
    """The strips directly inside a sequence editor or a meta strip."""
    return Table(*(_column(strips, name) for name in (*compat.SPAN, "channel", "mute", "select")))


def muted_channels(editor) -> list[bool]:
    """Whether a channel is muted, by its number; the first of them is 0, which none has."""
    return _column(editor.channels, "mute")


def at(strips, frame: int) -> list:
    """The strips that lie at a frame."""
    start, end = (_column(strips, name) for name in compat.SPAN)
    rows = zip(start, end, strict=True)
    return [strips[row] for row, (first, after) in enumerate(rows) if first <= frame < after]


def _column(collection, name: str) -> list[Any]:
    values = [0] * len(collection)
    if values:
        collection.foreach_get(name, values)
    return values
