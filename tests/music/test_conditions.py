"""Conditions of music whose answers a musician knows."""

import numpy as np
import pytest

from diffbgm.music import conditions
from diffbgm.music.conditions import DYNAMIC, SEMANTIC
from diffbgm.music.pianoroll import from_notes

NO_PHRASES = np.zeros(0, int)
BARS = 8
C_MAJOR = [(60, 64, 67), (65, 69, 72), (67, 71, 74), (60, 64, 67)]
C_MINOR = [(60, 63, 67), (65, 68, 72), (67, 70, 74), (60, 63, 67)]


def chords(bars, velocity=80, every=4):
    """Block chords, one a bar in turn, struck again `every` sixteenths; rows of notes."""
    return np.array(
        [
            [bar * 16 + at, every, pitch, velocity, 2]
            for bar in range(BARS)
            for at in range(0, 16, every)
            for pitch in bars[bar % len(bars)]
        ]
    )


def transposed(notes, semitones):
    return notes + np.array([0, 0, semitones, 0, 0])


def measured(notes, phrase_starts=NO_PHRASES):
    dynamic, semantic = conditions.of_roll(from_notes(notes, BARS * 16), phrase_starts)
    return dict(zip((*DYNAMIC, *SEMANTIC), np.hstack([dynamic, semantic]).T, strict=True))


def test_shapes_and_scale():
    dynamic, semantic = conditions.of_roll(from_notes(chords(C_MAJOR), BARS * 16), NO_PHRASES)
    assert dynamic.shape == (BARS * 4, len(DYNAMIC))
    assert semantic.shape == (BARS * 4, len(SEMANTIC))
    for values in (dynamic, semantic):
        assert values.min() >= 0
        assert values.max() <= 1


def test_major_is_brighter_than_minor():
    major, minor = measured(chords(C_MAJOR)), measured(chords(C_MINOR))
    assert major["valence"].mean() > minor["valence"].mean() + 0.3
    assert np.allclose(major["density"], minor["density"])


def test_every_other_onset_removed_is_less_dense_and_less_aroused():
    full, half = measured(chords(C_MAJOR, every=2)), measured(chords(C_MAJOR, every=4))
    assert (full["density"] > half["density"]).all()
    assert full["arousal"].mean() > half["arousal"].mean()


def tune():
    """Eight bars of C major with a melody over chords."""
    melody = [72, 74, 76, 77, 79, 77, 76, 74]
    sung = [[2 * place, 2, melody[place % 8], 90, 0] for place in range(BARS * 8)]
    return np.concatenate([chords(C_MAJOR), sung])


def in_minor(notes):
    """The same piece in C minor: its third, sixth and seventh are lower."""
    lowered = np.isin(notes[:, 2] % 12, [4, 9, 11])
    return notes - np.array([0, 0, 1, 0, 0]) * lowered[:, None]


def test_the_same_piece_in_minor_differs_in_valence_alone():
    major, minor = measured(tune()), measured(in_minor(tune()))
    assert (major["valence"] > minor["valence"] + 0.3).all()
    for name in DYNAMIC:
        assert np.array_equal(major[name], minor[name]), name


def test_the_same_piece_without_every_other_onset_is_less_dense():
    moments = np.unique(tune()[:, 0])
    thinned = tune()[np.isin(tune()[:, 0], moments[::2])]
    full, thin = measured(tune()), measured(thinned)
    assert (full["density"] > thin["density"]).all()
    assert (full["arousal"] > thin["arousal"]).all()
    assert full["valence"] == pytest.approx(thin["valence"], abs=0.2)


def test_a_crescendo_shows_in_accents_and_arousal():
    notes = chords(C_MAJOR)
    notes[:, 3] = np.linspace(20, 120, len(notes)).astype(int)
    rows = measured(notes)
    assert (np.diff(rows["accent"]) >= 0).all()
    assert rows["arousal"][-4:].mean() > rows["arousal"][:4].mean() + 0.2


def test_clusters_are_tenser_than_triads():
    clusters = [(60, 61, 66), (65, 66, 71), (67, 68, 73)]
    assert measured(chords(clusters))["tension"].mean() > 0.3 + (
        measured(chords(C_MAJOR))["tension"].mean()
    )


def test_density_rises_where_the_music_grows_busier():
    calm, busy = chords(C_MAJOR), chords(C_MAJOR, every=1)
    busier = np.concatenate([calm[calm[:, 0] < 64], busy[busy[:, 0] >= 64]])
    change = measured(busier)["density_change"]
    assert change[16] == change.max()
    assert change[16] > 0.6
    assert change[:15] == pytest.approx(0.5, abs=0.2)


def test_phrases_are_counted_from_both_sides():
    rows = measured(chords(C_MAJOR), np.array([0, 16]))
    assert rows["boundary"].nonzero()[0].tolist() == [0, 16]
    assert rows["since_boundary"][16] == 0
    assert (np.diff(rows["since_boundary"][:16]) > 0).all()
    assert (np.diff(rows["until_boundary"][:16]) < 0).all()
    assert rows["until_boundary"][20] == 1  # none is known to come


def test_conditions_do_not_depend_on_the_key():
    home, away = measured(chords(C_MAJOR)), measured(transposed(chords(C_MAJOR), 3))
    for name in ("density", "accent", "valence", "tension"):
        assert home[name] == pytest.approx(away[name], abs=0.02), name


@pytest.mark.parametrize("tonic", range(12))
def test_the_key_signature_follows_a_transposition(tonic):
    roll = from_notes(transposed(chords(C_MAJOR), tonic), BARS * 16)
    assert (conditions.key_signatures_of(roll) == tonic).all()


def test_silence_is_measured_without_complaint():
    dynamic, semantic = conditions.of_roll(np.zeros((64, 3, 88), np.uint8), NO_PHRASES)
    assert np.isfinite(dynamic).all()
    assert np.isfinite(semantic).all()


def test_a_picture_speaks_the_same_language():
    energy = np.array([0.1, 0.1, 0.9, 0.9])
    cuts = np.array([0, 0, 0.8, 0])
    mood = np.array([[-1, 0, 1.0]] * 4)
    dynamic, semantic = conditions.from_picture(energy, cuts, mood)
    rows = dict(zip(DYNAMIC, dynamic.T, strict=True))
    assert rows["density"] == pytest.approx(energy)
    assert rows["density_change"][2] > 0.8
    assert rows["accent"][2] == 1
    assert rows["since_boundary"][2] == 0
    assert semantic[0] == pytest.approx([0, 0.5, 1])


def test_a_lasting_energy_stays_within_what_bars_have():
    dynamic, _ = conditions.from_picture(np.array([0.0, 0, 0, 1, 1]), np.zeros(5), np.zeros((5, 3)))
    scaled = conditions.as_sustained(dynamic)
    assert scaled[:, 0] == pytest.approx([0.16, 0.16, 0.16, 0.86, 0.86])
    assert scaled[0, 1] == pytest.approx(0.5)
    assert scaled[3, 1] == pytest.approx(0.85)
    assert np.array_equal(scaled[:, 3:], dynamic[:, 3:])
