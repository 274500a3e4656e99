"""Follows the shots of an edit that a person changes while its music is written.

At the click the strips that are shown get a mark; afterwards it tells where each of them is now,
whatever it is called. What was moved takes its music along; what was trimmed, a part of it.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from . import compat, timeline
from .cuts import Edit
from .placing import Spot
from .work import Music, Segment

STRIP_MARK = "diffbgm_strip"


_WITH_CONTENT = frozenset({"MOVIE", "IMAGE", "SCENE", "META", "MOVIECLIP", "MASK"})


class Held(NamedTuple):
    """A strip as it was at the click: its span, and where it would begin were it not trimmed."""

    mark: str
    name: str
    start: int
    end: int
    content: int


class _Part(NamedTuple):
    """Frames of the scene that show a part of a shot now, later by `shift` than at the click."""

    start: int
    end: int
    shift: int


def hold(scene, edit: Edit) -> tuple[Held | None, ...]:
    """For every stretch of an edit that was read right now, the strip that is to be followed."""
    bases = set(edit.bases)
    strips = compat.strips_of(scene.sequence_editor)  # to ask for one by its name walks all of them
    held = {strip.name: _hold(strip) for strip in strips if strip.name in bases}
    return tuple(held.get(name) for name in edit.bases)


def _hold(strip) -> Held:
    strip[STRIP_MARK] = strip.get(STRIP_MARK) or uuid.uuid4().hex
    return Held(strip[STRIP_MARK], strip.name, *compat.span(strip), compat.content_start(strip))


def has_changed(scene, edit: Edit) -> bool:
    """Whether other strips begin or end in the range, or show other films than at the click."""
    if scene.sequence_editor is None:
        return True
    now = timeline.read_range(scene, edit.start, edit.end)
    return (now.candidates, now.films) != (edit.candidates, edit.films)


def conform(scene, edit: Edit, held: tuple[Held | None, ...], music: Music) -> list[Spot]:
    """Where the shots of the music are now; those that are gone are left out."""
    found = _Strips(scene)
    spots = []
    for segment in music.segments:
        parts = _joined(_parts(segment, edit, held, found))
        longest = max(parts, key=lambda part: part.end - part.start, default=None)
        if longest:
            origin = music.place.frame + longest.shift
            spots.append(Spot(segment, origin, longest.start, longest.end))
    return spots


class _Strips:
    """The strips of a scene that show something, by their marks and names."""

    def __init__(self, scene) -> None:
        self._marked, self._named = defaultdict(list), {}
        editor = scene.sequence_editor
        for strip in compat.strips_of(editor) if editor else ():
            if not (strip.mute or editor.channels[strip.channel].mute):
                self._named[strip.name] = strip
                if mark := strip.get(STRIP_MARK):
                    self._marked[mark].append(strip)

    def part(self, held: Held, start: int, end: int) -> _Part | None:
        """Where is now what a strip showed from `start` to `end`: it may be cut or copied."""
        strips = self._marked.get(held.mark) or [self._named.get(held.name)]
        parts = [_part(strip, held, start, end) for strip in strips if strip is not None]
        visible = [part for part in parts if part.start < part.end]
        return max(
            visible, key=lambda part: (part.end - part.start, -abs(part.shift)), default=None
        )


def _part(strip, held: Held, start: int, end: int) -> _Part:
    shift, (first, after) = _shift(strip, held), compat.span(strip)
    return _Part(max(first, start + shift), min(after, end + shift), shift)


def _shift(strip, held: Held) -> int:
    """How far a strip was moved; one without content, such as a colour, may also be trimmed."""
    if strip.type in _WITH_CONTENT:
        return compat.content_start(strip) - held.content
    start, end = compat.span(strip)
    return 0 if start == held.start or end == held.end else start - held.start


def _parts(
    segment: Segment, edit: Edit, held: tuple[Held | None, ...], found: _Strips
) -> Iterator[_Part]:
    """What became of a shot, stretch by stretch; a gap goes along with what is before it."""
    shift = 0
    for (first, after), strip in zip(edit.stretches, held, strict=True):
        start = edit.start + max(first, segment.start_frame)
        end = edit.start + min(after, segment.end_frame)
        if start >= end:
            continue
        if strip is None:
            yield _Part(start + shift, end + shift, shift)
        elif part := found.part(strip, start, end):
            shift = part.shift
            yield part


def _joined(parts: Iterable[_Part]) -> list[_Part]:
    """Parts that still follow each other as they did, as one."""
    joined: list[_Part] = []
    for part in parts:
        if joined and (joined[-1].end, joined[-1].shift) == (part.start, part.shift):
            joined[-1] = joined[-1]._replace(end=part.end)
        else:
            joined.append(part)
    return joined
