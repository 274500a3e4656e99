"""Finds fades through a plain colour: dips of the contrast to nothing, with ramps."""

import numpy as np

from diffbgm.video.downscaling import HEIGHT, WIDTH, Downscaled, downscaled_dissimilarity
from diffbgm.video.similarity import Flow
from diffbgm.video.transition import Span

_PLAIN = 4.0  # contrast, in levels, of a picture that shows nothing
_DIP = 0.2  # contrast, as a share of that around, in the depth of a fade
_AROUND = 1.0  # seconds around
_SAME = 0.2  # dissimilarity up to which the picture after a dip is the one before it
_LONGEST_FLASH = 12  # frames without a picture that may lie inside a shot
_LONGEST_DIP = 2.0  # seconds; longer darkness is a shot of its own
_ABRUPT = 2  # frames of a change that is no ramp
_BLOCK = 1000  # frames measured together, to spare memory


def find_fades(downscaled: Downscaled, frame_rate: float) -> list[Span]:
    """Fades through black, white or any plain colour, from one shot to the next.

    `downscaled` is (frames, 18, 32, 3) uint8, the whole film. What begins or ends the film is none.
    """
    contrast, flow = _contrast(downscaled), Flow()
    spans: list[Span] = []
    for first, last in _dips(contrast, round(_AROUND * frame_rate)):
        if first == 0 or last == len(contrast):
            continue
        start, end = _full(contrast, first, -1) + 1, _full(contrast, last - 1, 1)
        before, after = _picture(downscaled, start - 1), _picture(downscaled, end)
        same = downscaled_dissimilarity(before, after, flow) < _SAME
        if same and last - first <= _LONGEST_FLASH:
            continue
        spans += _fade(start, first, last, end, frame_rate)
    return _merged(spans)


def find_dark_ends(downscaled: Downscaled) -> list[tuple[int, int]]:
    """Frames (first, first after) in which the film fades in at its beginning, out at its end."""
    contrast = _contrast(downscaled)
    ends: list[tuple[int, int]] = []
    for first, last in _dips(contrast, 0):
        if first == 0 and last < len(contrast):
            full = _full(contrast, last - 1, 1)
            ends += [(0, full)] if full - last > _ABRUPT else []
        elif last == len(contrast) and first > 0:
            full = _full(contrast, first, -1)
            ends += [(full + 1, last)] if first - full > _ABRUPT else []
    return ends


def _picture(downscaled: Downscaled, frame: int) -> np.ndarray:
    return downscaled[frame : frame + 1][0]


def _contrast(downscaled: Downscaled) -> np.ndarray:
    """Standard deviation, in levels, of every frame's strongest colour; (frames,)."""
    blocks = [
        downscaled[begin : begin + _BLOCK].reshape(-1, WIDTH * HEIGHT, 3).std(1).max(1)
        for begin in range(0, len(downscaled), _BLOCK)
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
