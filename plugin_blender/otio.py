"""An edit as an OpenTimelineIO document, written with plain dictionaries. Knows nothing of Blender.

Blender's Python has no OpenTimelineIO, and an add-on must not install packages; the schemas used
here (https://opentimelineio.readthedocs.io/en/latest/tutorials/otio-file-format-specification.html)
are few and stable.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Clip:
    """Frames `start` up to, not including, `end` of a film: a path, or the name of an upload."""

    url: str
    start: int
    end: int


def uploaded(media: str) -> str:
    """What a clip calls the film of that id on the server."""
    return f"diffbgm:media/{media}"


def document(name: str, rate: Fraction, clips: Sequence[Clip]) -> dict:
    """A timeline of one track, whose clips lie end to end; where they meet there may be a cut."""
    children = [_clip(f"Piece {number}", clip, rate) for number, clip in enumerate(clips, 1)]
    track = {"OTIO_SCHEMA": "Track.1", "name": "Picture", "kind": "Video", "children": children}
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "metadata": {"diffbgm": {"cuts": "candidates"}},
        "global_start_time": None,
        "tracks": {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]},
    }


def _clip(name: str, clip: Clip, rate: Fraction) -> dict:
    film = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": clip.url,
        "available_range": _range(0, clip.end, rate),  # counted from 0, whatever its timecode
    }
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": name,
        "source_range": _range(clip.start, clip.end - clip.start, rate),
        "media_references": {"DEFAULT_MEDIA": film},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _range(start: int, frames: int, rate: Fraction) -> dict:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(start, rate),
        "duration": _time(frames, rate),
    }


def _time(frame: int, rate: Fraction) -> dict:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(frame), "rate": float(rate)}
