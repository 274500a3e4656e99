"""The edit with its music, as OpenTimelineIO."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

import opentimelineio as otio

from diffbgm.spotting.hit_points import Hit
from diffbgm.timeline import Shot, Timeline

MARKER_COLORS = {"downbeat": "GREEN", "beat": "YELLOW", "half": "ORANGE", "none": "RED"}


def write_otio(
    timeline: Timeline, segments: Sequence[Path], hits: Sequence[Hit], path: Path
) -> None:
    """Write the edit with a music track, one clip of `segments` a shot, and a marker a hit.

    Media and segments below the folder of `path` are named relative to it, others absolutely.
    """
    if len(segments) != len(timeline.shots):
        raise ValueError(f"{len(segments)} segments for {len(timeline.shots)} shots")
    rate, folder = float(timeline.frame_rate), path.parent
    document = otio.schema.Timeline(
        name=path.stem, global_start_time=otio.opentime.RationalTime(0, rate)
    )
    video = otio.schema.Track(name="Video", kind=otio.schema.TrackKind.Video)
    music = otio.schema.Track(name="BGM", kind=otio.schema.TrackKind.Audio)
    document.tracks.extend([video, music])
    for shot, segment in zip(timeline.shots, segments, strict=True):
        video.append(_picture_item(shot, timeline.frame_rate, folder))
        music.append(
            otio.schema.Clip(
                name=f"BGM {shot.index + 1}",
                media_reference=_reference(segment, folder),
                source_range=_range(0, shot.frames, rate),
            )
        )
    document.tracks.markers.extend(_marker(hit, rate) for hit in hits)
    otio.adapters.write_to_file(document, str(path), adapter_name="otio_json")


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


def _range(start: float, frames: int, rate: float) -> otio.opentime.TimeRange:
    time = otio.opentime.RationalTime
    return otio.opentime.TimeRange(time(start, rate), time(frames, rate))


def _reference(media: Path, folder: Path) -> Any:
    media, folder = media.resolve(), folder.resolve()
    inside = media.is_relative_to(folder)
    url = quote(media.relative_to(folder).as_posix()) if inside else media.as_uri()
    return otio.schema.ExternalReference(target_url=url)


def _marker(hit: Hit, rate: float) -> otio.schema.Marker:
    return otio.schema.Marker(
        name=f"{hit.kind} {hit.frames_off:+.2f}",
        marked_range=_range(hit.cut_frame, 1, rate),
        color=MARKER_COLORS[hit.kind],
        metadata={"diffbgm": {"beat": hit.beat, "frames_off": hit.frames_off, "kind": hit.kind}},
    )
