"""Finds fades and dissolves in pictures of postage-stamp size. Knows nothing of hard cuts.

A dissolve is a straight line between two pictures: every frame in it is a blend of the one before
it and the one after it, in shares that grow evenly (twin comparison as by Zhang et al. 1993, with
the blend fitted). A fade is a dip of the contrast to nothing.
"""

from dataclasses import dataclass

import cv2
import numpy as np

STAMP_WIDTH, STAMP_HEIGHT = 32, 18

_LENGTHS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0)  # seconds of the dissolves looked for
_WINDOWS_A_LENGTH = 8
_APART = 5  # frames between two dissolves
_LEAST_STEP = 9.0  # levels between the pictures on either side of a dissolve
_LEAST_UNLIKE = 0.4  # 1 - correlation between them
_LEAST_HUE = 0.08  # or else this much difference in chromaticity
# What a dissolve may have of each fault alone; together they may make up one whole:
_CROOKED = 0.15  # deviation of the shares from an even growth
_UNBLENDED = 0.4  # what the blend leaves, as a share of the step
_OUTSIDE = 4.0  # pace of change beside the dissolve, as a share of the pace in it

_PLAIN = 4.0  # contrast, in levels, of a picture that shows nothing
_DIP = 0.2  # contrast, as a share of that around, in the depth of a fade
_AROUND = 1.0  # seconds around
_LONGEST_FLASH = 12  # frames without a picture that may lie inside a shot
_LONGEST_DIP = 2.0  # seconds; longer darkness is a shot of its own
_ABRUPT = 2  # frames of a change that is no ramp
_BLOCK = 1000  # stamps looked at together, to spare memory


@dataclass(frozen=True)
class Span:
    """Frames `start` up to, not including, `end` are neither shot; `middle` is the cut."""

    start: int
    end: int
    middle: int
    strength: float


def stamp(rgb: np.ndarray) -> np.ndarray:
    """The picture at 18 x 32 pixels, whatever its shape."""
    return cv2.resize(rgb, (STAMP_WIDTH, STAMP_HEIGHT), interpolation=cv2.INTER_AREA)


# --- dissolves -------------------------------------------------------------------------------


def find_dissolves(stamps: np.ndarray, frame_rate: float) -> list[Span]:
    """Dissolves inside one stretch without hard cuts; `stamps` is (frames, 18, 32, 3) uint8."""
    found: list[tuple[float, Span]] = []
    for seconds in _LENGTHS:
        length = max(4, round(seconds * frame_rate))
        margin = max(2, length // 4)
        step = max(1, length // _WINDOWS_A_LENGTH)
        for first in range(margin, len(stamps) - length - margin - 1, step):
            fit = _fit_blend(stamps, first, length, margin)
            if fit is not None:
                found.append(fit)
    return _best_apart(found)


def _fit_blend(
    stamps: np.ndarray, first: int, length: int, margin: int
) -> tuple[float, Span] | None:
    """How badly frames `first`.. blend what is before them into what is after, if at all."""
    last = first + length
    before, after = _float(stamps[first - 1]), _float(stamps[last])
    change = after - before
    energy = float(change @ change)
    step = (energy / change.size) ** 0.5
    if step < _LEAST_STEP:
        return None
    inside = _float(stamps[first:last]) - before
    shares = inside @ change / energy
    crooked = float(np.sqrt(np.mean((shares - np.arange(1, length + 1) / (length + 1)) ** 2)))
    if crooked > _CROOKED:
        return None
    rest = inside - shares[:, None] * change
    unblended = float(np.sqrt((rest**2).mean())) / step
    if unblended > _UNBLENDED or not _unlike(stamps[first - 1], stamps[last]):
        return None
    pace = step / (length + 1) * margin
    outside = (
        max(
            _rms(_float(stamps[first - 1 - margin]) - before),
            _rms(_float(stamps[last + margin]) - after),
        )
        / pace
    )
    faults = crooked / _CROOKED + unblended / _UNBLENDED + outside / _OUTSIDE
    if faults > 1:
        return None
    span = Span(first, last, first + length // 2, min(1.0, step / 40))
    return faults, span


def _best_apart(found: list[tuple[float, Span]]) -> list[Span]:
    """The best fits, none of which overlaps a better one."""
    kept: list[Span] = []
    for _, span in sorted(found, key=lambda fit: fit[0]):
        if all(
            span.end + _APART <= other.start or other.end + _APART <= span.start for other in kept
        ):
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _unlike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two stamps show different things, and not the same in another light."""
    a, b = (_float(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)) for picture in (one, other))
    a, b = a - a.mean(), b - b.mean()
    correlation = float((a * b).mean() / (a.std() * b.std() + 4))
    hues = [
        _float(x).reshape(-1, 3) / (_float(x).reshape(-1, 3).sum(1, keepdims=True) + 40)
        for x in (one, other)
    ]
    hue = float(np.abs(hues[0] - hues[1]).sum(1).mean()) / 2
    textured = min(a.std(), b.std()) > _PLAIN
    return (textured and 1 - correlation > _LEAST_UNLIKE) or hue > _LEAST_HUE


# --- fades -----------------------------------------------------------------------------------


def find_fades(stamps: np.ndarray, frame_rate: float) -> list[Span]:
    """Fades through black, white or any plain colour, from one shot to the next.

    `stamps` is (frames, 18, 32, 3) uint8, the whole film. What begins or ends the film is none.
    """
    contrast = _contrast(stamps)
    spans: list[Span] = []
    for first, last in _dips(contrast, round(_AROUND * frame_rate)):
        if first == 0 or last == len(contrast):
            continue
        start, end = _full(contrast, first, -1) + 1, _full(contrast, last - 1, 1)
        same = not _unlike(stamps[start - 1], stamps[end])
        if same and last - first <= _LONGEST_FLASH:
            continue
        spans += _fade(start, first, last, end, frame_rate)
    return _merged(spans)


def find_dark_ends(stamps: np.ndarray) -> list[tuple[int, int]]:
    """Frames (first, first after) in which the film fades in at its beginning, out at its end."""
    contrast = _contrast(stamps)
    ends: list[tuple[int, int]] = []
    for first, last in _dips(contrast, 0):
        if first == 0 and last < len(contrast):
            full = _full(contrast, last - 1, 1)
            ends += [(0, full)] if full - last > _ABRUPT else []
        elif last == len(contrast) and first > 0:
            full = _full(contrast, first, -1)
            ends += [(full + 1, last)] if first - full > _ABRUPT else []
    return ends


def _contrast(stamps: np.ndarray) -> np.ndarray:
    """Standard deviation, in levels, of every frame's strongest colour; (frames,)."""
    blocks = [
        stamps[begin : begin + _BLOCK].reshape(-1, STAMP_WIDTH * STAMP_HEIGHT, 3).std(1).max(1)
        for begin in range(0, len(stamps), _BLOCK)
    ]
    return np.concatenate(blocks)


def _merged(spans: list[Span]) -> list[Span]:
    """Fades that run into each other are one, with the cut of the longer."""
    merged: list[Span] = []
    for span in spans:
        if merged and span.start < merged[-1].end:
            last = merged.pop()
            longer = max(last, span, key=lambda one: one.end - one.start)
            span = Span(last.start, max(last.end, span.end), longer.middle, 1.0)
        merged.append(span)
    return merged


def _fade(start: int, first: int, last: int, end: int, frame_rate: float) -> list[Span]:
    """The cut, or two around a long darkness; none where both sides are hard cuts."""
    out, into = first - start, end - last
    if out <= _ABRUPT and into <= _ABRUPT:
        return []
    if last - first > _LONGEST_DIP * frame_rate:
        return [Span(start, first, first, 1.0), Span(last, end, last, 1.0)]
    middle = last if into <= _ABRUPT else first if out <= _ABRUPT else (first + last) // 2
    return [Span(start, end, middle, 1.0)]


def _dips(contrast: np.ndarray, around: int) -> list[tuple[int, int]]:
    """Runs of frames of next to no contrast."""
    before = _running_max(contrast, around)
    after = _running_max(contrast[::-1], around)[::-1]
    low = contrast < np.maximum(_PLAIN, _DIP * np.minimum(before, after))
    edges = np.flatnonzero(np.diff(np.concatenate([[False], low, [False]]).astype(int)))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


def _running_max(values: np.ndarray, length: int) -> np.ndarray:
    """Of each value and the `length` before it."""
    padded = np.concatenate([np.zeros(length), values])
    return np.lib.stride_tricks.sliding_window_view(padded, length + 1).max(1)


def _full(contrast: np.ndarray, edge: int, way: int) -> int:
    """The nearest full picture, up the ramp that begins at `edge`."""
    at = edge
    while 0 < at + way < len(contrast) - 1 and contrast[at + way] > contrast[at] * 1.02 + 0.1:
        at += way
    return at


def _float(stamps: np.ndarray) -> np.ndarray:
    """(pixels,) or (frames, pixels) float32."""
    values = stamps.astype(np.float32)
    return values.reshape(len(stamps), -1) if stamps.ndim == 4 else values.reshape(-1)


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))
