"""Reads the edit out of the sequencer: frame rate, candidates for cuts, films. Changes nothing."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

from . import compat, strip_table
from .cuts import Edit, Picture, find_bases, find_candidates, find_films
from .films import Films
from .ranges import picture_range, with_picture

_WITHOUT_INPUTS = frozenset(
    {"MOVIE", "IMAGE", "SCENE", "META", "COLOR", "MULTICAM", "MASK", "MOVIECLIP"}
)


def read_edit(scene) -> Edit:
    """The range that the editor means, and where it may have cuts. Raises NoPictureError."""
    start, end, _ = picture_range(scene)
    return read_range(scene, start, end)


def read_range(scene, start: int, end: int) -> Edit:
    """Frames `start` up to, not including, `end` of a scene that has a sequencer."""
    editor = scene.sequence_editor
    strips = compat.strips_of(editor)
    muted = strip_table.muted_channels(editor)
    pictures = _Reader(scene, start, end).pictures(strips, muted)
    candidates = find_candidates(pictures, start, end)
    edit = Edit(scene.name, start, end, frame_rate(scene), candidates, ())
    at = [(start + first, start + after) for first, after in edit.stretches]
    bases = find_bases(pictures, at)
    graded = [compat.span(strip) for strip in _grades(strips, muted)]
    as_it_is = (
        None if any(first < end and after > start for first, after in graded) else film
        for (start, end), film in zip(at, find_films(pictures, at), strict=True)
    )
    return replace(edit, films=tuple(as_it_is), bases=bases)


def frame_rate(scene) -> Fraction:
    """Frames a second, exactly: Blender keeps 24000/1001 as 24 over the float 1.001."""
    return scene.render.fps / Fraction(scene.render.fps_base).limit_denominator(1001)


def clock(scene) -> float:
    """Frames a second as Blender itself counts them."""
    return scene.render.fps / scene.render.fps_base


def _grades(strips: Iterable, muted: list[bool]) -> list:
    """Adjustments change what lies below them."""
    found = []
    for strip in strips:
        if strip.mute or muted[strip.channel]:
            continue
        if strip.type == "ADJUSTMENT":
            found.append(strip)
        elif strip.type == "META":
            found.extend(_grades(compat.strips_of(strip), strip_table.muted_channels(strip)))
    return found


class _Reader:
    """Strips of a scene as pictures, as far as they reach into a range of its frames."""

    def __init__(self, scene, start: int, end: int) -> None:
        self._films = Films(scene)
        self._keys = compat.keyed(scene, "multicam_source")
        self._range = start, end

    def pictures(self, strips, muted: list[bool]) -> tuple[Picture, ...]:
        table = strip_table.read(strips)
        first, after = self._range
        shown = list(strips)
        return tuple(
            self._picture(shown[row])
            for row in with_picture(shown, table, muted)
            if table.start[row] < after
            and table.end[row] > first
            and not self._films.is_transparent(shown[row])
        )

    def _picture(self, strip) -> Picture:
        start, end = compat.span(strip)
        is_meta, is_multicam = strip.type == "META", strip.type == "MULTICAM"
        return Picture(
            name=strip.name,
            kind=strip.type,
            channel=strip.channel,
            start=start,
            end=end,
            sources=tuple(self._picture(source) for source in _inputs(strip)),
            inside=self._inside(strip) if is_meta else None,
            angles=self._angles(strip) if is_multicam else (),
            marks=_inner_marks(strip),
            film=self._films.film_of(strip),
            is_changed=(is_meta or is_multicam) and self._films.is_changed(strip),
        )

    def _inside(self, meta) -> tuple[Picture, ...]:
        return self.pictures(compat.strips_of(meta), strip_table.muted_channels(meta))

    def _angles(self, strip) -> tuple[tuple[int, int], ...]:
        """The channels that a multicam strip shows, keyframe by keyframe."""
        start, end = compat.span(strip)
        curve = self._keys.get(strip.name)
        if curve is None:
            return ((start, strip.multicam_source),)
        frames = sorted({start, *(frame for frame in curve.frames if start < frame < end)})
        return tuple((frame, int(curve.value(frame))) for frame in frames)


def _inner_marks(strip) -> tuple[int, ...]:
    """Where the scene that a strip shows may have cuts: its strips' bounds, or its cameras."""
    shown = strip.scene if strip.type == "SCENE" else None
    if shown is None:
        return ()
    first, after = compat.span(strip)
    shift = compat.content_start(strip) - strip.animation_offset_start - shown.frame_start
    if strip.scene_input == "SEQUENCER" and shown.sequence_editor:
        table = strip_table.read(compat.strips_of(shown.sequence_editor))
        inner = {*table.start, *table.end}
    else:
        inner = {marker.frame for marker in shown.timeline_markers if marker.camera}
    return tuple(sorted(frame + shift for frame in inner if first < frame + shift < after))


def _inputs(strip) -> list:
    """The strips that an effect takes in, the outgoing one first."""
    if strip.type in _WITHOUT_INPUTS:
        return []  # asking for a property that there is not takes Blender long
    inputs = (getattr(strip, "input_1", None), getattr(strip, "input_2", None))
    return [source for source in inputs if source is not None]
