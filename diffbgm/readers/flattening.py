"""What is visible of an OTIO composition: tracks, stacks and nested edits flattened to spans.

Knows neither files nor frames: all times are exact seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal, Protocol

import opentimelineio as otio

Cover = Literal["all", "part", "nothing"]
NTSC = [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)]


class Clips(Protocol):
    """What is to be known of clips beyond the edit itself."""

    def origin(self, clip: Any) -> Fraction:
        """The source time, in seconds, of the first picture of its medium."""
        ...

    def covers(self, clip: Any) -> Cover:
        """How much of the picture below the clip hides."""
        ...


@dataclass(frozen=True)
class ClipSpan:
    """A clip from `start` to `end` seconds, which covers all, or part, of the picture below.

    What covers nothing is a hole, with `clip` None.
    `media_start` is the second of its media shown at `start`, `speed` media seconds per second:
    below 0 they run backwards, and what is shown at `start` ends at `media_start`.
    """

    start: Fraction
    end: Fraction
    rate: Fraction
    clip: Any = None
    covers: Cover = "all"
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


def layer(item: Any, clips: Clips) -> list[ClipSpan]:
    """What is visible of a track, stack, clip or gap: contiguous spans from 0 to its duration."""
    if isinstance(item, otio.schema.Stack):
        spans = _stack(item, clips)
    elif isinstance(item, otio.schema.Track):
        spans = _track(item, clips)
    else:
        return _leaf(item, clips)
    if not item.enabled:
        spans = [replace(span, clip=None, covers="nothing") for span in spans]
    return _trimmed(item, spans)


def _leaf(item: Any, clips: Clips) -> list[ClipSpan]:
    """A clip or a gap. Time effects leave its length in the edit as it is, by OTIO's rules.

    A clip that runs backwards shows what it would show forwards, last picture first.
    """
    shown = item.trimmed_range()
    length = max(exact(shown.duration), Fraction(0))
    span = ClipSpan(Fraction(0), length, snapped_rate(shown.duration.rate))
    if isinstance(item, otio.schema.Gap) or not item.enabled:
        return [replace(span, covers="nothing")]
    media_start, speed = exact(shown.start_time) - clips.origin(item), _speed(item)
    span = replace(span, clip=item, media_start=media_start, speed=abs(speed))
    span = replace(span, covers=clips.covers(item))
    return [span.backwards() if speed < 0 else span]


def _speed(item: Any) -> Fraction:
    """Of all time effects together; 0 freezes, negative runs backwards."""
    speed = Fraction(1)
    for effect in item.effects:
        if isinstance(effect, otio.schema.LinearTimeWarp):
            speed *= Fraction(effect.time_scalar).limit_denominator(10_000)
    return speed


def _track(track: Any, clips: Clips) -> list[ClipSpan]:
    """Items one after the other; each transition moves the cut under it to its middle."""
    spans: list[ClipSpan] = []
    position, shift = Fraction(0), Fraction(0)
    for item in track:
        if isinstance(item, otio.schema.Transition):
            shift = (exact(item.out_offset) - exact(item.in_offset)) / 2
            continue
        inner = layer(item, clips)
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


def _stack(stack: Any, clips: Clips) -> list[ClipSpan]:
    """At each time the topmost that covers the picture; audio tracks are not pictures."""
    layers = [
        layer(child, clips)
        for child in stack
        if not (isinstance(child, otio.schema.Track) and child.kind != otio.schema.TrackKind.Video)
    ]
    result: list[ClipSpan] = []
    for spans in layers:
        result = _over(result, spans)
    return result


def _over(below: Sequence[ClipSpan], above: Sequence[ClipSpan]) -> list[ClipSpan]:
    """`above` where it covers all or has nothing below, `below` elsewhere."""
    result: list[ClipSpan] = []
    for span in above:
        if span.covers == "all":
            result.append(span)
            continue
        reached = span.start
        for part in _part(below, span.start, span.end):
            is_bare = part.covers == "nothing"
            result.append(span.cut_to(part.start, part.end) if is_bare else part)
            reached = part.end
        if reached < span.end:
            result.append(span.cut_to(reached, span.end))
    end = above[-1].end if above else Fraction(0)
    return _joined(result + _part(below, end, below[-1].end if below else end))


def _joined(spans: Sequence[ClipSpan]) -> list[ClipSpan]:
    """Where holes in upper tracks begin and end, what is visible through them goes on uncut."""
    result = list(spans[:1])
    for span in spans[1:]:
        last = result[-1]
        goes_on = last.cut_to(span.start, span.end).media_start == span.media_start
        if span.clip is last.clip and span.covers == last.covers and (goes_on or span.clip is None):
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
        start = exact(item.source_range.start_time)
        length = max(exact(item.source_range.duration), Fraction(0))
    if spans and start + length * abs(speed) <= 0:
        start = Fraction(0)  # counted from some timecode, as old readers of EDLs left it
    rate = snapped_rate(item.trimmed_range().duration.rate)
    hole = ClipSpan(start, start, rate, covers="nothing")
    if speed == 0:
        return [_frozen(_filled(spans, start, start + 1 / rate, hole)[0], length)]
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
