"""Times of FCPXML: fractions of seconds, and the speeds of retimed clips. Knows no resources."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple
from xml.etree import ElementTree

from diffbgm.readers.flattening import snapped_rate

_RATES = {"2398": 23.976, "23.98": 23.976, "2997": 29.97, "5994": 59.94, "11988": 119.88}


class Piece(NamedTuple):
    """What is shown from `start` seconds after the beginning of its element on."""

    start: Fraction
    content: Any


class Shown(NamedTuple):
    """From `start` after an element's beginning, for `length`, at `speed`, source from `first` on;
    backwards, `first` is the earliest time that is shown."""

    start: Fraction
    first: Fraction
    length: Fraction
    speed: Fraction


def seconds(text: str | None) -> Fraction:
    """Of "1001/30000s"; 0 where nothing is said. ValueError for what is no time."""
    return Fraction((text or "0").strip().removesuffix("s") or "0")


def duration_of(element: ElementTree.Element) -> Fraction:
    return max(seconds(element.get("duration")), Fraction(0))


def rate_of(name: str | None) -> Fraction | None:
    """Frames a second, of "29.97" or "2997"; None for what is none."""
    try:
        rate = snapped_rate(float(_RATES.get(name or "", name or "")))
    except ValueError:
        return None
    return rate if rate > 0 else None


def pieces(
    element: ElementTree.Element, begin: Fraction, length: Fraction, scale: Fraction
) -> Iterator[Shown]:
    """The parts of an element that have a speed each.

    It shows its local time from `begin` on; `scale` is the speed of its rate conform.
    """
    points = [
        (seconds(point.get("time")), seconds(point.get("value")))
        for point in element.findall("timeMap/timept")
    ]
    points = [one for one, after in pairwise(points) if after[0] > one[0]] + points[-1:]
    if len(points) < 2:
        yield Shown(Fraction(0), begin, length, scale)
        return
    last = len(points) - 2
    for index, ((time, value), (until, reached)) in enumerate(pairwise(points)):
        speed = (reached - value) / (until - time)
        first = begin if index == 0 else max(begin, time)
        end = begin + length if index == last else min(begin + length, until)
        if first >= end:
            continue
        edges = (value + (first - time) * speed, value + (end - time) * speed)
        shown_from = max(min(edges), Fraction(0))
        yield Shown(first - begin, shown_from, end - first, speed)
