"""A true-peak limiter whose gain at one moment depends on a short interval around it alone.

Detection oversamples four times (ITU-R BS.1770-4, annex 2). The gain falls within ATTACK before a
peak, holds, and recovers within RELEASE; many peaks give the lowest of their curves. It looks
ahead inside a shot only: what a shot does never reaches back before its first sample, so that
another take of one shot leaves everything before it untouched, to the bit. Knows no stems.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from diffbgm.sound.parts import SAMPLE_RATE

BLOCK = 16  # samples that share one peak
ATTACK = round(0.005 * SAMPLE_RATE)
HOLD = round(0.003 * SAMPLE_RATE)
RELEASE = round(0.08 * SAMPLE_RATE)
REACH = HOLD + BLOCK + RELEASE  # samples: nothing later than this after a peak is changed by it

_OVERSAMPLING = 4
CONTEXT = 16  # samples either side that the interpolating filter needs (it spans 10)
_CHUNK = 2**16

# How deep the gain is, as a share of the peak's need, around a block that must be limited.
_FALL = (1 - np.cos(np.pi * np.arange(1, ATTACK + 1) / (ATTACK + 1))) / 2
_RISE = (1 + np.cos(np.pi * np.arange(1, RELEASE + 1) / (RELEASE + 1))) / 2
_DEPTH = np.concatenate([_FALL, np.ones(BLOCK + HOLD), _RISE])


@dataclass(frozen=True)
class Peaks:
    """True peaks of a mix of `length` samples, by blocks.

    Block b begins at sample `starts[b]`, inside the shot that begins at `shot_starts[b]`.
    """

    length: int
    starts: np.ndarray
    shot_starts: np.ndarray
    values: np.ndarray


def true_peaks(mix: np.ndarray, boundaries: Sequence[int]) -> Peaks:
    """The true peaks of `mix` (n, 2), absolute. `boundaries` are the first samples of the shots,
    and n. A peak between two shots counts as the later one's."""
    envelope = np.zeros(len(mix), np.float32)
    for first, last in pairwise(boundaries):
        for start in range(first, last, _CHUNK):
            stop = min(start + _CHUNK, last)
            begin, end = max(0, start - 2 * CONTEXT), min(last, stop + CONTEXT)
            peaks = _oversampled_peaks(mix[begin:end])
            envelope[start:stop] = peaks[start - begin : stop - begin]
            if start == first:
                across = peaks[start - begin - min(begin, CONTEXT) : start - begin]
                envelope[start] = max(envelope[start], across.max(initial=0.0))
    grids = [np.arange(first, last, BLOCK) for first, last in pairwise(boundaries)]
    starts = np.concatenate(grids)
    return Peaks(
        length=len(mix),
        starts=starts,
        shot_starts=np.concatenate([np.full_like(grid, grid[0]) for grid in grids]),
        values=np.maximum.reduceat(envelope, starts),
    )


def limiting_gain(peaks: Peaks, gain: float, ceiling: float) -> np.ndarray:
    """(length,) float32, at most 1: what brings `gain` times the mix below `ceiling`."""
    curve = np.ones(peaks.length, np.float32)
    loud = np.flatnonzero(peaks.values * gain > ceiling)
    for block in loud:
        need = 1 - ceiling / (gain * float(peaks.values[block]))
        start = int(peaks.starts[block])
        begin = max(start - ATTACK, int(peaks.shot_starts[block]))
        end = min(start + REACH, peaks.length)
        depth = _depth(start - begin)[: end - begin]
        np.minimum(curve[begin:end], 1 - need * depth, out=curve[begin:end], casting="same_kind")
    return curve


def _depth(attack: int) -> np.ndarray:
    """_DEPTH with a fall of `attack` samples: shorter where a shot has only just started."""
    if attack == ATTACK:
        return _DEPTH
    fall = (1 - np.cos(np.pi * np.arange(1, attack + 1) / (attack + 1))) / 2
    return np.concatenate([fall, _DEPTH[ATTACK:]])


def _oversampled_peaks(samples: np.ndarray) -> np.ndarray:
    """(n,) the highest of the points from each sample of (n, 2) to the next."""
    from scipy.signal import resample_poly

    fine = np.abs(resample_poly(np.asarray(samples, np.float32), _OVERSAMPLING, 1, axis=0))
    louder = np.maximum(fine[:, 0], fine[:, 1])
    return np.maximum.reduce([louder[i::_OVERSAMPLING] for i in range(_OVERSAMPLING)])
