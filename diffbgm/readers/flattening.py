"""What is visible of an OTIO composition: tracks, stacks and nested edits flattened to spans.

Knows neither files nor frames: all times are exact seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import opentimelineio as otio

NTSC = [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)]


@dataclass(frozen=True)
class ClipSpan:
    """A clip from `start` to `end` seconds, or, not `visible`, a hole that shows lower tracks.

    `media_start` is the second of its media shown at `start`, `speed` media seconds per second:
    below 0 they run backwards, and what is shown at `start` ends at `media_start`.
    """

    start: Fraction
    end: Fraction
    rate: Fraction
    clip: Any = None
    visible: bool = True
    media_start: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)

    def cut_to(self, start: Fraction, end: Fraction) -> "ClipSpan":
        """The part between two times; longer ones show more of the media."""
        media_start = self.media_start + (start - self.start) * self.speed
        return replace(self, start=start, end=end, media_start=media_start)

    def backwards(self) -> "ClipSpan":
        """The same pictures, last first."""
        media_start = self.media_start + (self.end - self.start) * self.speed
        return replace(self, media_start=media_start, speed=-self.speed)


def snapped_rate(rate: float) -> Fraction:
    """The exact rate: whole, or NTSC's n·1000/1001 however it was rounded (23.976, 23.98)."""
    near = min([Fraction(round(rate)), *NTSC], key=lambda known: abs(float(known) - rate))
    return near if abs(float(near) - rate) < 0.005 else Fraction(rate).limit_denominator(1001)


def exact(time: otio.opentime.RationalTime) -> Fraction:
    """Seconds, from the exact rate."""
    return Fraction(time.value).limit_denominator(1_000_000) / snapped_rate(time.rate)


def layer(item: Any) -> list[ClipSpan]:
    """What is visible of a track, stack, clip or gap: contiguous spans from 0 to its duration."""
    if isinstance(item, otio.schema.Stack):
        spans = _stack(item)
    elif isinstance(item, otio.schema.Track):
        spans = _track(item)
    else:
        return _leaf(item)
    if not item.enabled:
        spans = [replace(span, clip=None, visible=False) for span in spans]
    return _trimmed(item, spans)


def _leaf(item: Any) -> list[ClipSpan]:
    """A clip or a gap. Time effects leave its length in the edit as it is, by OTIO's rules.

    A clip that runs backwards shows what it would show forwards, last picture first.
    """
    shown = item.trimmed_range()
    span = ClipSpan(Fraction(0), exact(shown.duration), snapped_rate(shown.duration.rate))
    if isinstance(item, otio.schema.Gap) or not item.enabled:
        return [replace(span, visible=False)]
    media_start = exact(shown.start_time)
    reference = item.media_reference
    if reference is not None and reference.available_range is not None:
        # Source times count from the timecode of the media's first frame.
        media_start -= exact(reference.available_range.start_time)
    speed = _speed(item)
    span = replace(span, clip=item, media_start=media_start, speed=abs(speed))
    return [span.backwards() if speed < 0 else span]


def _speed(item: Any) -> Fraction:
    """Of all time effects together; 0 freezes, negative runs backwards."""
    speed = Fraction(1)
    for effect in item.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= Fraction(effect.time_scalar).limit_denominator(10_000)
    return speed


def _track(track: Any) -> list[ClipSpan]:
    """Items one after the other; each transition moves the cut under it to its middle."""
    spans: list[ClipSpan] = []
    position, shift = Fraction(0), Fraction(0)
    for item in track:
        if isinstance(item, otio.schema.Transition):
            shift = (exact(item.out_offset) - exact(item.in_offset)) / 2
            continue
        inner = layer(item)
        if shift and spans and inner:
            spans[-1], inner[0] = _moved_cut(spans[-1], inner[0], position, shift)
        shift = Fraction(0)
        spans += [_later(span, position) for span in inner]
        position = spans[-1].end if spans else position
    return [span for span in spans if span.end > span.start]


def _later(span: ClipSpan, by: Fraction) -> ClipSpan:
    return replace(span, start=span.start + by, end=span.end + by)


def _moved_cut(
    left: ClipSpan, right: ClipSpan, cut: Fraction, by: Fraction
) -> tuple[ClipSpan, ClipSpan]:
    """The cut moved, as far as the two spans reach; `right` still counts from its own start."""
    by = min(max(by, left.start - left.end), right.end - right.start)
    return left.cut_to(left.start, cut + by), right.cut_to(right.start + by, right.end)


def _stack(stack: Any) -> list[ClipSpan]:
    """At each time the topmost that is visible; audio tracks are not pictures."""
    layers = [
        layer(child)
        for child in stack
        if not (isinstance(child, otio.schema.Track) and child.kind != otio.schema.TrackKind.Video)
    ]
    result: list[ClipSpan] = []
    for spans in layers:
        result = _over(result, spans)
    return result


def _over(below: Sequence[ClipSpan], above: Sequence[ClipSpan]) -> list[ClipSpan]:
    """`above` where it is visible, `below` elsewhere."""
    result: list[ClipSpan] = []
    for span in above:
        if span.visible:
            result.append(span)
        else:
            uncovered = _part(below, span.start, span.end)
            covered_to = uncovered[-1].end if uncovered else span.start
            result += uncovered
            if covered_to < span.end:
                result.append(span.cut_to(covered_to, span.end))
    end = above[-1].end if above else Fraction(0)
    return _joined(result + _part(below, end, below[-1].end if below else end))


def _joined(spans: Sequence[ClipSpan]) -> list[ClipSpan]:
    """Where holes in upper tracks begin and end, what is visible through them goes on uncut."""
    result = list(spans[:1])
    for span in spans[1:]:
        last = result[-1]
        goes_on = last.cut_to(span.start, span.end).media_start == span.media_start
        if (
            span.clip is last.clip
            and span.visible == last.visible
            and (goes_on or span.clip is None)
        ):
            result[-1] = replace(last, end=span.end)
        else:
            result.append(span)
    return result


def _part(spans: Sequence[ClipSpan], start: Fraction, end: Fraction) -> list[ClipSpan]:
    return [
        span.cut_to(max(span.start, start), min(span.end, end))
        for span in spans
        if span.start < end and span.end > start
    ]


def _trimmed(item: Any, spans: list[ClipSpan]) -> list[ClipSpan]:
    """The part of a composition that its source range shows, at the speed of its effects."""
    speed = _speed(item)
    if item.source_range is None and speed == 1:
        return spans
    if item.source_range is None:
        start, length = Fraction(0), spans[-1].end if spans else Fraction(0)
    else:
        start, length = exact(item.source_range.start_time), exact(item.source_range.duration)
    hole = ClipSpan(start, start, snapped_rate(item.trimmed_range().duration.rate), visible=False)
    if speed == 0:
        return [_frozen(_filled(spans, start, start + 1 / hole.rate, hole)[0], length)]
    shown = [
        replace(
            span,
            start=(span.start - start) / abs(speed),
            end=(span.end - start) / abs(speed),
            speed=span.speed * abs(speed),
        )
        for span in _filled(spans, start, start + length * abs(speed), hole)
    ]
    return _backwards(shown, length) if speed < 0 else shown


def _filled(
    spans: Sequence[ClipSpan], start: Fraction, end: Fraction, hole: ClipSpan
) -> list[ClipSpan]:
    """The part of the spans between two times, with holes where they do not reach."""
    shown = _part(spans, start, end)
    first, last = (shown[0].start, shown[-1].end) if shown else (end, end)
    before, after = replace(hole, start=start, end=first), replace(hole, start=last, end=end)
    return [span for span in (before, *shown, after) if span.end > span.start]


def _frozen(span: ClipSpan, length: Fraction) -> ClipSpan:
    """What the span shows first, for that long."""
    shown_from = span.media_start + min(span.speed, Fraction(0)) / span.rate
    return replace(span, start=Fraction(0), end=length, media_start=shown_from, speed=Fraction(0))


def _backwards(spans: Sequence[ClipSpan], length: Fraction) -> list[ClipSpan]:
    """Spans from 0 to `length`, last picture first."""
    return [
        replace(span.backwards(), start=length - span.end, end=length - span.start)
        for span in reversed(spans)
    ]
