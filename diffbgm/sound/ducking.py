"""How far the music steps back while somebody speaks. Knows no sound, only times."""

from collections.abc import Sequence

import numpy as np

from diffbgm.dialogue import Interval

FALL = 0.3  # seconds before somebody speaks
RISE = 0.5  # seconds after


def ducking(
    spans: Sequence[Interval], depth_db: float, first: int, last: int, rate: int
) -> np.ndarray:
    """(last - first,) float32 gain of the samples `first` to `last` of a film: 1, and `depth_db`
    within the spans, with smooth ramps around them.

    Nothing but these decides it, so it is the same for every take. Half-cosine ramps in dB;
    where two meet, the lower counts.
    """
    depth = np.zeros(last - first, np.float32)  # 0 as it is, 1 as far back as it goes
    fall, rise = round(FALL * rate), round(RISE * rate)
    for start, end in spans:
        begin, stop = round(start * rate) - first, round(end * rate) - first
        if begin - fall < len(depth) and stop + rise > 0:
            _raise_to(depth, begin - fall, _ramp(fall))
            depth[max(begin, 0) : max(stop, 0)] = 1
            _raise_to(depth, stop, _ramp(rise)[::-1])
    return np.exp(depth * np.float32(depth_db / 20 * np.log(10)))


def _ramp(samples: int) -> np.ndarray:
    """From just above 0 to just below 1."""
    steps = np.arange(1, samples + 1) / (samples + 1)
    return ((1 - np.cos(np.pi * steps)) / 2).astype(np.float32)


def _raise_to(depth: np.ndarray, first: int, values: np.ndarray) -> None:
    """What of `values`, from `first` on, lies within `depth`, where it is higher."""
    begin, end = max(first, 0), min(first + len(values), len(depth))
    if begin < end:
        part = values[begin - first : end - first]
        np.maximum(depth[begin:end], part, out=depth[begin:end])
