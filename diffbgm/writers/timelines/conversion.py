"""An edit as every format can hold it: lanes of pieces, transitions between them, and markers.

What only the editor's own format knows (effects, nested edits) is not here; `lost` says what.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache
from math import floor
from pathlib import Path
from typing import Any, Literal

import opentimelineio as otio

from diffbgm.errors import FilmError, TimelineError
from diffbgm.readers.clip_media import ClipMedia
from diffbgm.readers.cut_hints import comment_of
from diffbgm.readers.edit_films import film_of
from diffbgm.readers.film_info import probe
from diffbgm.readers.flattening import ClipSpan, exact, layer
from diffbgm.readers.media_files import MediaFiles
from diffbgm.timeline import EditDocument
from diffbgm.writers.timelines.generated import Generated, generated_of
from diffbgm.writers.timelines.music import Marker

Kind = Literal["video", "audio"]
_HIDDEN = "diffbgm-disabled"  # in the metadata of copies alone
_ENDLESS = 10**9


@dataclass(frozen=True)
class Medium:
    """A file by its absolute path, or, where it is not there, by what the edit calls it.

    `origin` is the source time of its first picture, in seconds; `seconds` its length, None where
    it is not known.
    """

    address: str
    name: str
    origin: Fraction
    seconds: Fraction | None


@dataclass(frozen=True)
class Piece:
    """Frames `start` up to, not including, `end` show a medium from `media_start` seconds after its
    first picture on, at `speed`; backwards, the first picture shown ends there.

    In place of a medium it may show what the editor `generated`.
    """

    start: int
    end: int
    name: str
    medium: Medium | Generated
    media_start: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)
    enabled: bool = True

    @property
    def frames(self) -> int:
        return self.end - self.start

    def cut_to(self, start: int, end: int, rate: Fraction) -> "Piece":
        """The part between two frames; longer ones show more of the medium."""
        later = (start - self.start) / rate * self.speed
        return replace(self, start=start, end=end, media_start=self.media_start + later)

    def spare_before(self, rate: Fraction) -> int:
        """How many frames its medium has before what it shows; those of a generator are endless."""
        return self._spare(self.media_start, -self.speed, rate)

    def spare_after(self, rate: Fraction) -> int:
        """How many it has after that."""
        return self._spare(self.media_start + self.frames / rate * self.speed, self.speed, rate)

    def _spare(self, seconds: Fraction, speed: Fraction, rate: Fraction) -> int:
        if isinstance(self.medium, Generated) or speed == 0:
            return _ENDLESS
        if speed < 0:
            return floor(max(seconds, Fraction(0)) / -speed * rate)
        if self.medium.seconds is None:
            return _ENDLESS
        return floor(max(self.medium.seconds - seconds, Fraction(0)) / speed * rate)


@dataclass(frozen=True)
class Mix:
    """Frames `start` up to `end` go over from what ends at `cut` to what begins there."""

    start: int
    cut: int
    end: int
    name: str

    @property
    def frames(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Lane:
    """A track: pieces in their order, with gaps between them, and transitions, which do not touch
    each other and reach no further than the pieces they join, or gaps."""

    name: str
    kind: Kind
    pieces: tuple[Piece, ...]
    mixes: tuple[Mix, ...] = ()
    enabled: bool = True

    def joins(self, mix: Mix) -> bool:
        """Whether there is a piece on both sides."""
        ends = {piece.end for piece in self.pieces}
        return mix.cut in ends and mix.cut in {piece.start for piece in self.pieces}

    def with_handles(self, rate: Fraction) -> "Lane":
        """The same with transitions no longer than the media reach, where that is known."""
        mixes = []
        for mix in self.mixes:
            for piece in self.pieces:
                if piece.end == mix.cut:
                    mix = replace(mix, end=min(mix.end, mix.cut + piece.spare_after(rate)))
                elif piece.start == mix.cut:
                    mix = replace(mix, start=max(mix.start, mix.cut - piece.spare_before(rate)))
            mixes += [mix] if mix.frames else []
        return replace(self, mixes=tuple(mixes))

    def fades_inside(self, rate: Fraction) -> "Lane":
        """The same where pieces that fade in or out, beside a gap, begin or end with the fade."""
        fades = {mix.cut: mix for mix in self.mixes if not self.joins(mix)}
        pieces = []
        for piece in self.pieces:
            before, after = fades.get(piece.start), fades.get(piece.end)
            start = before.start if before else piece.start
            pieces.append(piece.cut_to(start, after.end if after else piece.end, rate))
        return replace(self, pieces=tuple(pieces))


@dataclass(frozen=True)
class Conversion:
    """`document` is the whole edit, `lanes` what other formats hold of it, in frames of `rate`.

    `lost` counts, by what it is, what they do not hold.
    """

    document: otio.schema.Timeline
    rate: Fraction
    frames: int
    lanes: tuple[Lane, ...]
    markers: tuple[Marker, ...]
    lost: Counter[str]


def converted(
    edit: otio.schema.Timeline, rate: Fraction, frames: int, document: EditDocument | None
) -> Conversion:
    """The edit of `frames` frames in frames of `rate`; its media are looked for as for `document`.

    ValueError or OTIOError where it is malformed.
    """
    lost: Counter[str] = Counter()
    converter = _Converter(rate, _Media(document), _begin(edit.tracks), lost)
    lanes = tuple(converter.lane(each) for each in edit.tracks)
    return Conversion(edit, rate, frames, lanes, tuple(_markers(edit, rate)), lost)


class _Media:
    """Each medium is looked up once."""

    def __init__(self, document: EditDocument | None) -> None:
        path = document.path if document else Path("film")
        folders = document.media_folders if document else ()
        self.clips = ClipMedia(MediaFiles(path, folders))
        self._seconds = cache(_seconds_of)

    def of(self, clip: otio.schema.Clip) -> Medium | Generated | None:
        """None for what shows nothing of its own, as an adjustment layer."""
        if isinstance(clip.media_reference, otio.schema.GeneratorReference):
            return generated_of(clip)
        if self.clips.shows_no_medium(clip):
            return None
        path = self.clips.path(clip)
        try:
            film = film_of(clip)
        except TimelineError:
            return None
        if film is None:
            return None
        origin = self.clips.origin(clip)
        if path is None:
            return Medium(film.text, clip.name, origin, None)
        return Medium(str(path.resolve()), path.name, origin, self._seconds(path))


def _seconds_of(path: Path) -> Fraction | None:
    try:
        seconds = probe(path).seconds
    except FilmError:
        return None  # sound alone
    return None if seconds is None else Fraction(seconds).limit_denominator(1_000_000)


@dataclass(frozen=True)
class _Converter:
    """Tracks to lanes; what the edit shows begins `begin` seconds after its tracks do."""

    rate: Fraction
    media: _Media
    begin: Fraction
    lost: Counter[str]

    def lane(self, item: Any) -> Lane:
        """Of a track, or of what lies in the place of one."""
        kind = "audio" if getattr(item, "kind", "") == otio.schema.TrackKind.Audio else "video"
        shown = _with_disabled(item)
        pieces = tuple(self._pieces(layer(shown, self.media.clips)))
        mixes: tuple[Mix, ...] = ()
        if isinstance(item, otio.schema.Track):
            self._count(item)
            mixes = self._mixes(item, pieces)
        return Lane(item.name, kind, pieces, mixes, item.enabled)

    def _pieces(self, spans: list[ClipSpan]) -> Iterator[Piece]:
        for span in spans:
            start, end = self._frame(span.start), self._frame(span.end)
            if span.clip is None or end <= max(start, 0):
                continue
            medium = self.media.of(span.clip)
            if medium is None:
                self.lost["clip without a medium"] += 1
                continue
            piece = Piece(
                start,
                end,
                span.clip.name or getattr(medium, "name", ""),
                medium,
                max(span.media_start, Fraction(0)),
                span.speed,
                _HIDDEN not in span.clip.metadata,
            )
            yield piece.cut_to(max(start, 0), end, self.rate)

    def _mixes(self, track: otio.schema.Track, pieces: tuple[Piece, ...]) -> tuple[Mix, ...]:
        """Those that have room, where `layer` put their cuts: in their middle."""
        result: list[Mix] = []
        at = -_begin(track)
        starts, ends = ({getattr(p, side): p for p in pieces} for side in ("start", "end"))
        reached = 0
        for item in track:
            if not isinstance(item, otio.schema.Transition):
                at += exact(item.duration())
                continue
            start, end = at - exact(item.in_offset), at + exact(item.out_offset)
            frames = (self._frame(time) for time in (start, (start + end) / 2, end))
            mix = Mix(*frames, name=item.name or "Cross Dissolve")
            left, right = ends.get(mix.cut), starts.get(mix.cut)
            first = max([0, *(p.end for p in pieces if p.end < mix.cut)])
            last = min([mix.end, *(p.start for p in pieces if p.start > mix.cut)])
            first, last = (left.start if left else first), (right.end if right else last)
            is_inside = max(first, reached) <= mix.start < mix.cut < mix.end <= last
            if (left or right) and is_inside:
                result.append(mix)
                reached = mix.end
            else:
                self.lost["transition without room"] += 1
        return tuple(result)

    def _frame(self, seconds: Fraction) -> int:
        return floor((seconds - self.begin) * self.rate + Fraction(1, 2))

    def _count(self, track: otio.schema.Track) -> None:
        """What of the track no lane holds."""
        for item in track:
            if isinstance(item, otio.schema.Stack | otio.schema.Track):
                self.lost["nested edit, which is flattened"] += 1
            elif isinstance(item, otio.core.Item):
                self.lost["effect"] += sum(not _is_retiming(effect) for effect in item.effects)


def _begin(composition: Any) -> Fraction:
    """Seconds of its own time at which the source range of a stack or track begins."""
    shown = composition.source_range
    return Fraction(0) if shown is None else exact(shown.start_time)


def _with_disabled(item: Any) -> Any:
    """A copy of which all is visible; what is disabled is marked."""
    result = item.clone()
    result.enabled = True
    for child in result if isinstance(result, otio.schema.Track) else ():
        if isinstance(child, otio.core.Item) and not child.enabled:
            child.enabled = True
            is_clip = isinstance(child, otio.schema.Clip)
            for clip in [child] if is_clip else child.find_children(otio.schema.Clip):
                clip.metadata[_HIDDEN] = True
    return result


def _is_retiming(effect: Any) -> bool:
    """Final Cut 7's own effect comes along with what the reader made of it."""
    own = effect.metadata.get("fcp_xml", {})
    return isinstance(effect, otio.schema.TimeEffect) or own.get("effectid") == "timeremap"


def _markers(edit: otio.schema.Timeline, rate: Fraction) -> Iterator[Marker]:
    """Those of the edit, its tracks and its clips, where they stand in the edit."""
    begin = _begin(edit.tracks)
    for item in (edit.tracks, *edit.find_children()):
        if not isinstance(item, otio.core.Item):
            continue
        for marker in item.markers:
            marked = marker.marked_range
            start = item.transformed_time(marked.start_time, edit.tracks)
            frame = floor((exact(start) - begin) * rate + Fraction(1, 2))
            frames = max(floor(exact(marked.duration) * rate + Fraction(1, 2)), 1)
            if frame >= 0:
                yield Marker(frame, marker.name, marker.color, {}, comment_of(marker), frames)
