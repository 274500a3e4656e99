from dataclasses import replace

import numpy as np
import pytest

from diffbgm.evaluation.critic import (
    FEATURES,
    bar_features,
    count_songs,
    likeness,
    likeness_of_roll,
)
from diffbgm.evaluation.piece import MeasuredPiece, from_notes

BARS = 8
CHORDS = ((48, 52, 55), (45, 48, 52), (41, 45, 48), (43, 47, 50))
# Of every bar: sixteenth, length and pitch of the tune's notes.
TUNE = (
    ((0, 4, 72), (4, 2, 74), (6, 2, 76), (8, 4, 76), (12, 4, 74)),
    ((0, 6, 72), (6, 2, 71), (8, 8, 69)),
    ((0, 2, 69), (2, 2, 71), (4, 4, 72), (8, 4, 74), (12, 2, 72), (14, 2, 69)),
    ((0, 12, 71),),
    ((0, 4, 72), (4, 2, 74), (6, 2, 76), (8, 4, 79), (12, 4, 76)),
    ((0, 6, 74), (6, 2, 72), (8, 4, 76), (12, 4, 72)),
    ((2, 2, 69), (4, 4, 72), (8, 2, 74), (10, 2, 72), (12, 4, 69)),
    ((0, 4, 71), (4, 4, 74)),
)
STRUCK = ((0, 4, 8, 12), (0, 6, 8, 14), (0, 2, 4, 8, 12), (0, 8))


def song() -> MeasuredPiece:
    """A tune over four chords, broken and in different rhythms, and a voice where it rests."""
    notes = []
    for bar, tune in enumerate(TUNE):
        first, chord, struck = bar * 16, CHORDS[bar % 4], STRUCK[bar // 2]
        notes += [(first + start, length, pitch, 0) for start, length, pitch in tune]
        notes += [(first + start, 4, pitch, 2) for start in struck[::2] for pitch in chord[::2]]
        notes += [(first + start, 2, chord[1], 2) for start in struck[1::2]]
    notes += [(56, 4, 67, 1), (60, 4, 71, 1), (120, 4, 67, 1), (124, 2, 71, 1), (124, 2, 74, 1)]
    return from_notes("song", np.array(notes), BARS)


def scrambled(piece: MeasuredPiece, by: int, seed: int = 0) -> MeasuredPiece:
    """Every pitch moved by up to so many semitones."""
    moved = piece.notes.copy()
    moved[:, 2] += np.random.default_rng(seed).integers(-by, by + 1, len(moved))
    return replace(piece, notes=moved)


def test_a_song_is_more_like_songs_than_the_same_with_wrong_notes():
    likenesses = [likeness(scrambled(song(), by)) for by in (0, 3, 9)]
    assert likenesses == sorted(likenesses, reverse=True)


def test_what_is_dull_is_not_like_songs_either():
    """One key on every beat: nothing in it is wrong, and no song is like that."""
    beats = np.arange(0, BARS * 16, 4)
    dull = from_notes("dull", np.array([(beat, 4, 60, 2) for beat in beats]), BARS)
    assert likeness(dull) < likeness(song())


def test_the_features_of_a_bar_are_what_they_are_called():
    row = dict(zip(FEATURES, bar_features(song())[4], strict=True))
    assert row["struck sixteenths, MELODY"] == 5
    assert row["keys at once, PIANO"] == pytest.approx(8 / 5)
    assert np.isnan(row["mean pitch, BRIDGE"])
    assert row["logarithm of the mean length, MELODY"] == pytest.approx(np.log(16 / 5))
    assert row["mean size of a melody step"] == pytest.approx((1 + 2 + 2 + 3 + 3) / 5)
    assert row["widest melody step"] == 3
    assert row["share of what sounds in the key"] == 1
    assert row["rhythm as four bars before"] == pytest.approx(15 / 16)


def test_an_empty_bar_has_nothing_to_measure_and_a_silent_piece_is_ranked():
    silent = from_notes("silent", np.zeros((0, 4), int), BARS)
    assert np.isnan(bar_features(silent)[0, FEATURES.index("mean pitch, MELODY")])
    assert np.isfinite(likeness(silent))
    assert likeness(silent) < likeness(song())


def test_the_table_is_counted_of_bars():
    songs = [varied(song(), seed) for seed in range(12)]
    table = count_songs(songs)
    rows = np.concatenate([bar_features(piece) for piece in songs])
    assert np.allclose(table["mean"], np.nanmean(rows, axis=0), atol=1e-4)
    assert np.shape(table["covariance"]) == (len(FEATURES), len(FEATURES))
    bars, windows = table["surprise"]
    assert bars == pytest.approx(0, abs=0.1), "a bar's surprise is 1 a feature, by definition"
    assert windows < bars


def varied(piece: MeasuredPiece, seed: int) -> MeasuredPiece:
    """Pitches, lengths and moments other by a little, and some notes left out."""
    rng, notes = np.random.default_rng(seed), scrambled(piece, 4, seed).notes.copy()
    notes[:, 0] += rng.integers(0, 3, len(notes))
    notes[:, 1] += rng.integers(0, 3, len(notes))
    return from_notes("varied", notes[rng.random(len(notes)) > 0.3], BARS)


def test_a_silent_roll_has_a_likeness_too():
    found = likeness_of_roll(np.zeros((40, 3, 88), np.uint8))
    assert np.isfinite(found) and found < 0
