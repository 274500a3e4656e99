"""Finds fades through a plain colour: dips of the contrast to nothing, with ramps.

A picture that is plain itself (a title's ground) is told from the depth of a fade by its colour:
where plain colours follow on each other, black and white are depths, the others are pictures.
"""

from typing import NamedTuple

import numpy as np

from diffbgm.video.downscaling import HEIGHT, WIDTH, Downscaled, downscaled_dissimilarity
from diffbgm.video.similarity import Flow
from diffbgm.video.transition import Span

_PLAIN = 4.0  # contrast, in levels, of a picture that shows nothing
_DIP = 0.2  # contrast, as a share of that around, in the depth of a fade
_AROUND = 1.0  # seconds around
_SAME = 0.2  # dissimilarity up to which the picture after a dip is the one before it
_LONGEST_FLASH = 0.5  # seconds without a picture that may lie inside a shot
_LONGEST_DIP = 2.0  # seconds; longer darkness is a shot of its own
_ABRUPT = 2  # frames of a change that is no ramp
_BLOCK = 1000  # frames measured together, to spare memory
_STEADY = 1.5  # levels a frame by which a plain colour may drift
_EXTREME = 24  # levels from black or white
_GROUND, _ON_GROUND = 5.0, 0.55  # levels from a colour; share of a picture that is its ground


class _Dip(NamedTuple):
    """Frames `first` to before `last` of next to no contrast, between the pictures `start` - 1
    and `end`, from and to which it ramps."""

    start: int
    first: int
    last: int
    end: int


def find_fades(downscaled: Downscaled, frame_rate: float) -> list[Span]:
    """Fades through black, white or any plain colour, from one shot to the next.

    `downscaled` is (frames, 18, 32, 3) uint8, the whole film. What begins or ends the film is none,
    nor are words that fade on a plain ground.
    """
    contrast, colours = _measured(downscaled)
    flow = Flow()
    spans: list[Span] = []
    for dip in _all_dips(contrast, colours, round(_AROUND * frame_rate)):
        if dip.start == 0 or dip.end >= len(contrast):
            continue
        before, after = _picture(downscaled, dip.start - 1), _picture(downscaled, dip.end)
        same = downscaled_dissimilarity(before, after, flow) < _SAME
        if same and dip.last - dip.first <= _LONGEST_FLASH * frame_rate:
            continue
        ground = colours[(dip.first + dip.last) // 2]
        if _lies_on(ground, before) and _lies_on(ground, after):
            continue
        spans += _fade(dip, frame_rate)
    return _merged(spans)


def _all_dips(contrast: np.ndarray, colours: np.ndarray, around: int) -> list[_Dip]:
    """Those at the film's ends start at 0, or end with it."""
    dips: list[_Dip] = []
    frames = len(contrast)
    for first, last in _dips(contrast, around):
        start = 0 if first == 0 else _full(contrast, first, -1) + 1
        end = frames if last == frames else _full(contrast, last - 1, 1)
        plain = _steady(colours, first, last)
        if len(plain) < 2:
            dips.append(_Dip(start, first, last, end))
            continue
        starts = [start, *(until for _, until in plain[:-1])]
        ends = [*(begin for begin, _ in plain[1:]), end]
        dips += [
            _Dip(before, begin, until, after)
            for before, (begin, until), after in zip(starts, plain, ends, strict=True)
            if _is_extreme(colours[begin])
        ]
    return dips


def _steady(colours: np.ndarray, first: int, last: int) -> list[tuple[int, int]]:
    """Runs of two frames or more, of those without contrast, of one colour; what lies between two
    runs of nearly the same colour belongs to them."""
    still = np.abs(np.diff(colours[first:last], axis=0)).max(1) < _STEADY
    runs: list[tuple[int, int]] = []
    for begin, end in _runs(still):
        begin, end = first + begin, first + end + 1
        if runs and np.abs(colours[runs[-1][1] - 1] - colours[begin]).max() < _EXTREME:
            begin = runs.pop()[0]
        runs.append((begin, end))
    return runs


def _is_extreme(colour: np.ndarray) -> bool:
    return colour.max() < _EXTREME or colour.min() > 255 - _EXTREME


def _lies_on(ground: np.ndarray, picture: np.ndarray) -> bool:
    """Whether most of a picture is of one colour."""
    return float((np.abs(picture - ground).max(2) < _GROUND).mean()) > _ON_GROUND


def find_dark_ends(downscaled: Downscaled) -> list[tuple[int, int]]:
    """Frames (first, first after) in which the film fades in at its beginning, out at its end."""
    contrast, _ = _measured(downscaled)
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


def _measured(downscaled: Downscaled) -> tuple[np.ndarray, np.ndarray]:
    """Of every frame the standard deviation of its strongest colour, (frames,), and the mean
    colour, (frames, 3), in levels."""
    blocks = [
        downscaled[begin : begin + _BLOCK].reshape(-1, WIDTH * HEIGHT, 3)
        for begin in range(0, len(downscaled), _BLOCK)
    ]
    contrast = np.concatenate([block.std(1).max(1) for block in blocks])
    return contrast, np.concatenate([block.mean(1) for block in blocks])


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


def _fade(dip: _Dip, frame_rate: float) -> list[Span]:
    """The cut, or two around a long darkness; none where both sides are hard cuts."""
    start, first, last, end = dip
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
    return _runs(contrast < np.maximum(_PLAIN, _DIP * np.minimum(before, after)))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """Where a row of flags is set: first, and first after."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
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
