"""How far the music steps back while somebody speaks. Knows no sound, only times."""

from collections.abc import Sequence

import numpy as np

from diffbgm.dialogue import Interval

DEPTH_DB = -8.0
FALL = 0.3  # seconds before somebody speaks
RISE = 0.5  # seconds after


def ducking(spans: Sequence[Interval], samples: int, rate: int) -> np.ndarray:
    """(samples,) float32 gain: 1, and DEPTH_DB within the spans, with smooth ramps around them.

    Nothing but the spans decides it, so it is the same for every take. Half-cosine ramps in dB;
    where two meet, the lower counts.
    """
    depth = np.zeros(samples, np.float32)  # 0 as it is, 1 as far back as it goes
    for start, end in spans:
        first, last = round(start * rate), min(round(end * rate), samples)
        _raise_to(depth, first - round(FALL * rate), first, _ramp(round(FALL * rate)))
        _raise_to(depth, first, last, np.ones(max(0, last - first), np.float32))
        rise = _ramp(round(RISE * rate))[::-1]
        _raise_to(depth, last, last + len(rise), rise)
    return np.exp(depth * np.float32(DEPTH_DB / 20 * np.log(10)))


def _ramp(samples: int) -> np.ndarray:
    """From just above 0 to just below 1."""
    steps = np.arange(1, samples + 1) / (samples + 1)
    return ((1 - np.cos(np.pi * steps)) / 2).astype(np.float32)


def _raise_to(depth: np.ndarray, first: int, last: int, values: np.ndarray) -> None:
    """What of `values` lies within `depth`, from `first` to before `last`, where it is higher."""
    begin, end = max(first, 0), min(last, len(depth))
    if begin < end:
        part = values[begin - first : end - first]
        np.maximum(depth[begin:end], part, out=depth[begin:end])
