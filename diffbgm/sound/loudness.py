"""Integrated loudness of sound that comes in blocks. Knows nothing of where it comes from.

ITU-R BS.1770-4, by the filters of pyloudnorm and, to the bit, as it measures the whole.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from diffbgm.sound.sample_files import SAMPLE_RATE

_WINDOW = 0.4  # seconds that are measured together
_STEP = 0.25  # of a window, from one to the next
_ABSOLUTE_GATE, _RELATIVE_GATE = -70.0, -10.0  # LUFS, LU
_OFFSET = -0.691


class LoudnessMeter:
    """Push the blocks of a sound in turn, then `finish`."""

    def __init__(self) -> None:
        self._filters = [_Filter(stage, channel) for stage, channel in _stages()]
        self._energies: list[tuple[float, float]] = []  # of each window so far
        self._waiting = np.zeros((2, 0))  # weighted samples from `_first` on
        self._first = 0
        self._pushed = 0

    def push(self, block: np.ndarray) -> None:
        """(n, 2), float32 or float64; of one kind every time."""
        weighted = np.array(block.T)
        for each in self._filters:
            each.apply(weighted)
        self._waiting = np.concatenate([self._waiting.astype(block.dtype), weighted], axis=1)
        self._pushed += len(block)
        while _edges(len(self._energies))[1] <= self._pushed:
            self._measure()

    def finish(self) -> float | None:
        """LUFS; below 0.4 s of what silence makes 0.4 s of it, None for silence."""
        missing = round(_WINDOW * SAMPLE_RATE) - self._pushed
        if missing > 0:
            self.push(np.zeros((missing, 2), self._waiting.dtype))
        windows = int(np.round((self._pushed / SAMPLE_RATE - _WINDOW) / (_WINDOW * _STEP)) + 1)
        while len(self._energies) < windows:  # the last one may lack some samples
            self._measure()
        loudness = _gated(np.array(self._energies[:windows]).T.copy())
        return loudness if np.isfinite(loudness) else None

    def _measure(self) -> None:
        first, last = _edges(len(self._energies))
        left, right = (
            (1.0 / (_WINDOW * SAMPLE_RATE))
            * np.sum(np.square(channel[first - self._first : last - self._first]))
            for channel in self._waiting
        )
        self._energies.append((float(left), float(right)))
        following = _edges(len(self._energies))[0]
        self._waiting = self._waiting[:, following - self._first :]
        self._first = following


def weighted(samples: np.ndarray) -> np.ndarray:
    """(n, 2) samples as the meter weighs them, by the ear's sensitivity."""
    heard = np.array(samples.T)
    for stage, channel in _stages():
        _Filter(stage, channel).apply(heard)
    return heard.T


class _Filter:
    """One stage of the weighting of one channel."""

    def __init__(self, stage: tuple[np.ndarray, np.ndarray, float], channel: int) -> None:
        self._b, self._a, self._gain = stage
        self._channel = channel
        self._state = np.zeros(len(self._a) - 1)

    def apply(self, channels: np.ndarray) -> None:
        """In place: the result is rounded as the samples are."""
        from scipy.signal import lfilter

        samples = channels[self._channel]
        filtered, self._state = lfilter(self._b, self._a, samples, zi=self._state)
        samples[:] = self._gain * filtered


@cache
def _weighting() -> tuple[tuple[np.ndarray, np.ndarray, float], ...]:
    """The two stages: a head's shelf, and a high pass."""
    from pyloudnorm import IIRfilter

    stages = (
        IIRfilter(4.0, 1 / np.sqrt(2), 1500.0, SAMPLE_RATE, "high_shelf"),
        IIRfilter(0.0, 0.5, 38.0, SAMPLE_RATE, "high_pass"),
    )
    return tuple((stage.b, stage.a, stage.passband_gain) for stage in stages)


def _stages() -> Iterator[tuple[tuple[np.ndarray, np.ndarray, float], int]]:
    return ((stage, channel) for stage in _weighting() for channel in range(2))


def _edges(window: int) -> tuple[int, int]:
    """First sample of a window, and the first after it."""
    return (
        int(_WINDOW * (window * _STEP) * SAMPLE_RATE),
        int(_WINDOW * (window * _STEP + 1) * SAMPLE_RATE),
    )


def _gated(energies: np.ndarray) -> float:
    """LUFS of (2, windows) mean squares: those above both gates."""
    loudness = _lufs(energies.sum(axis=0))
    above = loudness >= _ABSOLUTE_GATE
    if not above.any():
        return -np.inf
    relative = _lufs(_mean(energies, above)) + _RELATIVE_GATE
    kept = (loudness > relative) & (loudness > _ABSOLUTE_GATE)
    return float(_lufs(_mean(energies, kept))) if kept.any() else -np.inf


def _mean(energies: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Of the windows that are kept, both channels together."""
    return np.sum([channel[kept].mean() for channel in energies])


def _lufs(energy: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return _OFFSET + 10.0 * np.log10(energy)
