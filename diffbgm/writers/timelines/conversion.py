"""An edit as every format can hold it: lanes of pieces of media, and markers.

What only the editor's own format knows (titles, effects, transitions) is not here: a transition is
a cut in its middle, what is generated is a gap.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Literal

import opentimelineio as otio

from diffbgm.errors import FilmError, TimelineError
from diffbgm.readers.clip_media import ClipMedia
from diffbgm.readers.edit_films import film_of
from diffbgm.readers.film_info import probe
from diffbgm.readers.flattening import ClipSpan, exact, layer
from diffbgm.readers.media_files import MediaFiles
from diffbgm.timeline import EditDocument
from diffbgm.writers.timelines.music import Marker

Kind = Literal["video", "audio"]


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
    first picture on, at `speed`; backwards, the first picture shown ends there."""

    start: int
    end: int
    name: str
    medium: Medium
    media_start: Fraction
    speed: Fraction

    @property
    def frames(self) -> int:
        return self.end - self.start


@dataclass(frozen=True)
class Lane:
    """A track: pieces in their order, with gaps between them."""

    name: str
    kind: Kind
    pieces: tuple[Piece, ...]


@dataclass(frozen=True)
class Conversion:
    """`document` is the whole edit, `lanes` what other formats hold of it, in frames of `rate`."""

    document: otio.schema.Timeline
    rate: Fraction
    frames: int
    lanes: tuple[Lane, ...]
    markers: tuple[Marker, ...]

    @property
    def media(self) -> tuple[Medium, ...]:
        """Each once, in the order in which they are shown."""
        pieces = (piece for lane in self.lanes for piece in lane.pieces)
        return tuple(dict.fromkeys(piece.medium for piece in pieces))


def converted(
    edit: otio.schema.Timeline, rate: Fraction, frames: int, document: EditDocument | None
) -> Conversion:
    """The edit of `frames` frames in frames of `rate`; its media are looked for as for `document`.

    ValueError or OTIOError where it is malformed.
    """
    media = _Media(document)
    lanes = tuple(
        Lane(track.name, _kind(track), tuple(_pieces(layer(track, media.clips), rate, media)))
        for track in edit.tracks
        if isinstance(track, otio.schema.Track)
    )
    return Conversion(edit, rate, frames, lanes, tuple(_markers(edit, rate)))


class _Media:
    """Each medium is looked up once."""

    def __init__(self, document: EditDocument | None) -> None:
        path = document.path if document else Path("film")
        folders = document.media_folders if document else ()
        self.clips = ClipMedia(MediaFiles(path, folders))
        self._seconds = cache(_seconds_of)

    def of(self, clip: otio.schema.Clip) -> Medium | None:
        """None for what the editor generates."""
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


def _kind(track: otio.schema.Track) -> Kind:
    return "audio" if track.kind == otio.schema.TrackKind.Audio else "video"


def _pieces(spans: list[ClipSpan], rate: Fraction, media: _Media) -> Iterator[Piece]:
    for span in spans:
        start, end = (int(time * rate + Fraction(1, 2)) for time in (span.start, span.end))
        medium = None if span.clip is None else media.of(span.clip)
        if medium is None or span.clip is None or start >= end:
            continue
        yield Piece(
            start,
            end,
            span.clip.name or medium.name,
            medium,
            max(span.media_start, Fraction(0)),
            span.speed,
        )


def _markers(edit: otio.schema.Timeline, rate: Fraction) -> Iterator[Marker]:
    """Those of the edit, its tracks and its clips, where they stand in the edit."""
    begin = edit.tracks.trimmed_range().start_time
    for item in (edit.tracks, *edit.find_children()):
        if not isinstance(item, otio.core.Item):
            continue
        for marker in item.markers:
            start = item.transformed_time(marker.marked_range.start_time, edit.tracks)
            frame = int(exact(start - begin) * rate + Fraction(1, 2))
            if frame >= 0:
                yield Marker(frame, marker.name, marker.color, {})
