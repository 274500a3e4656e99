"""The mix by the book, all of it in memory: what is made block by block must be that to the bit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pyloudnorm
from scipy.signal import resample_poly

from diffbgm.dialogue import Interval
from diffbgm.sound.ducking import ducking
from diffbgm.sound.limiter import ATTACK, BLOCK, HOLD, RELEASE
from diffbgm.sound.mixing import CEILING, FADE_OUT
from diffbgm.sound.parts import SAMPLE_RATE, Part

FULL_SCALE = 2**23
GRID = 2**18  # of finished sound


@dataclass(frozen=True)
class WholeMix:
    gain_db: float
    stems: Mapping[str, np.ndarray]
    samples: np.ndarray


def whole_mix(
    parts: Sequence[Part],
    boundaries: Sequence[int],
    target_lufs: float = -16.0,
    spans: Sequence[Interval] = (),
) -> WholeMix:
    length = boundaries[-1]
    stems = {name: np.zeros((length, 2), np.float32) for name in sorted({p.stem for p in parts})}
    for part in parts:
        samples = part.samples[: max(0, length - part.start)]
        stems[part.stem][part.start : part.start + len(samples)] += samples
    mix = sum(stems.values(), start=np.zeros((length, 2)))
    ducked = ducking(spans, -8.0, 0, length, SAMPLE_RATE)
    if spans:
        mix *= ducked[:, None]
    fade = _fade(length)

    def curve(gain_db: float) -> np.ndarray:
        gain = 10 ** (gain_db / 20)
        return _limiting_gain(mix, boundaries, gain) * np.float32(gain) * fade

    meter = pyloudnorm.Meter(SAMPLE_RATE)
    gain_db = target_lufs - float(meter.integrated_loudness(mix))
    for _ in range(6):
        lufs = float(meter.integrated_loudness(mix * curve(gain_db)[:, None]))
        if abs(target_lufs - lufs) < 0.05:
            break
        gain_db = min(gain_db + target_lufs - lufs, 60.0)
    final = curve(gain_db) * ducked if spans else curve(gain_db)
    mastered = {name: _mastered(samples, final) for name, samples in stems.items()}
    total = sum(mastered.values(), start=np.zeros((length, 2), np.float32))
    return WholeMix(gain_db, mastered, total)


def _envelope(samples: np.ndarray) -> np.ndarray:
    """The true peak from each sample to the next."""
    fine = np.abs(resample_poly(samples.astype(np.float32), 4, 1, axis=0)).max(axis=1)
    return fine.reshape(-1, 4).max(axis=1)


def _limiting_gain(mix: np.ndarray, boundaries: Sequence[int], gain: float) -> np.ndarray:
    curve = np.ones(len(mix), np.float32)
    for first, last in pairwise(boundaries):
        begin = max(0, first - 32)
        envelope = _envelope(mix[begin:last])
        for start in range(first, last, BLOCK):
            peak = envelope[start - begin : start - begin + BLOCK].max()
            if start == first:
                peak = max(
                    peak, envelope[max(0, first - begin - 16) : first - begin].max(initial=0)
                )
            if peak * gain > CEILING:
                _press(curve, start, max(start - ATTACK, first), 1 - CEILING / (gain * float(peak)))
    return curve


def _press(curve: np.ndarray, start: int, begin: int, need: float) -> None:
    attack = start - begin
    fall = (1 - np.cos(np.pi * np.arange(1, attack + 1) / (attack + 1))) / 2
    rise = (1 + np.cos(np.pi * np.arange(1, RELEASE + 1) / (RELEASE + 1))) / 2
    depth = np.concatenate([fall, np.ones(BLOCK + HOLD), rise])
    inside = curve[begin : begin + len(depth)]
    inside[:] = np.minimum(inside, (1 - need * depth[: len(inside)]).astype(np.float32))


def _fade(length: int) -> np.ndarray:
    begin = length - 1 - FADE_OUT
    steps = np.arange(1, FADE_OUT + 1) / FADE_OUT
    return np.concatenate(
        [np.ones(begin, np.float32), ((1 + np.cos(np.pi * steps)) / 2).astype(np.float32), [0]]
    ).astype(np.float32)


def _mastered(stem: np.ndarray, curve: np.ndarray) -> np.ndarray:
    levels = np.rint(stem * (curve * np.float32(GRID))[:, None])
    return np.clip(levels, -GRID, GRID - 1) / np.float32(GRID)
