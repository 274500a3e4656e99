"""OpenTimelineIO documents: music put into one, and a new one for a film without an edit.

Documents are patched as JSON, so that what this version of the library does not know stays.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.readers.otio_documents import parsed
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.timelines.conversion import Conversion
from diffbgm.writers.timelines.media import Relinked, quoted, relinked_url
from diffbgm.writers.timelines.music import MARK, Marker, Music, SoundClip, SoundTrack

_EDITS = ("Timeline", "Stack", "Track")


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The document with the music at the end of its tracks, in the edit called `name`, else the
    first."""
    document = parsed(without_music(text))
    for entry in _objects(document):
        for field in ("target_url", "target_url_base"):  # the latter of sequences of pictures
            if isinstance(url := entry.get(field), str):
                entry[field] = relinked_url(url, relinked)
    edit = next(edit for edit in _edits(document) if name in (None, edit.get("name")))
    if _schema(edit) == "Track":
        whole = {**edit}
        edit.clear()
        edit.update(json.loads(otio.schema.Timeline(name=whole.get("name")).to_json_string()))
        edit["tracks"]["children"].append(whole)
    stack = edit["tracks"] if _schema(edit) == "Timeline" else edit
    begin = _begin_of(stack)
    tracks = [_track(track, float(music.rate), begin) for track in music.tracks]
    markers = [_marker(marker, float(music.rate), begin) for marker in music.markers]
    for field, additions in (("children", tracks), ("markers", markers)):
        made = [json.loads(addition.to_json_string()) for addition in additions]
        stack[field] = [*(stack.get(field) or []), *made]
    return json.dumps(document, indent=4, ensure_ascii=False).encode()


def without_music(text: bytes) -> bytes:
    """The document without tracks and markers of ours; the same bytes if there are none.

    Where an editor put something of its own beside our clips, these become gaps.
    """
    document = parsed(text)
    found = False
    for entry in _objects(document):
        for field in ("children", "markers"):
            if isinstance(listed := entry.get(field), list):
                kept = [each for each in listed if not (_is_ours(each) and _is_whole(each))]
                found |= len(kept) < len(listed)
                entry[field] = kept
        if _schema(entry) == "Clip" and _is_ours(entry):
            found = True
            gap = otio.schema.Gap(source_range=_range(0, **_duration(entry)))
            entry.clear()
            entry.update(json.loads(gap.to_json_string()))
    return json.dumps(document, indent=4, ensure_ascii=False).encode() if found else text


def _is_ours(item: Any) -> bool:
    own = (item.get("metadata") or {}).get("diffbgm") if isinstance(item, dict) else None
    return isinstance(own, dict) and own.get(MARK) is True


def _is_whole(item: dict[str, Any]) -> bool:
    """Whether all of a track is ours; a clip is taken out by itself, and leaves a gap."""
    if _schema(item) != "Track":
        return _schema(item) != "Clip"
    return all(_is_ours(each) or _schema(each) == "Gap" for each in item.get("children") or ())


def _duration(clip: dict[str, Any]) -> dict[str, float]:
    duration = (clip.get("source_range") or {}).get("duration") or {"value": 0, "rate": 1}
    return {"frames": duration["value"], "rate": duration["rate"]}


def fresh(conversion: Conversion) -> bytes:
    """The document of an edit that was read from another format."""
    return conversion.document.to_json_string().encode()


def of_shots(timeline: Timeline, folder: Path) -> bytes:
    """A document that shows the shots, one clip each, whose cuts are settled; media below `folder`
    are named by it."""
    rate = float(timeline.frame_rate)
    document = otio.schema.Timeline(
        name="timeline",
        global_start_time=otio.opentime.RationalTime(0, rate),
        metadata={"diffbgm": {"cuts": "given"}},
    )
    video = otio.schema.Track(name="Video", kind=otio.schema.TrackKind.Video)
    video.extend([_picture_item(shot, timeline.frame_rate, folder) for shot in timeline.shots])
    document.tracks.append(video)
    return document.to_json_string().encode()


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from _objects(inner)


def _edits(document: Any) -> Iterator[dict[str, Any]]:
    """All edits of a document, in its order, as the reader counts them."""
    if _schema(document) in _EDITS:
        yield document
    elif _schema(document) == "SerializableCollection":
        for child in document.get("children", ()):
            yield from _edits(child)


def _schema(value: Any) -> str:
    return str(value.get("OTIO_SCHEMA", "")).partition(".")[0] if isinstance(value, dict) else ""


def _begin_of(stack: dict[str, Any]) -> float:
    """Seconds of the stack's own time at which its source range begins to show it."""
    start = (stack.get("source_range") or {}).get("start_time")
    return start["value"] / start["rate"] if start else 0.0


def _track(track: SoundTrack, rate: float, begin: float) -> otio.schema.Track:
    result = otio.schema.Track(
        name=track.name, kind=otio.schema.TrackKind.Audio, metadata={"diffbgm": {MARK: True}}
    )
    if begin > 0:
        result.append(otio.schema.Gap(source_range=_range(0, begin * rate, rate)))
    result.extend([_clip(clip, rate) for clip in track.clips])
    return result


def _clip(clip: SoundClip, rate: float) -> otio.schema.Clip:
    reference = otio.schema.ExternalReference(
        target_url=quoted(clip.file), available_range=_range(0, clip.samples, SAMPLE_RATE)
    )
    return otio.schema.Clip(
        name=clip.name,
        media_reference=reference,
        source_range=_range(clip.offset, clip.frames, rate),
        metadata={"diffbgm": {MARK: True}},
    )


def _marker(marker: Marker, rate: float, begin: float) -> otio.schema.Marker:
    return otio.schema.Marker(
        name=marker.name,
        marked_range=_range(marker.frame + begin * rate, 1, rate),
        color=marker.color,
        metadata={"diffbgm": {MARK: True, **marker.facts}},
        comment=marker.comment,
    )


def _picture_item(shot: Shot, rate: Fraction, folder: Path) -> Any:
    if shot.media is None:
        return otio.schema.Gap(source_range=_range(0, shot.frames, float(rate)))
    start = shot.media.start
    if shot.media.speed < 0:  # its source range begins, by OTIO's rules, with what is shown last
        start = shot.media.backwards(shot.frames / rate).start
    clip = otio.schema.Clip(
        name=shot.media.path.stem,
        media_reference=_reference(shot.media.path, folder),
        source_range=_range(float(start * rate), shot.frames, float(rate)),
    )
    if shot.media.speed != 1:
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(shot.media.speed)))
    overrides = {"mood": list(shot.mood) if shot.mood else None, "energy": shot.energy}
    clip.metadata["diffbgm"] = {key: value for key, value in overrides.items() if value is not None}
    return clip


def _range(start: float, frames: float, rate: float) -> otio.opentime.TimeRange:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))


def _reference(media: Path, folder: Path) -> Any:
    media, folder = media.resolve(), folder.resolve()
    inside = media.is_relative_to(folder)
    url = quoted(media.relative_to(folder).as_posix()) if inside else media.as_uri()
    return otio.schema.ExternalReference(target_url=url)
