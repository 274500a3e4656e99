"""Parts to stems, mix and segments at the right loudness. Knows neither notes nor pictures.

Everything is local: where two lists of parts are the same, their mixes are the same to the bit,
but for the limiter's reach (`limiter.REACH`) after a difference. Mastered sound lies on a grid of
24 bits, and the stems add up to the mix exactly.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from diffbgm.sound.limiter import Peaks, limiting_gain, true_peaks
from diffbgm.sound.parts import SAMPLE_RATE, Part, patch_levels, write_levels

MAX_TRUE_PEAK = -1.0  # dBTP
# Lower than MAX_TRUE_PEAK by what a detector at four times the rate may miss.
_CEILING = 10 ** ((MAX_TRUE_PEAK - 0.3) / 20)
FADE_OUT = round(0.5 * SAMPLE_RATE)  # samples: the sound has died away when the picture ends
_MAX_GAIN_DB = 60.0
_SHORTEST_MEASURE = 0.4  # seconds: one block of BS.1770
_FULL_SCALE = 2**23


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness (ITU-R BS.1770-4), None for silence; true peak in dBTP."""

    lufs: float | None
    true_peak: float


@dataclass(frozen=True)
class Master:
    """A finished mix: `samples` (n, 2) float32 on the 24-bit grid, made with the gain `gain_db`.

    `curve` (n,) is everything that was done to it: gain, ducking, limiter and the fade at the end.
    """

    gain_db: float
    curve: np.ndarray
    samples: np.ndarray

    def stem(self, samples: np.ndarray) -> np.ndarray:
        """A stem as it sounds in the mix; all of them add up to `self.samples`, exactly."""
        return _mastered(samples, self.curve)


def sum_stems(parts: Iterable[Part], length: int) -> dict[str, np.ndarray]:
    """The stems by name, (length, 2) float32 each: the sums of their parts in the order given."""
    stems: dict[str, np.ndarray] = {}
    for part in parts:
        if part.stem not in stems:
            stems[part.stem] = np.zeros((length, 2), np.float32)
        samples = part.samples[: max(0, length - part.start)]
        stems[part.stem][part.start : part.start + len(samples)] += samples
    return dict(sorted(stems.items()))


def master(
    stems: Mapping[str, np.ndarray],
    boundaries: Sequence[int],
    gain_db: float | None = None,
    target_lufs: float = -16.0,
    silent_from: int | None = None,
    ducking: np.ndarray | None = None,
) -> Master:
    """The mix of `stems`, none above MAX_TRUE_PEAK, faded to silence from sample `silent_from` on
    (None: the last one).

    `boundaries` are the first samples of the shots, and the film's length in samples. The gain is
    chosen to reach `target_lufs` if `gain_db` is None; another take is made with the gain of the
    first, so that its neighbours stay as they are. `ducking` (n,) is how far the mix steps back
    (a gain); it comes first, so that what is measured and limited is what is played.
    """
    length = boundaries[-1]
    mix = np.zeros((length, 2))
    for name in sorted(stems):
        mix += stems[name]
    if ducking is not None:
        mix *= ducking[:, None]
    peaks = true_peaks(mix, boundaries)
    fade = _fade_out(length, length - 1 if silent_from is None else silent_from)
    if gain_db is None:
        gain_db = _choose_gain(mix, peaks, target_lufs, fade)
    curve = _curve(peaks, gain_db, fade)
    if ducking is not None:
        curve *= ducking
    samples = np.zeros((length, 2), np.float32)
    for name in sorted(stems):
        samples += _mastered(stems[name], curve)
    return Master(gain_db, curve, samples)


def limited(samples: np.ndarray) -> np.ndarray:
    """(n, 2) float32 as they are, but none above MAX_TRUE_PEAK."""
    curve = limiting_gain(true_peaks(samples, (0, len(samples))), 1.0, _CEILING)
    return (samples * curve[:, None]).astype(np.float32)


def measure_loudness(samples: np.ndarray) -> Loudness:
    """Loudness of (n, 2) samples at 48 kHz; below 0.4 s, of what silence makes 0.4 s of it."""
    peak = true_peaks(samples, (0, len(samples))).values.max(initial=0.0)
    return Loudness(_lufs(samples), 20 * float(np.log10(max(peak, 1e-9))))


def segments(samples: np.ndarray, boundaries: Sequence[int]) -> Iterator[np.ndarray]:
    """The shots' pieces of the mix; laid end to end they are the mix."""
    return (samples[first:last] for first, last in pairwise(boundaries))


def write_wav(path: Path, samples: np.ndarray) -> None:
    """Write mastered (n, 2) samples exactly: 48 kHz, 24 bits. StorageError if it cannot."""
    write_levels(path, np.rint(samples * _FULL_SCALE).astype(np.int32))


def patch_wav(path: Path, first: int, samples: np.ndarray) -> None:
    """Replace the samples of a file that `write_wav` wrote, from `first` on, by (m, 2) others."""
    patch_levels(path, first, np.rint(samples * _FULL_SCALE).astype(np.int32))


def wav_length(path: Path) -> int | None:
    """How many samples a file holds that `write_wav` wrote; None if there is none, or another."""
    import soundfile

    try:
        info = soundfile.info(path)
    except soundfile.SoundFileError:
        return None
    is_ours = (info.samplerate, info.channels, info.subtype) == (SAMPLE_RATE, 2, "PCM_24")
    return info.frames if is_ours else None


def read_wav(path: Path) -> np.ndarray:
    """(n, 2) float32, as they were written."""
    import soundfile

    levels, _ = soundfile.read(path, dtype="int32", always_2d=True)
    return (levels / 2**31).astype(np.float32)


def _mastered(stem: np.ndarray, curve: np.ndarray) -> np.ndarray:
    levels = np.rint(stem * (curve * np.float32(_FULL_SCALE))[:, None])
    return np.clip(levels, -_FULL_SCALE, _FULL_SCALE - 1) / np.float32(_FULL_SCALE)


def _fade_out(length: int, silent_from: int) -> np.ndarray:
    """(length,) float32: 1, half a cosine down to 0 at the sample `silent_from`, and 0."""
    fade = np.ones(max(length, silent_from), np.float32)
    begin = max(0, silent_from - FADE_OUT)
    steps = np.arange(1, silent_from - begin + 1) / max(silent_from - begin, 1)
    fade[begin:silent_from] = (1 + np.cos(np.pi * steps)) / 2
    fade[silent_from:] = 0
    return fade[:length]


def _curve(peaks: Peaks, gain_db: float, fade: np.ndarray) -> np.ndarray:
    gain = 10 ** (gain_db / 20)
    return limiting_gain(peaks, gain, _CEILING) * np.float32(gain) * fade


def _choose_gain(mix: np.ndarray, peaks: Peaks, target_lufs: float, fade: np.ndarray) -> float:
    """The gain in dB that brings the limited mix to the target, or as near as limiting allows."""
    loudness = _lufs(mix)
    if loudness is None:
        return 0.0
    gain_db = target_lufs - loudness
    for _ in range(6):  # limiting takes some of the loudness away again
        loudness = _lufs(mix * _curve(peaks, gain_db, fade)[:, None])
        if loudness is None or abs(target_lufs - loudness) < 0.05:
            break
        gain_db = min(gain_db + target_lufs - loudness, _MAX_GAIN_DB)
    return gain_db


def _lufs(samples: np.ndarray) -> float | None:
    import pyloudnorm

    missing = round(_SHORTEST_MEASURE * SAMPLE_RATE) - len(samples)
    if missing > 0:
        samples = np.pad(samples, ((0, missing), (0, 0)))
    loudness = float(pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(samples))
    return loudness if np.isfinite(loudness) else None
