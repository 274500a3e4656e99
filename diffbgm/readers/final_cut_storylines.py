"""Puts items that have a place and a lane into tracks."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, Literal, NamedTuple
from xml.etree.ElementTree import Element

import opentimelineio as otio

from diffbgm.readers.final_cut_generators import color_of

Kind = Literal["Video", "Audio"]


class _Placed(NamedTuple):
    at: Fraction
    end: Fraction
    item: Any


class Lanes:
    """Items by their lane: higher ones lie over lower ones, sound lies in tracks of its own."""

    def __init__(self, time: Callable[[Fraction], Any]) -> None:
        """`time` makes an OTIO time of seconds."""
        self._time = time
        self._items: dict[tuple[int, Kind], list[_Placed]] = defaultdict(list)
        self._transitions: dict[int, dict[Fraction, Any]] = defaultdict(dict)
        self.markers: list[Any] = []

    def add(self, lane: int, at: Fraction, kind: Kind, item: Any) -> None:
        length = item.source_range.duration
        end = at + Fraction(length.value / length.rate).limit_denominator(10_000_000)
        self._items[lane, kind].append(_Placed(at, end, item))

    def add_transition(
        self, lane: int, cut: Fraction, before: Fraction, length: Fraction, name: str | None
    ) -> None:
        """One that begins `before` seconds before the cut."""
        before = min(max(before, Fraction(0)), length)
        self._transitions[lane][cut] = otio.schema.Transition(
            name or "",
            otio.schema.TransitionTypes.SMPTE_Dissolve,
            self._time(before),
            self._time(length - before),
        )

    def add_marker(self, at: Fraction, length: Fraction, element: Element) -> None:
        span = otio.opentime.TimeRange(self._time(at), self._time(length))
        name, note = element.get("value") or "", element.get("note") or ""
        self.markers.append(otio.schema.Marker(name, span, color_of(element), comment=note))

    def tracks(self) -> list[Any]:
        """From the lowest; what overlaps in one lane lies in several."""
        result = []
        for (lane, kind), placed in sorted(self._items.items()):
            for part in _apart(sorted(placed, key=lambda one: one.at)):
                track = otio.schema.Track(f"{kind} {lane}", kind=kind)
                track.extend(self._joined(part, self._transitions.get(lane, {})))
                result.append(track)
        return result

    def _joined(self, placed: list[_Placed], transitions: dict[Fraction, Any]) -> Iterator[Any]:
        position = Fraction(0)
        for at, end, item in placed:
            if at > position:
                gap = otio.opentime.TimeRange(self._time(Fraction(0)), self._time(at - position))
                yield otio.schema.Gap(source_range=gap)
            elif at in transitions and at > 0:
                yield transitions[at].deepcopy()
            yield item
            position = max(end, at)


def _apart(placed: list[_Placed]) -> list[list[_Placed]]:
    rows: list[list[_Placed]] = []
    for each in placed:
        row = next((row for row in rows if row[-1].end <= each.at), None)
        if row is None:
            rows.append([each])
        else:
            row.append(each)
    return rows
