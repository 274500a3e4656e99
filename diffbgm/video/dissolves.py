"""Finds dissolves: frames that lie on a straight line between two dissimilar pictures.

Every frame in a dissolve is a blend of the picture before it and the picture after it, in shares
that grow evenly (twin comparison, Zhang et al. 1993, with the blend fitted). What moves spoils
the fit; but a blend of two pictures also has less contrast than either, by a parabola that motion
does not change (Alattar 1993), and nothing else that cameras do looks so.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from diffbgm.video.downscaling import downscaled_dissimilarity, flat
from diffbgm.video.similarity import Flow
from diffbgm.video.transition import Span

_LENGTHS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)  # seconds of the dissolves searched for
_WINDOWS_A_LENGTH = 8
_APART = 5  # frames between two dissolves, at least
_LEAST_STEP = 9.0  # levels between the pictures on either side
_LEAST_DISSIMILARITY = 0.22

# The units in which the faults of a blend are added up:
_UNEVEN = 0.19  # deviation of the shares from an even growth
_UNBLENDED = 0.37  # what the blend leaves, as a share of the step
_OUTSIDE = 10.0  # pace of change beside the dissolve, as a share of the pace in it

_DEEP = 0.25  # loss of variance in a blend, as a share, beyond chance
_FLAT = 0.1  # loss of variance, in squared levels, that rounding alone makes of plain pictures
_LIKE_PARABOLA = 0.75  # share of that loss which there is in a dissolve at least
_FAULTS_WITHOUT_DIP = 0.5  # allowed where the pictures are such that nothing can dip
_FAULTS_WITH_DIP = 2.0  # allowed where the variance follows the parabola,
_DEVIATION = 0.1  # less one for every such deviation from it, as a share


@dataclass(frozen=True)
class _Window:
    """Frames `first` up to, not including, `last`; `margin` more on either side are compared."""

    first: int
    last: int
    margin: int


def find_dissolves(
    downscaled: np.ndarray, frame_rate: float, may_go_on: Callable[[], None] = lambda: None
) -> list[Span]:
    """Dissolves inside a range without other transitions; `downscaled` is (frames, 18, 32, 3).

    `may_go_on` is called now and then, and may raise.
    """
    flow = Flow()
    found: list[tuple[float, Span]] = []
    for window in _windows(len(downscaled), frame_rate):
        may_go_on()
        faults, step = _fit_blend(downscaled, window)
        if faults > _FAULTS_WITH_DIP or faults > _allowed(downscaled, window):
            continue
        dissimilar = downscaled_dissimilarity(
            downscaled[window.first - 1], downscaled[window.last], flow
        )
        if dissimilar >= _LEAST_DISSIMILARITY:
            middle = (window.first + window.last) // 2
            span = Span(window.first, window.last, middle, min(1.0, step / 40))
            found.append((faults - dissimilar, span))
    return _best_apart(found)


def _windows(frames: int, frame_rate: float) -> Iterator[_Window]:
    for seconds in _LENGTHS:
        length = max(4, round(seconds * frame_rate))
        margin, step = max(2, length // 4), max(1, length // _WINDOWS_A_LENGTH)
        for first in range(margin + 1, frames - length - margin, step):
            yield _Window(first, first + length, margin)


def _fit_blend(downscaled: np.ndarray, window: _Window) -> tuple[float, float]:
    """How badly the window blends what is before it into what is after it, and how far that is.

    The first is the sum of the faults, above 1 where it is no blend; the second is in levels.
    """
    first, last, margin = window.first, window.last, window.margin
    before, after = flat(downscaled[first - 1]), flat(downscaled[last])
    change = after - before
    step = _rms(change)
    if step < _LEAST_STEP:
        return np.inf, step
    inside = flat(downscaled[first:last]) - before
    shares = inside @ change / float(change @ change)
    even = np.arange(1, last - first + 1) / (last - first + 1)
    unevenness = _rms(shares - even)
    if unevenness > _UNEVEN * _FAULTS_WITH_DIP:
        return np.inf, step
    unblended = _rms(inside - shares[:, None] * change) / step
    beside = max(
        _rms(flat(downscaled[first - 1 - margin]) - before),
        _rms(flat(downscaled[last + margin]) - after),
    )
    outside = (beside / margin) / (step / (last - first + 1))
    return unevenness / _UNEVEN + unblended / _UNBLENDED + outside / _OUTSIDE, step


def _allowed(downscaled: np.ndarray, window: _Window) -> float:
    """How many faults the window may have, by the dip of its variance from end to end."""
    grey = flat(downscaled[window.first - 1 : window.last + 1])
    grey = grey.reshape(len(grey), -1, 3).mean(2)
    grey -= grey.mean(1, keepdims=True)
    variance = (grey**2).mean(1)
    share = np.linspace(0, 1, len(grey))
    straight = variance[0] * (1 - share) + variance[-1] * share
    common = float((grey[0] * grey[-1]).mean())
    loss = share * (1 - share) * (variance[0] + variance[-1] - 2 * common)  # of a perfect blend
    if loss.max() <= max(_DEEP * straight.mean(), _FLAT):
        return _FAULTS_WITHOUT_DIP
    found = float((straight - variance) @ loss / (loss @ loss))
    deviation = _rms(straight - loss - variance) / float(straight.mean())
    return _FAULTS_WITH_DIP - deviation / _DEVIATION if found > _LIKE_PARABOLA else 0.0


def _best_apart(found: list[tuple[float, Span]]) -> list[Span]:
    """The best fits, none of which is near a better one."""
    kept: list[Span] = []
    for _, span in sorted(found, key=lambda fit: fit[0]):
        if not any(_near(span, other) for other in kept):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _near(one: Span, other: Span) -> bool:
    longer = max(one.end - one.start, other.end - other.start)
    apart = max(_APART, longer // 2)
    return one.start < other.end + apart and other.start < one.end + apart


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))
