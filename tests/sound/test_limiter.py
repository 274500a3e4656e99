import numpy as np
import pytest
from scipy.signal import resample_poly

from diffbgm.sound.limiter import REACH, Limiter, Peaks, true_peaks
from diffbgm.sound.parts import SAMPLE_RATE

CEILING = 0.85


def between_samples(level: float, length: int) -> np.ndarray:
    """A tone at a quarter of the sample rate whose peaks all lie between samples."""
    tone = level * np.sin(2 * np.pi * np.arange(length) / 4 + np.pi / 4)
    return np.stack([tone, 0.5 * tone], axis=1)


def burst(length: int, begin: int, end: int, level: float = 2.0) -> np.ndarray:
    mix = np.zeros((length, 2))
    envelope = np.hanning(end - begin)[:, None]
    mix[begin:end] = level * envelope * np.random.default_rng(1).uniform(-1, 1, (end - begin, 2))
    return mix


def limiting_gain(peaks: Peaks, gain: float, ceiling: float) -> np.ndarray:
    """Of all samples."""
    return Limiter(peaks, gain, ceiling).between(0, peaks.boundaries[-1])


def fine_peak(samples: np.ndarray) -> float:
    return float(np.abs(resample_poly(samples, 16, 1, axis=0)).max())


def test_true_peaks_see_what_lies_between_the_samples() -> None:
    tone = between_samples(1.0, SAMPLE_RATE)
    assert np.abs(tone).max() == pytest.approx(0.707, abs=0.001)
    peaks = true_peaks(tone, (0, len(tone)))
    assert np.median(peaks.values) == pytest.approx(1.0, abs=0.01)


def test_shots_and_chunks_do_not_change_what_is_found_inside_them() -> None:
    noise = np.random.default_rng(2).standard_normal((200_000, 2))
    whole = true_peaks(noise, (0, 200_000))
    parted = true_peaks(noise, (0, 160_000, 200_000))
    assert np.array_equal(whole.values[:9_990], parted.values[:9_990])
    assert np.array_equal(whole.values[10_001:], parted.values[10_001:])


def test_what_is_quiet_is_left_alone() -> None:
    peaks = true_peaks(between_samples(0.8, 20_000), (0, 20_000))
    assert np.all(limiting_gain(peaks, 1.0, CEILING)[100:-100] == 1)


@pytest.mark.parametrize("gain", [1.0, 1.5, 4.0])
def test_no_true_peak_passes_the_ceiling(gain: float) -> None:
    mix = burst(96_000, 20_000, 60_000) + between_samples(0.3, 96_000)
    curve = limiting_gain(true_peaks(mix, (0, 96_000)), gain, CEILING)
    assert fine_peak(mix * gain) > 1.5 * CEILING
    assert fine_peak(mix * gain * curve[:, None]) < CEILING * 10 ** (0.3 / 20)


def test_the_gain_moves_smoothly() -> None:
    curve = limiting_gain(true_peaks(burst(96_000, 40_000, 44_000), (0, 96_000)), 1.0, CEILING)
    assert curve.min() < 0.6
    assert np.abs(np.diff(curve)).max() < 0.005


def test_a_peak_changes_nothing_far_away() -> None:
    mix = burst(96_000, 40_000, 44_000)
    changed = np.flatnonzero(limiting_gain(true_peaks(mix, (0, 96_000)), 1.0, CEILING) < 1)
    assert changed[0] >= 40_000 - 240
    assert changed[-1] < 44_000 + REACH


@pytest.mark.parametrize("begin", [40_000, 40_001, 40_016, 40_200])
def test_a_shot_never_reaches_back_before_its_first_sample(begin: int) -> None:
    """Whatever the second shot does, the first one's gain is the same."""
    boundaries = (0, 40_000, 96_000)
    calm, loud = between_samples(0.8, 96_000), between_samples(0.8, 96_000)
    loud[begin : begin + 1000] *= 3
    gains = [limiting_gain(true_peaks(mix, boundaries), 1.2, CEILING) for mix in (calm, loud)]
    assert np.array_equal(gains[0][:40_000], gains[1][:40_000])
    assert gains[1][40_000:].min() < gains[0][40_000:].min()
    assert fine_peak(loud[40_000:] * 1.2 * gains[1][40_000:, None]) < 1.0


@pytest.mark.parametrize("size", [999, 4096, 50_000])
def test_wherever_it_is_asked_for_the_gain_is_the_same(size: int) -> None:
    peaks = true_peaks(burst(96_000, 40_000, 44_000), (0, 41_000, 96_000))
    limiter = Limiter(peaks, 1.0, CEILING)
    parts = [limiter.between(n, min(n + size, 96_000)) for n in range(0, 96_000, size)]
    assert np.array_equal(np.concatenate(parts), limiter.between(0, 96_000))
    assert np.concatenate(parts).min() < 0.6
