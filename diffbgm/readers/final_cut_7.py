"""Reads Final Cut Pro 7's XML (xmeml), as Premiere and Resolve write it, by OpenTimelineIO's
adapter, which hands on changes of speed as effects that it does not understand."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.readers.marker_colors import nearest_color


def read_final_cut_7(path: Path) -> Any:
    """An OTIO document; raises anything where the file is malformed."""
    document = otio.adapters.read_from_file(str(path), "fcp_xml")
    for each in document.find_children(otio.core.Item):
        # The adapter hands this on, and passes over it.
        each.enabled = str(_own(each).get("enabled", "")).strip().upper() != "FALSE"
        if isinstance(each, otio.schema.Clip):
            _retime(each)
        _color_markers(each)
    for edit in [document] if isinstance(document, otio.schema.Timeline) else document:
        if isinstance(edit, otio.schema.Timeline):
            _color_markers(edit.tracks)
    return document


def _color_markers(item: Any) -> None:
    """In the colour that the format has for each, which the adapter passes over."""
    for marker in item.markers:
        own = _own(marker).get("color")
        if isinstance(own, Mapping):
            channels = (str(own.get(name, "")) for name in ("red", "green", "blue"))
            levels = [int(channel) for channel in channels if channel.isdigit()]
            written = "".join(f"{min(level, 255):02x}" for level in levels)
            marker.color = nearest_color(written, marker.color)


def _own(item: Any) -> Mapping[str, Any]:
    return item.metadata.get("fcp_xml", {})


def _retime(clip: Any) -> None:
    """In and out of a clip count its pictures as they are played: at twice the speed, frame 50 is
    the medium's hundredth; backwards, frame 0 is its last."""
    shown, own = clip.source_range, clip.metadata.get("fcp_xml", {})
    if shown is None:
        return
    start, rate = shown.start_time.value, shown.start_time.rate
    if str(own.get("stillframe", "")).upper() == "TRUE":
        speed, start = 0.0, float(own.get("stillframeoffset", start))
    else:
        speed = _speed(clip.effects)
        if speed is None or speed == 1:
            return
        start *= abs(speed) or 1
        if speed < 0:
            frames = _frames(clip, rate)
            start = max(0.0, frames - start - shown.duration.value * -speed)
    clip.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(start, rate), shown.duration
    )
    clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))


def _speed(effects: Any) -> float | None:
    """As a factor, below 0 backwards; None where no effect changes it."""
    for effect in effects:
        own = effect.metadata.get("fcp_xml", {})
        if own.get("effectid") != "timeremap":
            continue
        parameters = own.get("parameter", ())
        listed = [parameters] if isinstance(parameters, Mapping) else list(parameters)
        values = {one.get("parameterid"): str(one.get("value", "")) for one in listed}
        speed = float(values.get("speed") or 100) / 100
        return -abs(speed) if values.get("reverse", "").upper() == "TRUE" else speed
    return None


def _frames(clip: Any, rate: float) -> float:
    """Of the whole medium."""
    available = clip.media_reference.available_range
    if available is None:
        raise ValueError(f"clip {clip.name!r} runs backwards, but its file has no duration")
    return available.duration.rescaled_to(rate).value
