"""An edit as an OpenTimelineIO document, written with plain dictionaries. Knows nothing of Blender.

Blender's Python has no OpenTimelineIO, and an add-on must not install packages; the schemas used
here (https://opentimelineio.readthedocs.io/en/latest/tutorials/otio-file-format-specification.html)
are few and stable.
"""

from collections.abc import Sequence
from fractions import Fraction


def document(name: str, rate: Fraction, shots: Sequence[tuple[int, int]], media: str) -> dict:
    """A timeline whose every clip is a piece of one film, the media of that id on the server.

    `shots` are (first frame, first frame after) within the film, contiguous from 0.
    """
    film = _reference(f"diffbgm:media/{media}", shots[-1][1], rate)
    clips = [_clip(f"Shot {i}", start, end, rate, film) for i, (start, end) in enumerate(shots, 1)]
    track = {"OTIO_SCHEMA": "Track.1", "name": "Picture", "kind": "Video", "children": clips}
    return {
        "OTIO_SCHEMA": "Timeline.1",
        "name": name,
        "global_start_time": None,
        "tracks": {"OTIO_SCHEMA": "Stack.1", "name": "tracks", "children": [track]},
    }


def _clip(name: str, start: int, end: int, rate: Fraction, film: dict) -> dict:
    return {
        "OTIO_SCHEMA": "Clip.2",
        "name": name,
        "source_range": _range(start, end - start, rate),
        "media_references": {"DEFAULT_MEDIA": film},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _reference(url: str, frames: int, rate: Fraction) -> dict:
    return {
        "OTIO_SCHEMA": "ExternalReference.1",
        "target_url": url,
        "available_range": _range(0, frames, rate),
    }


def _range(start: int, frames: int, rate: Fraction) -> dict:
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(start, rate),
        "duration": _time(frames, rate),
    }


def _time(frame: int, rate: Fraction) -> dict:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": float(frame), "rate": float(rate)}
