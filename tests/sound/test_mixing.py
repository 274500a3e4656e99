from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import soundfile
from scipy.signal import resample_poly

from diffbgm.dialogue import Interval
from diffbgm.sound.limiter import REACH
from diffbgm.sound.loudness import LoudnessMeter
from diffbgm.sound.mixing import measure_loudness
from diffbgm.sound.parts import SAMPLE_RATE, Part, save_part
from diffbgm.sound.sample_files import SampleFile, write_samples
from tests.sound.made_sound import BOUNDARIES, LENGTH, all_parts, tones
from tests.sound.mixed import mixed
from tests.sound.whole_array import whole_mix

pytestmark = pytest.mark.slow


def true_peak_db(samples: np.ndarray) -> float:
    """Independently of the limiter: sixteen times oversampled, in double precision."""
    return 20 * np.log10(np.abs(resample_poly(samples.astype(float), 16, 1, axis=0)).max())


@pytest.mark.parametrize("level", [0.002, 0.3, 2.0])
def test_the_mix_is_as_loud_as_it_should_be(level: float) -> None:
    mix = mixed(all_parts(level), BOUNDARIES).samples
    lufs = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(mix.astype(float))
    assert lufs == pytest.approx(-16, abs=0.5)
    assert true_peak_db(mix) <= -1


def test_where_limiting_takes_loudness_away_the_gain_makes_up_for_it() -> None:
    """Rare hits over soft noise: 20 dB from loudness to peak."""
    noise = np.random.default_rng(0).standard_normal((LENGTH, 2)) * 0.02
    noise[::24_000] += 1.0
    result = mixed([Part.rounded("Drums", 0, noise)], BOUNDARIES)
    assert result.curve.max() > 1.05 * result.curve[24_000 * 3]  # it does limit
    assert result.loudness.lufs == pytest.approx(-16, abs=0.5)
    assert true_peak_db(result.samples) <= -1


def test_the_measured_loudness_agrees_with_the_libraries() -> None:
    mix = mixed(all_parts(), BOUNDARIES).samples
    loudness = measure_loudness(mix, len(mix))
    assert loudness.lufs == pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(mix)
    assert loudness.true_peak == pytest.approx(true_peak_db(mix), abs=0.1)


def test_the_last_sample_is_silence_and_not_before() -> None:
    mix = mixed(all_parts(), BOUNDARIES).samples
    assert len(mix) == LENGTH
    assert np.all(mix[-1] == 0)
    assert np.abs(mix[-4800:-2400]).max() > 1e-4


def test_the_last_frame_is_silent_and_what_leads_to_it_fades() -> None:
    """From there on every sample is zero, and nothing loud is cut off."""
    frame = LENGTH - 2002
    noise = np.random.default_rng(0).standard_normal((LENGTH, 2)) * 0.1
    mix = mixed([Part.rounded("Wind", 0, noise)], BOUNDARIES, silent_from=frame).samples
    assert not mix[frame:].any()
    assert np.abs(mix[frame - 48 : frame]).max() < 10 ** (-60 / 20)
    levels = [np.abs(mix[frame - n * 4800 : frame - (n - 1) * 4800]).max() for n in range(1, 6)]
    assert levels == sorted(levels)
    assert levels[-1] > 0.1


@pytest.mark.parametrize("target", [-30.0, -23.0, -10.0])
def test_another_loudness_can_be_asked_for(target: float) -> None:
    result = mixed(all_parts(), BOUNDARIES, target_lufs=target)
    mix = result.samples
    assert result.loudness.lufs == pytest.approx(target, abs=0.5)
    assert true_peak_db(mix) <= -1


def test_stems_add_up_to_the_mix_in_the_files_exactly(tmp_path: Path) -> None:
    result = mixed(all_parts(), BOUNDARIES)
    write_samples(tmp_path / "mix.wav", result.samples)
    total = np.zeros((LENGTH, 2), np.int64)
    for name, samples in result.stems.items():
        write_samples(tmp_path / f"{name}.flac", samples)
        total += soundfile.read(tmp_path / f"{name}.flac", dtype="int32")[0]
    mix, rate = soundfile.read(tmp_path / "mix.wav", dtype="int32")
    assert np.array_equal(total, mix)
    assert (rate, soundfile.info(tmp_path / "mix.wav").subtype) == (48_000, "PCM_24")
    assert np.array_equal(SampleFile(tmp_path / "mix.wav")[:], result.samples)


@pytest.mark.parametrize("spans", [(), ((0.4, 1.3), (3.0, 8.5))], ids=["plain", "dialogue"])
@pytest.mark.parametrize("level", [0.002, 0.3, 2.0])
def test_block_by_block_is_as_all_at_once(
    level: float, spans: tuple[Interval, ...], tmp_path: Path
) -> None:
    """To the bit, from parts on the disc: the gain, every stem and the mix."""
    parts = all_parts(level)
    expected = whole_mix(parts, BOUNDARIES, spans=spans)
    stored = [save_part(part, tmp_path / f"{at}.flac") for at, part in enumerate(parts)]
    made = mixed(stored, BOUNDARIES, spans=spans)
    assert made.gain_db == expected.gain_db
    assert list(made.stems) == list(expected.stems)
    for name, samples in expected.stems.items():
        assert np.array_equal(made.stems[name], samples)
    assert np.array_equal(made.samples, expected.samples)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("samples", [19_200, 19_201, 24_000, 100_007, 300_000])
def test_loudness_by_blocks_is_that_of_the_whole(kind: type, samples: int) -> None:
    noise = np.random.default_rng(samples).normal(0, 0.2, (samples, 2))
    noise *= np.linspace(0, 1, samples)[:, None] ** 4  # what is quiet does not count
    sound = noise.astype(kind)
    meter = LoudnessMeter()
    for first in range(0, samples, 7001):
        meter.push(sound[first : first + 7001])
    assert meter.finish() == pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(sound)


def test_there_is_no_click_between_segments() -> None:
    mix = mixed(all_parts(), BOUNDARIES).samples
    jumps = np.abs(np.diff(mix, axis=0)).max(axis=1)
    inside = np.sort(jumps)[-1000]
    assert all(jumps[boundary - 1] < inside for boundary in BOUNDARIES[1:-1])


@pytest.mark.parametrize("drive_db", [0.0, 12.0])
def test_another_take_of_a_shot_leaves_the_rest_as_it_was(drive_db: float) -> None:
    """Also where the limiter works hard."""
    parts = all_parts()
    gain_db = mixed(parts, BOUNDARIES).gain_db + drive_db
    other = [part if part.start != BOUNDARIES[1] else tones(1, part.stem, 0.9, 5) for part in parts]
    before, after = (mixed(each, BOUNDARIES, gain_db) for each in (parts, other))
    if drive_db:
        assert before.curve[: BOUNDARIES[1]].min() < 0.7 * 10 ** (gain_db / 20)
    changed = np.flatnonzero((before.samples != after.samples).any(axis=1))
    last_tail = max(part.stop for part in other if part.start == BOUNDARIES[1])
    assert changed[0] >= BOUNDARIES[1]
    assert changed[-1] < last_tail + REACH
    assert np.array_equal(before.curve[: BOUNDARIES[1]], after.curve[: BOUNDARIES[1]])


def test_a_take_with_other_instruments_leaves_the_rest_as_it_was() -> None:
    parts = all_parts()
    gain_db = mixed(parts, BOUNDARIES).gain_db
    other = [part for part in parts if part.start != BOUNDARIES[1]]
    other.append(Part("Harp", BOUNDARIES[1], tones(1, "Melody").samples))
    before, after = (mixed(each, BOUNDARIES, gain_db).samples for each in (parts, other))
    assert np.array_equal(before[: BOUNDARIES[1]], after[: BOUNDARIES[1]])


def test_a_silent_film_stays_silent() -> None:
    result = mixed([], (0, SAMPLE_RATE))
    assert result.gain_db == 0
    assert np.all(result.samples == 0)
    assert result.loudness.lufs is None


@pytest.mark.parametrize("length", [2000, 10_000, 19_000])
def test_films_shorter_than_the_measure_of_loudness(length: int) -> None:
    """One frame at 24 frames a second has 2000 samples."""
    result = mixed([tones(0, "Piano")], (0, length))
    assert len(result.samples) == length
    assert np.abs(result.samples).max() > 0.01
    assert true_peak_db(result.samples) <= -1
    assert np.all(result.samples[-1] == 0)


def test_parts_are_cut_where_the_film_ends() -> None:
    stems = mixed(all_parts(), BOUNDARIES).stems
    assert sorted(stems) == list(stems) == ["Bass", "Melody", "Piano"]
    assert {samples.shape for samples in stems.values()} == {(LENGTH, 2)}
