"""Reads FCPXML, Final Cut Pro's format: projects with storylines, connected and compound clips.

Every element has a local time, which begins at its `start`; what lies in it, or is connected to it,
is placed by `offset` in that time. Versions 1.0 to 1.13.
https://developer.apple.com/documentation/professional-video-applications/fcpxml-reference
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

from diffbgm.errors import TimelineError
from diffbgm.readers.final_cut_clips import as_project, loose_clips
from diffbgm.readers.final_cut_generators import drawn, title
from diffbgm.readers.final_cut_storylines import Lanes
from diffbgm.readers.final_cut_times import (
    Piece,
    duration_of,
    pieces,
    rate_of,
    seconds,
)

_Element = ElementTree.Element
_STORY = {"asset-clip", "video", "title", "clip", "sync-clip", "mc-clip", "ref-clip", "gap"}
_STORY |= {"audio", "audition", "live-drawing"}
_CONTAINERS = {"clip", "sync-clip", "mc-clip", "ref-clip"}
_MARKERS = {"marker", "chapter-marker"}
_SILENT = ("audio", "none")  # values of `srcEnable` with which nothing is seen


def read_fcpxml(path: Path) -> Any:
    """An OTIO document with every project of the file, or, without one, every clip.

    Raises anything where it is malformed.
    """
    root = ElementTree.fromstring(path.read_bytes())
    if root.tag != "fcpxml":
        raise ValueError(f"its root is {root.tag!r}")
    resources = {each.get("id"): each for each in root.findall("resources/*")}
    clips = (as_project(each, root) for each in loose_clips(root))
    edits = [_Project(resources, each).timeline() for each in (*root.iter("project"), *clips)]
    return otio.schema.SerializableCollection(children=edits)


class _Project:
    def __init__(self, resources: dict[str | None, _Element], project: _Element) -> None:
        self._resources, self._project = resources, project
        self._sequence = _needed(project.find("sequence"), "a project has no sequence")
        self._rate = self._rate_of(self._sequence) or Fraction(24)
        self._open: list[str | None] = []  # compound clips that are being read

    def timeline(self) -> Any:
        result = otio.schema.Timeline(self._project.get("name") or "")
        begin = seconds(self._sequence.get("tcStart"))
        result.global_start_time = self._time(begin)
        lanes = Lanes(self._time)
        self._place_spine(self._sequence.find("spine"), Fraction(0), begin, 0, lanes)
        result.tracks.extend(lanes.tracks())
        result.tracks.markers.extend(lanes.markers)
        return result

    def _place_spine(
        self, spine: _Element | None, at: Fraction, begin: Fraction, lane: int, lanes: Lanes
    ) -> Fraction:
        """One item after the other from `at` on, where the spine's time is `begin`; the end."""
        position = at
        for each in () if spine is None else spine:
            if each.tag == "transition":
                before = position - (at + seconds(each.get("offset")) - begin)
                lanes.add_transition(lane, position, before, duration_of(each), each.get("name"))
            elif each.tag in _STORY:
                self._place(each, position, lane, lanes)
                position += self._duration(each)
        return position

    def _place(self, element: _Element, at: Fraction, lane: int, lanes: Lanes) -> None:
        """An item, its markers and what is connected to it."""
        if element.tag == "audition":  # the first is the active one
            for each in list(element)[:1]:
                self._place(each, at, lane, lanes)
            return
        kind = "Audio" if self._is_sound(element) else "Video"
        for item in self._items(element):
            lanes.add(lane, at + item.start, kind, item.content)
        start, end = self._start(element), at + self._duration(element)
        for each in element:
            there = at + seconds(each.get("start") or each.get("offset")) - start
            if each.tag in _MARKERS and at <= there < end:
                lanes.add_marker(there, seconds(each.get("duration")), each)
            elif each.get("lane") not in (None, "0"):
                over = lane + int(each.get("lane") or 0)
                there = at + seconds(each.get("offset")) - start
                if each.tag == "spine":
                    self._place_spine(each, there, Fraction(0), over, lanes)
                elif each.tag in _STORY:
                    self._place(each, there, over, lanes)

    def _items(self, element: _Element) -> Iterator[Piece]:
        """What an element shows, in as many pieces as it has speeds."""
        if element.tag == "gap":
            span = otio.opentime.TimeRange(
                self._time(Fraction(0)), self._time(duration_of(element))
            )
            yield Piece(Fraction(0), otio.schema.Gap(source_range=span))
            return
        content, begin = self._content(element)
        length, scale = self._duration(element), self._scale(element)
        shown = pieces(element, self._start(element), length, scale)
        for start, first, length, speed in shown:
            item = content.deepcopy()
            item.name, item.enabled = element.get("name") or "", element.get("enabled") != "0"
            first = first - begin if first >= begin else first
            item.source_range = otio.opentime.TimeRange(self._time(first), self._time(length))
            if speed != 1:
                item.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(speed)))
            for clip in [item] if isinstance(item, otio.schema.Clip) else item.find_clips():
                clip.metadata["fcpx"] = [*clip.metadata.get("fcpx", []), *_look(element)]
            yield Piece(start, item)

    def _content(self, element: _Element) -> tuple[Any, Fraction]:
        """A clip or a stack without a source range, and the local time at which a stack begins."""
        if element.tag not in _CONTAINERS:
            return otio.schema.Clip(media_reference=self._reference(element)), Fraction(0)
        lanes, begin = Lanes(self._time), Fraction(0)
        if element.tag in ("clip", "sync-clip"):
            inner = [each for each in element if each.get("lane") in (None, "0")]
            inner = [each for each in inner if each.tag == "spine" or each.tag in _STORY]
            begin = min((seconds(each.get("offset")) for each in inner), default=Fraction(0))
            shift = self._shift(element, inner)
            for each in inner:
                there = seconds(each.get("offset")) - begin
                if each.tag == "spine":
                    self._place_spine(each, there, Fraction(0), 0, lanes)
                else:
                    self._place(each, there, 0, lanes)
            begin += shift
        else:
            begin = self._place_compound(element, lanes)
        stack = otio.schema.Stack()
        stack.extend(lanes.tracks())
        return stack, begin

    def _shift(self, clip: _Element, inner: list[_Element]) -> Fraction:
        """0, unless all that is in a clip lies before it: some programs write its start in the time
        of its medium."""
        ends = [seconds(each.get("offset")) + self._duration(each) for each in inner]
        if not inner or max(ends) > self._start(clip) or inner[0].tag == "spine":
            return Fraction(0)
        return self._start(inner[0]) - seconds(inner[0].get("offset"))

    def _place_compound(self, element: _Element, lanes: Lanes) -> Fraction:
        """A compound clip's storyline, or the angle that is seen of a multicam clip."""
        name = element.get("ref")
        if name in self._open:
            raise TimelineError(f"the compound clip {element.get('name')!r} holds itself")
        media = _needed(self._resources.get(name), f"there is no medium {name!r}")
        inside = next((each for each in media if each.tag in ("sequence", "multicam")), None)
        if inside is None:
            return Fraction(0)
        begin = seconds(inside.get("tcStart"))
        story = inside.find("spine") if inside.tag == "sequence" else _angle(element, inside)
        self._open.append(name)
        self._place_spine(story, Fraction(0), begin, 0, lanes)
        self._open.pop()
        return begin

    def _reference(self, element: _Element) -> Any:
        """A medium; a generator for titles and what effects draw."""
        resource = self._resources.get(element.get("ref"))
        if element.tag in ("title", "live-drawing"):
            return title(element)
        if resource is None or resource.tag == "effect":
            return drawn(element, resource)
        copy = resource.find("media-rep")
        address = resource.get("src") or (copy.get("src") if copy is not None else None)
        reference = otio.schema.ExternalReference(address or resource.get("name") or "")
        length = seconds(resource.get("duration"))
        if length > 0:
            start = self._time(seconds(resource.get("start")))
            reference.available_range = otio.opentime.TimeRange(start, self._time(length))
        return reference

    def _is_sound(self, element: _Element) -> bool:
        resource = self._resources.get(element.get("ref"))
        if element.tag == "audio" or element.get("srcEnable") in _SILENT:
            return True
        if resource is None or resource.tag != "asset":
            return False
        return resource.get("hasVideo") != "1" and resource.get("hasAudio") == "1"

    def _start(self, element: _Element) -> Fraction:
        """The local time at which an element begins: where it is not said, that of its medium."""
        if element.get("start"):
            return seconds(element.get("start"))
        resource = self._resources.get(element.get("ref"))
        is_asset = resource is not None and resource.tag == "asset"
        return seconds(resource.get("start")) if resource is not None and is_asset else Fraction(0)

    def _duration(self, element: _Element) -> Fraction:
        """Where it is not said, as long as its medium."""
        if element.tag == "audition":
            return next((self._duration(each) for each in element), Fraction(0))
        if element.get("duration"):
            return duration_of(element)
        resource = self._resources.get(element.get("ref"))
        inside = [] if resource is None else [resource, *resource]
        return max((seconds(each.get("duration")) for each in inside), default=Fraction(0))

    def _scale(self, element: _Element) -> Fraction:
        """Seconds of the medium that a second shows which was conformed to the sequence's rate."""
        conform = element.find("conform-rate")
        if conform is None or conform.get("scaleEnabled", "1") == "0":
            return Fraction(1)
        source = rate_of(conform.get("srcFrameRate"))
        return Fraction(1) if source is None else self._rate / source

    def _rate_of(self, element: _Element) -> Fraction | None:
        shape = self._resources.get(element.get("format"))
        if shape is None:
            return None
        frame = seconds(shape.get("frameDuration"))
        return 1 / frame if frame > 0 else rate_of((shape.get("name") or "").rpartition("p")[2])

    def _time(self, time: Fraction) -> Any:
        return otio.opentime.RationalTime(float(time * self._rate), float(self._rate))


def _needed(element: _Element | None, message: str) -> _Element:
    if element is None:
        raise ValueError(message)
    return element


def _angle(element: _Element, multicam: _Element) -> _Element | None:
    """That whose picture is seen, else the first."""
    angles = multicam.findall("mc-angle")
    seen = {
        source.get("angleID")
        for source in element.findall("mc-source")
        if source.get("srcEnable", "all") not in _SILENT
    }
    chosen = [angle for angle in angles if angle.get("angleID") in seen] or angles
    return chosen[0] if chosen else None


def _look(element: _Element) -> Iterable[dict[str, Any]]:
    """Opacity and size of the picture, in the words that `opacity` reads."""
    blend, moved = element.find("adjust-blend"), element.find("adjust-transform")
    if blend is not None:
        yield {"parameterid": "opacity", "value": blend.get("amount", "1")}
    if moved is not None and moved.get("enabled") != "0":
        for axis, value in zip("xy", moved.get("scale", "1 1").split(), strict=False):
            yield {"parameterid": f"transformationzoom{axis}", "value": value}
