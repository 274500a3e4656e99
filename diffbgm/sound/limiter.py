"""A true-peak limiter whose gain at one moment depends on a short interval around it alone.

Detection oversamples four times (ITU-R BS.1770-4, annex 2). The gain falls within ATTACK before a
peak, holds, and recovers within RELEASE; many peaks give the lowest of their curves. It looks
ahead inside a shot only: what a shot does never reaches back before its first sample, so that
another take of one shot leaves everything before it untouched, to the bit. Knows no stems.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np

from diffbgm.progress import Advance, no_advance
from diffbgm.sound.sample_files import SAMPLE_RATE

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
    """True peaks of a mix, by blocks: `values` (blocks,) float32, a shot's after the other's.

    `boundaries` are the first samples of the shots, and the end of the last. The first block of
    every shot begins with it.
    """

    boundaries: tuple[int, ...]
    values: np.ndarray

    def starts(self, blocks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """First samples of the blocks of those numbers, and of the shots that they lie in."""
        lengths = np.diff(self.boundaries)
        first_blocks = np.concatenate([[0], np.cumsum(-(-lengths // BLOCK))])
        shots = np.searchsorted(first_blocks, blocks, side="right") - 1
        shot_starts = np.asarray(self.boundaries)[shots]
        return shot_starts + BLOCK * (blocks - first_blocks[shots]), shot_starts


class Samples(Protocol):
    """(n, 2) samples that are there one slice at a time."""

    def __getitem__(self, span: slice, /) -> np.ndarray: ...


def true_peaks(mix: Samples, boundaries: Sequence[int], advance: Advance = no_advance) -> Peaks:
    """The true peaks of `mix`, absolute. `boundaries` are the first samples of the shots, and the
    end of the last. A peak between two shots counts as the later one's."""
    values = []
    for first, last in pairwise(boundaries):
        for start in range(first, last, _CHUNK):
            stop = min(start + _CHUNK, last)
            begin, end = max(boundaries[0], start - 2 * CONTEXT), min(last, stop + CONTEXT)
            peaks = _oversampled_peaks(mix[begin:end])
            envelope = peaks[start - begin : stop - begin]
            if start == first:
                across = peaks[max(0, start - begin - CONTEXT) : start - begin]
                envelope[0] = max(envelope[0], across.max(initial=0.0))
            values.append(np.maximum.reduceat(envelope, np.arange(0, stop - start, BLOCK)))
            advance((stop - boundaries[0]) / (boundaries[-1] - boundaries[0]))
    return Peaks(tuple(boundaries), np.concatenate([*values, np.zeros(0, np.float32)]))


class Limiter:
    """What brings `gain` times a mix below `ceiling`, wherever it is asked for."""

    def __init__(self, peaks: Peaks, gain: float, ceiling: float) -> None:
        loud = np.flatnonzero(peaks.values * gain > ceiling)
        self._needs = [1 - ceiling / (gain * float(value)) for value in peaks.values[loud]]
        self._starts, self._shot_starts = peaks.starts(loud)

    def between(self, first: int, last: int) -> np.ndarray:
        """(last - first,) float32, at most 1, of the film's samples `first` to `last`."""
        curve = np.ones(last - first, np.float32)
        nearest = np.searchsorted(self._starts, (first - REACH, last + ATTACK))
        for index in range(*nearest.tolist()):
            start = int(self._starts[index])
            begin = max(start - ATTACK, int(self._shot_starts[index]))
            depth = _depth(start - begin)
            own = slice(max(begin, first), min(start + REACH, last))
            if own.start < own.stop:
                part = 1 - self._needs[index] * depth[own.start - begin : own.stop - begin]
                inside = curve[own.start - first : own.stop - first]
                np.minimum(inside, part, out=inside, casting="same_kind")
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
