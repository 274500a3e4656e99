"""Reads the edit out of the sequencer: the range, the frame rate, the cuts. Changes nothing."""

import itertools
from collections.abc import Iterable
from fractions import Fraction

from . import compat
from .cuts import Edit, Picture, find_cuts, find_films
from .films import Films
from .tags import is_ours

# What carries no picture of its own: it never makes a cut, and never hides one.
UNSEEN = frozenset({"SOUND", "TEXT", "ADJUSTMENT"})


class NoPictureError(Exception):
    """There is no picture to write music for; the message says what to do."""


def read_edit(scene) -> Edit:
    """The range that the editor means, and its cuts. Raises NoPictureError."""
    start, end = picture_range(scene)
    editor = scene.sequence_editor
    pictures = _pictures(compat.strips_of(editor), editor.channels, Films(scene))
    cuts = find_cuts(pictures, start, end)
    shots = list(itertools.pairwise((start, *cuts, end)))
    shown = find_films(pictures, shots)
    graded = [compat.span(strip) for strip in _grades(compat.strips_of(editor), editor.channels)]
    as_it_is = (
        None if any(first < end and after > start for first, after in graded) else film
        for (start, end), film in zip(shots, shown, strict=True)
    )
    return Edit(scene.name, start, end, frame_rate(scene), cuts, tuple(as_it_is))


def _grades(strips: Iterable, channels) -> list:
    """Adjustments change what lies below them."""
    unmuted = (s for s in strips if not (s.mute or channels[s.channel].mute))
    found = []
    for strip in unmuted:
        if strip.type == "ADJUSTMENT":
            found.append(strip)
        elif strip.type == "META":
            found.extend(_grades(compat.strips_of(strip), strip.channels))
    return found


def frame_rate(scene) -> Fraction:
    """Frames a second, exactly: Blender keeps 24000/1001 as 24 over the float 1.001."""
    return scene.render.fps / Fraction(scene.render.fps_base).limit_denominator(1001)


def clock(scene) -> float:
    """Frames a second as Blender itself counts them."""
    return scene.render.fps / scene.render.fps_base


def picture_range(scene) -> tuple[int, int]:
    """First frame, and first frame after: of the selected strips, else of all in the scene's range.

    Only strips with a picture count. Raises NoPictureError where there is none.
    """
    strips = _strips_with_picture(scene)
    if not strips:
        raise NoPictureError("The sequencer has no picture: add a movie, image or scene strip")
    selected = [strip for strip in strips if strip.select]
    start, end = _extent(selected or strips)
    if not selected:
        start, end = max(start, scene.frame_start), min(end, scene.frame_end + 1)
    start = max(start, 0)  # a render cannot begin before frame 0
    if end <= start:
        raise NoPictureError("No strip lies in the scene's frame range: select strips, or set it")
    return start, end


def has_selection(scene) -> bool:
    """Whether selected strips, rather than the scene's frame range, say what to score."""
    return any(strip.select for strip in _strips_with_picture(scene))


def _strips_with_picture(scene) -> list:
    editor = scene.sequence_editor
    if editor is None:
        return []
    strips = compat.strips_of(editor)
    return [strip for strip in strips if _has_picture(strip, editor.channels)]


def _has_picture(strip, channels) -> bool:
    muted = strip.mute or channels[strip.channel].mute
    return not (muted or strip.type in UNSEEN or is_ours(strip))


def _pictures(strips: Iterable, channels, films: Films) -> tuple[Picture, ...]:
    return tuple(_picture(strip, films) for strip in strips if _has_picture(strip, channels))


def _picture(strip, films: Films) -> Picture:
    start, end = compat.span(strip)
    is_meta = strip.type == "META"
    return Picture(
        name=strip.name,
        kind=strip.type,
        channel=strip.channel,
        start=start,
        end=end,
        sources=tuple(_picture(source, films) for source in _inputs(strip)),
        inside=_pictures(compat.strips_of(strip), strip.channels, films) if is_meta else None,
        angle=strip.multicam_source if strip.type == "MULTICAM" else None,
        film=films.film_of(strip),
        is_changed=is_meta and films.is_changed(strip),
    )


def _inputs(strip) -> list:
    """The strips that an effect takes in, the outgoing one first."""
    inputs = (getattr(strip, "input_1", None), getattr(strip, "input_2", None))
    return [source for source in inputs if source is not None]


def _extent(strips: Iterable) -> tuple[int, int]:
    spans = [compat.span(strip) for strip in strips]
    return min(start for start, _ in spans), max(end for _, end in spans)
