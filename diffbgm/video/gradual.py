"""Finds transitions that take their time, whatever they look like: dissolves, wipes, slides.

A transition lies between two pictures that are each like what is beside them and unlike each
other; in between, place by place, the one gives way to the other, and never comes back. Where a
first, cheap look finds such a window, what it shows is measured (`WindowFeatures`) and weighed by
a logistic regression, which `benchmarks/cut_films/fitting.py` fits.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np

from diffbgm.video.dissolves import find_dissolves
from diffbgm.video.downscaling import downscaled_dissimilarity
from diffbgm.video.similarity import Flow
from diffbgm.video.transition import Span

LENGTHS = (0.28, 0.4, 0.56, 0.8, 1.12, 1.6, 2.24, 3.2)  # seconds of windows that are looked at

_SHORTEST = 5  # frames
_MARGIN = 0.4  # of a window's length: frames on either side, which shall change little
_LEAST, _OVER_MARGINS = 5.0, 1.2  # levels across a window; as often the changes in its margins
_BLOCK = 2000  # frames measured together, to spare memory
_LOOKS = 12  # at most, into one window
_CHANGED = 6.0  # levels, from which a place takes part,
_CHANGED_SHARE = 0.5  # or as a share of the change of all
_BEGUN = 0.08  # share of a transition that is over at its first frame, and lacking at its last
_SHORTER = 2.0  # log odds for which one of two spans may be e times as long
_POSSIBLE = -2.5  # log odds of a window in which a blend by its contrast is believed,
_LONGER = (2.5, 8)  # so many times as long as the blend, and frames more, at most
_APART = 4  # frames between two transitions
_FULL = 40.0  # levels between pictures that make a transition of full strength
_ON_A_LINE, _GOES_ON = 0.15, 0.6  # of the step: unexplained at most, in the margins at least
_BLENDED = 0.45  # share of the step that a blend may leave unexplained

_SHIFTS = [(y, x) for y in (0, 1, 2) for x in (0, 1, 2)]


class Window(NamedTuple):
    """Between the pictures `before` and `after`, each of which stays for `margin` frames."""

    before: int
    after: int
    margin: int


class WindowFeatures(NamedTuple):
    """What tells a transition from motion. Changes are measured place by place, each place being
    looked for a little around; most are shares of that between the pictures before and after."""

    across: float  # log of the levels between them
    margin_before: float
    margin_after: float
    as_long_before: float  # as many frames as the window has
    as_long_after: float
    dissimilarity: float  # with all motion allowed for
    area: float  # share of the places that change
    unexplained: float  # what is in between and like neither, place by place
    unblended: float  # and like no mixture of the two
    comes_back: float  # share of the places in which the old picture returns, added up
    fastest: float  # change from one frame to the next
    correlation: float  # of the two pictures
    stays: float  # between pictures beyond the margins
    overshoot: float  # how far it goes from either, at most
    way: float  # log of all changes from frame to frame
    length: float  # log of seconds


def find_transitions(
    downscaled: np.ndarray, frame_rate: float, may_go_on: Callable[[], None] = lambda: None
) -> list[tuple[Span, bool]]:
    """Transitions inside a range without cuts, with whether one picture dissolves into the other.

    `downscaled` is (frames, 18, 32, 3) uint8. `may_go_on` is called now and then, and may raise.
    """
    weigh, flow = _weights(), Flow()
    weighed: list[tuple[float, Span, bool]] = []
    possible: list[Window] = []
    for window in windows(downscaled, frame_rate):
        may_go_on()
        features = measure(downscaled, window, frame_rate, flow)
        if _is_steady(features):
            continue
        score = weigh(features)
        if score > _POSSIBLE:
            possible.append(window)
        if score > 0:
            span = _placed(downscaled, window)
            # A longer window shows more of what is before and after, and is likelier for it.
            worth = score - _SHORTER * np.log(span.end - span.start)
            weighed.append((worth, span, features.unblended < _BLENDED))
    found: list[tuple[Span, bool]] = []
    for _, span, blends in sorted(weighed, key=lambda one: -one[0]):
        if not any(_near(span, other) for other, _ in found):
            found.append((span, blends))
    # Between shots that move much, a blend is recognized by what motion does not change.
    for span in find_dissolves(downscaled, frame_rate, may_go_on) if possible else []:
        is_new = not any(_near(span, other) for other, _ in found)
        if is_new and any(_shows(window, span) for window in possible):
            found.append((span, True))
    return sorted(found, key=lambda one: one[0].start)


def _is_steady(features: WindowFeatures) -> bool:
    """Whether the picture changes on and on, as where light grows: no part of that is a cut."""
    in_margins = features.margin_before + features.margin_after
    return features.unblended < _ON_A_LINE and in_margins > _GOES_ON


def _shows(window: Window, span: Span) -> bool:
    """Whether a window shows most of a span, and is not much longer."""
    length = span.end - span.start
    overlap = min(window.after, span.end) - max(window.before, span.start)
    is_long = window.after - window.before > _LONGER[0] * length + _LONGER[1]
    return overlap > length / 2 and not is_long


def windows(downscaled: np.ndarray, frame_rate: float) -> Iterator[Window]:
    """Those worth a closer look: much changes across, less in the margins."""
    frames = len(downscaled)
    small = downscaled.reshape(frames, 9, 2, 16, 2, 3).mean((2, 4), dtype=np.float32)
    lagged = cache(lambda lag: _lagged(small, lag))
    for length in sorted({max(_SHORTEST, round(one * frame_rate)) for one in LENGTHS}):
        lag, margin = length + 1, max(3, round(_MARGIN * length))
        if frames < lag + 2 * margin + 3:
            continue
        at = np.arange(margin, frames - lag - margin)
        across, beside = lagged(lag)[at], lagged(margin)
        margins = beside[at - margin] + beside[at + lag]
        rises = across - margins
        is_peak = rises >= _greatest_around(rises, max(2, length // 4))
        chosen = is_peak & (across > _LEAST) & (across > _OVER_MARGINS * margins)
        yield from (Window(int(first), int(first) + lag, margin) for first in at[chosen])


def measure(
    downscaled: np.ndarray, window: Window, frame_rate: float, flow: Flow
) -> WindowFeatures:
    """The features of one window."""
    before, after, margin = window
    length = after - before - 1

    def picture(frame: int) -> np.ndarray:
        return downscaled[min(max(frame, 0), len(downscaled) - 1)].astype(np.float32)

    def change(one: int, other: int) -> float:
        return float(_moved_apart(picture(one), picture(other)).mean())

    old, new = picture(before), picture(after)
    places = _moved_apart(old, new)
    across = float(places.mean()) + 1e-3
    looks = np.linspace(before + 1, after - 1, min(length, _LOOKS)).round().astype(int)
    inside = downscaled[np.unique(looks)].astype(np.float32)
    from_old, from_new = _moved_apart(inside, old), _moved_apart(inside, new)
    taking_part = places > max(_CHANGED, _CHANGED_SHARE * across)
    gone = ((from_new < from_old) & taking_part).sum((1, 2)) / max(1, taking_part.sum())
    step = new - old
    levels = float(np.abs(step).mean()) + 1e-3
    shares = ((inside - old) * step).sum((1, 2, 3)) / (float((step**2).sum()) + 1e-3)
    unblended = np.abs(inside - old - shares[:, None, None, None] * step)
    row = downscaled[before : after + 1].astype(np.float32)
    paces = _moved_apart(row[1:], row[:-1]).mean((1, 2))
    farthest = max(np.abs(inside - one).mean((1, 2, 3)).max() for one in (old, new))
    return WindowFeatures(
        across=float(np.log(across)),
        margin_before=change(before - margin, before) / across,
        margin_after=change(after, after + margin) / across,
        as_long_before=change(before - length - 1, before) / across,
        as_long_after=change(after, after + length + 1) / across,
        dissimilarity=downscaled_dissimilarity(downscaled[before], downscaled[after], flow),
        area=float((places > 2 * _CHANGED).mean()),
        unexplained=float(np.minimum(from_old, from_new).mean()) / across,
        unblended=float(unblended.mean()) / levels,
        comes_back=float(np.clip(-np.diff(gone), 0, None).sum()),
        fastest=float(paces.max()) / across,
        correlation=_correlation(old, new),
        stays=change(before - 2 * margin, after + 2 * margin) / across,
        overshoot=float(farthest) / levels,
        way=float(np.log(paces.sum() / across)),
        length=float(np.log(length / frame_rate)),
    )


def _placed(downscaled: np.ndarray, window: Window) -> Span:
    """Where in its window the new picture takes over: when half of what changes has changed."""
    row = downscaled[window.before : window.after + 1].astype(np.float32)
    old, new = row[0], row[-1]
    places = _moved_apart(old, new)
    places *= places > max(_CHANGED, _CHANGED_SHARE * float(places.mean()))
    from_old, from_new = _moved_apart(row, old), _moved_apart(row, new)
    shares = (places * from_old / (from_old + from_new + 1e-3)).sum((1, 2))
    shares = np.maximum.accumulate(shares)
    shares = (shares - shares[0]) / (shares[-1] - shares[0] + 1e-6)
    first, middle, last = (int(np.argmax(shares >= at)) for at in (_BEGUN, 0.5, 1 - _BEGUN))
    strength = min(1.0, float(np.sqrt(((new - old) ** 2).mean())) / _FULL)
    begin = window.before
    return Span(begin + first, begin + last + 1, begin + middle, strength)


def _near(one: Span, other: Span) -> bool:
    return one.start < other.end + _APART and other.start < one.end + _APART


def _lagged(small: np.ndarray, lag: int) -> np.ndarray:
    """(frames - lag,) levels between each picture and that `lag` frames later."""
    blocks = [
        _moved_apart(small[first : first + _BLOCK][: len(small) - lag - first], later).mean((1, 2))
        for first in range(0, len(small) - lag, _BLOCK)
        if len(later := small[first + lag : first + lag + _BLOCK])
    ]
    return np.concatenate(blocks)


def _moved_apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Levels, place by place, between pictures (…, height, width, 3), without their edges; each
    place of `one` is looked for in `other` a pixel around."""
    height, width = one.shape[-3] - 2, one.shape[-2] - 2
    inner = one[..., 1:-1, 1:-1, :]
    least = None
    for y, x in _SHIFTS:
        apart = np.abs(inner - other[..., y : y + height, x : x + width, :]).sum(-1)
        least = apart if least is None else np.minimum(least, apart)
    assert least is not None
    return least / 3


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    """0 where either shows nothing."""
    a, b = one.mean(-1).ravel(), other.mean(-1).ravel()
    if min(a.std(), b.std()) <= 1:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def _greatest_around(values: np.ndarray, reach: int) -> np.ndarray:
    padded = np.pad(values, reach, constant_values=-np.inf)
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).max(1)


class _Weights(NamedTuple):
    """A logistic regression on features, each less its mean, in units of its spread."""

    mean: np.ndarray
    spread: np.ndarray
    weight: np.ndarray
    bias: float

    def __call__(self, features: WindowFeatures) -> float:
        """Above 0 for a transition."""
        units = np.clip((np.array(features) - self.mean) / self.spread, -4, 4)
        return float(units @ self.weight) + self.bias


@cache
def _weights() -> _Weights:
    content = json.loads(resources.files("diffbgm.video").joinpath("gradual.json").read_text())
    rows = [content["features"][name] for name in WindowFeatures._fields]
    mean, spread, weight = (np.array(column) for column in zip(*rows, strict=True))
    return _Weights(mean, spread, weight, content["bias"])
