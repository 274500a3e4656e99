"""Reads EDLs (CMX 3600), which name no rate, by OpenTimelineIO's adapter."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.readers.edl_text import events_in_form, plain_text

_TIMECODE = re.compile(r"\b\d\d:\d\d:\d\d([:;])(\d\d)\b")
_DROP_FRAME = re.compile(r"^FCM:\s*DROP", re.MULTILINE | re.IGNORECASE)
_MOTION = re.compile(r"^M2\s+\S+\s+(-?[\d.]+).*$", re.MULTILINE)  # frames a second
_NOTE = "DIFFBGM MOTION"  # a comment that the adapter hands on

_EVENT = re.compile(
    r"^\d+\s.*?(?P<codes>\d\d:\d\d:\d\d:\d\d(?:[ \t]+\d\d:\d\d:\d\d:\d\d){3}).*\n?(?P<next>.*)",
    re.MULTILINE,
)

_RATES = tuple(Fraction(rate) for rate in (24, 25, 30, 50, 60))
_NOWHERE = otio.opentime.TimeRange()
_NTSC_RATES = tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 60))


def possible_rates(path: Path) -> tuple[Fraction, ...]:
    """The rates at which all timecodes of an EDL exist; the likeliest first."""
    text = _text(path)
    codes = _TIMECODE.findall(text)
    if _DROP_FRAME.search(text) or any(separator == ";" for separator, _ in codes):
        return _NTSC_RATES[1:]
    highest = max((int(frame) for _, frame in codes), default=0)
    possible = tuple(rate for rate in (*_RATES, *_NTSC_RATES) if highest < rate)
    return tuple(rate for rate in possible if _fits(text, round(rate))) or possible


def _fits(text: str, rate: int) -> bool:
    """Whether every event lasts as long in its source as in the edit, unless it is retimed."""
    return all(
        _frames(event, rate, 0) == _frames(event, rate, 8) or _MOTION.match(event["next"])
        for event in _EVENT.finditer(text)
    )


def _frames(event: re.Match[str], rate: int, first: int) -> int:
    """From one timecode of an event to the next, of the eight numbers from `first` on."""
    numbers = [int(number) for number in re.split("[:;]|[ \t]+", event["codes"])][first : first + 8]
    starts, ends = (
        ((hours * 60 + minutes) * 60 + seconds) * rate + frames
        for hours, minutes, seconds, frames in (numbers[:4], numbers[4:])
    )
    return ends - starts


def read_edl(path: Path, rate: Fraction) -> Any:
    """An OTIO timeline; the adapter raises anything where the file is malformed."""
    text = events_in_form(_text(path), rate)
    text = _MOTION.sub(rf"\g<0>\n* {_NOTE}: \g<1>", text)
    document = otio.adapters.read_from_string(text, "cmx_3600", rate=float(rate))
    _align(document, rate)
    for clip in document.find_clips():
        _retime(clip, rate)
    return document


def _align(document: Any, rate: Fraction) -> None:
    """Put tracks and markers where the list does: from its first picture on.

    The adapter lets each track begin with its first event, whose place it makes a source range, and
    takes the record timecodes of markers for those of clips.
    """
    begins = [-(track.source_range or _NOWHERE).start_time for track in document.tracks]
    pictures = [
        begin
        for begin, track in zip(begins, document.tracks, strict=True)
        if track.kind == otio.schema.TrackKind.Video
    ]
    first = min(pictures or begins, default=otio.opentime.RationalTime(0, float(rate)))
    for begin, track in zip(begins, document.tracks, strict=True):
        track.source_range = None
        if begin > first:
            track.insert(0, otio.schema.Gap(duration=begin - first))
        elif begin < first:
            whole = track.available_range().duration
            track.source_range = otio.opentime.TimeRange(first - begin, whole - (first - begin))
    for clip in document.find_clips():
        for marker in clip.markers:
            marked = marker.marked_range
            moved = otio.opentime.TimeRange(marked.start_time - first, marked.duration)
            again = marker.clone()
            again.marked_range = moved
            document.tracks.markers.append(again)
        clip.markers.clear()


def _text(path: Path) -> str:
    return plain_text(path.read_bytes())


def _retime(clip: Any, rate: Fraction) -> None:
    """The adapter passes over motion effects that leave the length as it is, such as reversing."""
    if any(isinstance(effect, otio.schema.TimeEffect) for effect in clip.effects):
        return
    for comment in clip.metadata.get("cmx_3600", {}).get("comments", ()):
        label, _, frames = str(comment).partition(":")
        speed = float(frames) / round(rate) if label == _NOTE else 1.0
        if speed != 1:
            clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=speed))
