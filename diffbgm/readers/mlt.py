"""Reads MLT XML, the projects of Shotcut: tracks with transitions, titles, retimed clips; markers.

https://www.mltframework.org/docs/mltxml/
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

from diffbgm.errors import TimelineError
from diffbgm.readers.marker_colors import nearest_color

_Element = ElementTree.Element
_COLORS = ("color", "colour")
DISABLED = ("set.test_audio", "set.test_image")  # both are 1: neither seen nor heard
_TRANSPARENT = ("#00", "0x00000000")
_NOTHING = "background"  # the id of the black that Shotcut lays below all


def read_mlt(path: Path) -> Any:
    """An OTIO timeline; raises anything where the file is malformed."""
    return _Project(ElementTree.fromstring(path.read_bytes())).timeline()


@dataclass(frozen=True)
class _Part:
    """`frames` frames of a producer from frame `start` on; of nothing, if it is None.

    Where it goes over into the part before, the transition lasts `mixed` frames around the cut.
    """

    producer: _Element | None
    start: int
    frames: int
    mixed: int = 0


class _Project:
    def __init__(self, root: _Element) -> None:
        self._root = root
        self._by_id = {each.get("id"): each for each in root.iter() if each.get("id")}
        profile = root.find("profile")
        rate = {} if profile is None else profile.attrib
        self._rate = Fraction(
            int(rate.get("frame_rate_num", 25)), int(rate.get("frame_rate_den", 1))
        )

    def timeline(self) -> Any:
        tractors = self._root.findall("tractor")
        if not tractors:
            raise TimelineError("holds no timeline; save the project with clips in its timeline")
        main = tractors[-1]
        result = otio.schema.Timeline(main.get("title") or self._root.get("title") or "")
        result.global_start_time = self._time(0)
        for track in main.iter("track"):
            shown = self._by_id.get(track.get("producer"))
            if shown is None or shown.get("id") == _NOTHING or self._is_black(shown):
                continue
            kind = "Audio" if track.get("hide") == "video" else "Video"
            items = otio.schema.Track(_value(shown, "shotcut:name") or "", kind=kind)
            items.enabled = track.get("hide") != "both"
            for part in _joined(self._parts(shown)):
                items.extend([*self._transition(part.mixed), self._item(part)])
            result.tracks.append(items)
        for marker in main.findall("properties[@name='shotcut:markers']/properties"):
            result.tracks.markers.append(self._marker(marker))
        return result

    def _transition(self, frames: int) -> list[Any]:
        """None where there is none."""
        if not frames:
            return []
        half = frames // 2
        return [
            otio.schema.Transition(
                "Cross Dissolve", "SMPTE_Dissolve", self._time(half), self._time(frames - half)
            )
        ]

    def _marker(self, marker: _Element) -> Any:
        start, end = (self._frames(_value(marker, name)) for name in ("start", "end"))
        frames = max(end - start + 1, 1)
        color = nearest_color(_value(marker, "color") or "", "CYAN")
        span = otio.opentime.TimeRange(self._time(start), self._time(frames))
        return otio.schema.Marker(_value(marker, "text") or "", span, color)

    def _parts(self, playlist: _Element) -> Iterator[_Part]:
        for each in playlist:
            if each.tag == "blank":
                yield _Part(None, 0, self._frames(each.get("length")))
            elif each.tag == "entry":
                yield from self._shown(each)

    def _shown(self, entry: _Element) -> Iterator[_Part]:
        """What an entry shows: a producer, or, of a transition, one half of two."""
        producer = self._by_id.get(entry.get("producer"))
        start, length = self._span(entry)
        halves = [] if producer is None else producer.findall(".//track")
        if producer is None or producer.tag != "tractor" or len(halves) != 2:
            yield _Part(producer, start, length)
            return
        cut = length // 2
        for half, (first, last), mixed in zip(
            halves, ((0, cut), (cut, length)), (0, length), strict=True
        ):
            begin, _ = self._span(half)
            shown = self._by_id.get(half.get("producer"))
            yield _Part(shown, begin + first, last - first, mixed)

    def _span(self, entry: _Element) -> tuple[int, int]:
        """First frame of the producer, and how many."""
        producer = self._by_id.get(entry.get("producer"))
        start = self._frames(entry.get("in"))
        out = entry.get("out") or (None if producer is None else producer.get("out"))
        return start, self._frames(out) - start + 1

    def _item(self, part: _Part) -> Any:
        span = otio.opentime.TimeRange(self._time(part.start), self._time(part.frames))
        if part.producer is None:
            return otio.schema.Gap(source_range=span)
        service = _value(part.producer, "mlt_service") or ""
        resource = _value(part.producer, "resource") or ""
        name = _value(part.producer, "shotcut:caption") or Path(resource).name
        if service in _COLORS:
            clip = otio.schema.Clip(name, _generator(part.producer, resource), span)
        elif service != "timewarp":
            clip = otio.schema.Clip(name, self._reference(resource), span)
        else:
            speed, _, resource = resource.partition(":")
            clip = self._retimed(name, resource, part, Fraction(speed))
        clip.enabled = not all(_value(part.producer, name) == "1" for name in DISABLED)
        if (held := frozen_at(part.producer)) is not None:
            hold(clip, held)
        return clip

    def _retimed(self, name: str, resource: str, part: _Part, speed: Fraction) -> Any:
        """Positions of a retimed medium count its frames as they are shown; reversed, from its
        end."""
        start = part.start
        if speed < 0 and part.producer is not None:
            length = self._frames(_value(part.producer, "length") or part.producer.get("out"))
            start = max(length - part.start - part.frames, 0)
        time = otio.opentime.RationalTime(float(start * abs(speed)), float(self._rate))
        span = otio.opentime.TimeRange(time, self._time(part.frames))
        clip = otio.schema.Clip(name, self._reference(resource), span)
        clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
        return clip

    def _reference(self, resource: str) -> Any:
        root = self._root.get("root")
        if root and not Path(resource).is_absolute():
            resource = f"{root}/{resource}"
        return otio.schema.ExternalReference(resource)

    def _is_black(self, shown: _Element) -> bool:
        return shown.tag == "producer" and _value(shown, "mlt_service") in _COLORS

    def _frames(self, time: str | None) -> int:
        return frame_at(time or "0", self._rate)

    def _time(self, frames: int) -> Any:
        return otio.opentime.RationalTime(frames, float(self._rate))


def frozen_at(element: _Element) -> int | None:
    """Which frame of what is shown stands still all the time; None where the picture moves."""
    for each in element.findall("filter"):
        ends = (_value(each, name) for name in ("freeze_after", "freeze_before"))
        if _value(each, "mlt_service") == "freeze" and all(end in (None, "0") for end in ends):
            frame = _value(each, "frame") or "0"
            return int(frame) if frame.isdigit() else 0
    return None


def hold(clip: Any, frame: int) -> None:
    """Let a clip show one frame all the time."""
    shown = clip.source_range
    start = shown.start_time + otio.opentime.RationalTime(frame, shown.start_time.rate)
    clip.source_range = otio.opentime.TimeRange(start, shown.duration)
    clip.effects.append(otio.schema.FreezeFrame())


def frame_at(time: str, rate: Fraction) -> int:
    """Of a count of frames, or of a clock, hours:minutes:seconds."""
    if time.isdigit():
        return int(time)
    seconds = Fraction(0)
    for part in time.replace(",", ".").split(":"):
        seconds = seconds * 60 + Fraction(part)
    return int(seconds * rate + Fraction(1, 2))


def _joined(parts: Iterator[_Part]) -> list[_Part]:
    """What goes on in the next part, as before and after a transition, is one."""
    result: list[_Part] = []
    for part in parts:
        last = result[-1] if result else None
        goes_on = last and last.producer is part.producer and not part.mixed
        if last and goes_on and (last.start + last.frames == part.start or _is_still(part)):
            result[-1] = replace(last, frames=last.frames + part.frames)
        else:
            result.append(part)
    return [part for part in result if part.frames > 0]


def _is_still(part: _Part) -> bool:
    """Whether all frames of a producer are the same."""
    producer = part.producer
    if producer is None:
        return False
    return _value(producer, "mlt_service") in _COLORS or frozen_at(producer) is not None


def _generator(producer: _Element, resource: str) -> Any:
    """A colour; where it is transparent, what a filter writes on it."""
    if not resource.startswith(_TRANSPARENT):
        return otio.schema.GeneratorReference("solid color", parameters={"color": resource})
    texts = (_value(each, "argument") for each in producer.iter("filter"))
    text = next((text for text in texts if text), "")
    return otio.schema.GeneratorReference("title", parameters={"text": text})


def _value(element: _Element, name: str) -> str | None:
    for each in element.findall("property"):
        if each.get("name") == name:
            return each.text
    return None
