"""Which frames shall have music. Changes nothing; quick enough to be asked at every redraw."""

from collections.abc import Iterable
from typing import NamedTuple

from . import compat, strip_table
from .strip_table import Table
from .tags import KEY, is_ours

# What carries no picture of its own: it never makes a cut, and never hides one.
UNSEEN = frozenset({"SOUND", "TEXT", "ADJUSTMENT"})


_NO_PICTURE = "The sequencer has no picture: add a movie, image or scene strip"


class NoPictureError(Exception):
    """There is no picture to write music for; the message says what to do."""


class Range(NamedTuple):
    """Frames `start` up to, not including, `end`; `chosen` says by what they were chosen."""

    start: int
    end: int
    chosen: str


# By scene: what its range was read from, and the range or the message why there is none.
_known: dict[str, tuple[tuple, Range | str]] = {}


def picture_range(scene) -> Range:
    """The preview range if there is one, else the selected strips, else the scene's range; of
    these the frames where a strip has a picture. Raises NoPictureError."""
    basis = _basis(scene)
    known = _known.get(scene.name)
    if known is None or known[0] != basis:
        known = _known[scene.name] = (basis, _find(scene))
    if isinstance(known[1], str):
        raise NoPictureError(known[1])
    return known[1]


def with_picture(strips, table: Table, muted_channels: list[bool]) -> list[int]:
    """The rows of the strips that show something of the user's."""
    audible = zip(strips, table.mute, table.channel, strict=True)
    return [
        row
        for row, (strip, is_muted, channel) in enumerate(audible)
        if not (is_muted or muted_channels[channel])
        and strip.type not in UNSEEN
        and not (strip.get(KEY) and is_ours(strip))
    ]


def _basis(scene) -> tuple:
    """All that the range depends on, but for kinds and marks of strips, which do not change."""
    limits = (scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end)
    limits = (*limits, scene.frame_start, scene.frame_end)
    editor = scene.sequence_editor
    if editor is None:
        return limits
    return (*limits, strip_table.read(compat.strips_of(editor)), strip_table.muted_channels(editor))


def _find(scene) -> Range | str:
    editor = scene.sequence_editor
    if editor is None:
        return _NO_PICTURE
    strips = compat.strips_of(editor)
    table = strip_table.read(strips)
    rows = with_picture(strips, table, strip_table.muted_channels(editor))
    if not rows:
        return _NO_PICTURE
    selected = [row for row in rows if table.select[row]]
    if scene.use_preview_range:
        limits = scene.frame_preview_start, scene.frame_preview_end + 1
        return _within(_extent(table, rows), limits, "preview range")
    if selected:
        return _within(_extent(table, selected), None, "selected strips")
    limits = scene.frame_start, scene.frame_end + 1
    return _within(_extent(table, rows), limits, "scene range")


def _extent(table: Table, rows: Iterable[int]) -> tuple[int, int]:
    rows = list(rows)
    return min(table.start[row] for row in rows), max(table.end[row] for row in rows)


def _within(extent: tuple[int, int], limits: tuple[int, int] | None, chosen: str) -> Range | str:
    start, end = extent
    if limits:
        start, end = max(start, limits[0]), min(end, limits[1])
    start = max(start, 0)  # a render cannot begin before frame 0
    if end <= start:
        return f"No strip lies in the {chosen}: set it, or select strips"
    return Range(start, end, chosen)
