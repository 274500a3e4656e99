"""Notes to a finished mix, by both synthesizers, as a composition makes it."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import resample_poly

from diffbgm.music.score import Note, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.sound.limiter import REACH
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.synthesis import StemMix, render_shot
from diffbgm.sound.synthesizers import Synthesizer
from tests.sound.mixed import Mixed, mixed

pytestmark = pytest.mark.slow

TEMPO = TempoMap((0, 8, 12, 24), (0.0, 4.2, 6.1, 12.0))
CUTS = (0, 8, 12, 24)  # in beats
BOUNDARIES = tuple(round(TEMPO.seconds(beat) * SAMPLE_RATE) for beat in CUTS)
VELOCITIES = (40, 70, 110)  # of the three shots
MIXES = {
    "Strings": StemMix(-2.0, -0.3, 0.4),
    "Piano": StemMix(0.0, 0.2, 0.2),
    "Drums": StemMix(-4.0, 0.0, 0.1),
}


def shot_tracks(shot: int, key: int = 60) -> list[Track]:
    """A chord a bar, quavers, and a beat."""
    first, last = CUTS[shot : shot + 2]
    velocity = VELOCITIES[shot]
    beats = range(first, last)
    chords = [Note(beat, key + step, 4.0, velocity) for beat in beats[::4] for step in (-12, -5, 0)]
    quavers = [Note(b + e, key + (7 * b) % 12, 0.5, velocity) for b in beats for e in (0.0, 0.5)]
    hits = [Note(beat, 36 if beat % 2 == 0 else 38, 0.25, velocity) for beat in beats]
    return [
        Track("Strings", 48, tuple(sorted(chords))),
        Track("Piano", 0, tuple(sorted(quavers))),
        Track("Drums", 0, tuple(hits), is_drum=True),
    ]


def shot_parts(synthesizer: Synthesizer, shot: int, key: int = 60) -> list[Part]:
    span = BOUNDARIES[shot], BOUNDARIES[-1]
    return list(render_shot(synthesizer, shot_tracks(shot, key), TEMPO, MIXES, span))


def together(shots: list[list[Part]], gain_db: float | None = None) -> Mixed:
    return mixed([part for parts in shots for part in parts], BOUNDARIES, gain_db)


def test_a_composition_of_three_shots(synthesizer: Synthesizer) -> None:
    shots = [shot_parts(synthesizer, shot) for shot in range(3)]
    mix = together(shots)
    assert_loud_enough(mix)
    assert_no_click_at_boundaries(mix)
    assert_louder_where_played_louder(mix)
    assert np.array_equal(mix.samples, together(shots).samples)
    assert_another_take_is_local(
        mix, together([shots[0], shot_parts(synthesizer, 1, 63), shots[2]], mix.gain_db)
    )


def assert_loud_enough(mix: Mixed) -> None:
    assert mix.loudness.lufs == pytest.approx(-16, abs=0.5)
    fine = np.abs(resample_poly(mix.samples.astype(float), 16, 1, axis=0)).max()
    assert 20 * np.log10(fine) <= -1


def assert_no_click_at_boundaries(mix: Mixed) -> None:
    jumps = np.abs(np.diff(mix.samples, axis=0)).max(axis=1)
    assert all(jumps[cut - 1] < jumps.max() / 2 for cut in BOUNDARIES[1:-1])


def assert_louder_where_played_louder(mix: Mixed) -> None:
    levels = [mix.samples[first:last].std() for first, last in pairwise(BOUNDARIES)]
    assert levels == sorted(levels)


def assert_another_take_is_local(mix: Mixed, other: Mixed) -> None:
    changed = np.flatnonzero((mix.samples != other.samples).any(axis=1))
    assert changed[0] >= BOUNDARIES[1]
    assert changed[0] < BOUNDARIES[1] + SAMPLE_RATE / 10
    assert changed[-1] <= BOUNDARIES[-1] + REACH
