"""Metrics of single pieces and of sets, worked by hand."""

import math

import numpy as np
import pytest
import scipy.stats

from diffbgm.evaluation import defects, harmony, overlap, rhythm, structure
from diffbgm.evaluation.piece import MeasuredPiece, from_notes


def piece(*notes: tuple[int, int, int], bars: int | None = None) -> MeasuredPiece:
    """Of notes (onset, duration, pitch), all in one track."""
    return from_notes("hand", np.array([[*note, 0] for note in notes], int).reshape(-1, 4), bars)


SILENCE = piece(bars=16)
NOTHING = piece()
FLATS = piece((0, 4, 63), (4, 4, 68), (8, 4, 70), (12, 4, 61))


def test_pitch_class_entropy_by_hand() -> None:
    assert harmony.pitch_class_entropy(piece((0, 1, 60), (1, 1, 72), (2, 1, 48))) == 0
    assert harmony.pitch_class_entropy(FLATS) == pytest.approx(2)
    three_to_one = piece((0, 1, 60), (1, 1, 60), (2, 1, 60), (3, 1, 61))
    assert harmony.pitch_class_entropy(three_to_one) == pytest.approx(0.811278)


def test_pche_leaves_silent_windows_out() -> None:
    two_then_silence_then_one = piece((0, 1, 60), (1, 1, 61), (300, 1, 60), bars=24)
    assert harmony.pche(two_then_silence_then_one) == pytest.approx((1 + 0) / 2)


def test_notes_in_key_finds_the_best_key() -> None:
    e_flat_major = [63, 65, 67, 68, 70, 72, 74]
    notes = [(place, 1, pitch) for place, pitch in enumerate([*e_flat_major, 64])]
    assert harmony.notes_in_key(piece(*notes)) == pytest.approx(7 / 8)


def test_chord_tones_on_beats_by_hand() -> None:
    c_major = [(0, 8, 48), (0, 8, 52), (0, 8, 55)]
    passing = [(4, 1, 62), (5, 1, 65)]  # D on the second beat, F off the beat
    d_minor = [(8, 8, 50), (8, 8, 53), (8, 8, 57)]
    shares = harmony.chord_tones_on_beats(piece(*c_major, *passing, *d_minor))
    assert shares.tolist() == [3 / 4, 1]


def test_grooving_similarity_by_hand() -> None:
    bars = [(0, 1, 60), (8, 1, 60)], [(16, 1, 64), (24, 1, 62)], [(32, 1, 60), (36, 1, 60)]
    notes = [note for bar in bars for note in bar]
    # Bars 1 and 2 are alike; the third differs from each in two of 16 places.
    assert rhythm.grooving_similarity(piece(*notes, bars=3)) == pytest.approx(1 - (2 + 2) / 16 / 3)


def test_rank_correlation_agrees_with_scipy() -> None:
    random = np.random.RandomState(0)
    requested = random.randint(0, 6, 200)
    realised = requested + random.randint(0, 5, 200)
    expected = scipy.stats.spearmanr(requested, realised).statistic
    assert rhythm.rank_correlation(requested, realised) == pytest.approx(expected)
    assert rhythm.rank_correlation(requested, -requested) == pytest.approx(-1)
    assert rhythm.rank_correlation(requested, np.ones(200)) is None
    assert rhythm.rank_correlation(np.zeros(0), np.zeros(0)) is None
    with pytest.raises(ValueError, match="requested"):
        rhythm.rank_correlation(requested, requested[1:])


def test_defects_by_hand() -> None:
    long, longest = (0, 64, 60), (0, 65, 62)
    assert defects.stuck_notes(piece(long, longest)) == 0.5
    assert defects.empty_bars(piece((10, 10, 60), bars=4)) == 0.5
    twelve = [(0, 16, 40 + key) for key in range(12)]
    assert defects.crowded(piece(*twelve)) == 0
    assert defects.crowded(piece(*twelve, (4, 4, 90))) == 4 / 16
    assert defects.crowded(piece(*twelve, (4, 4, 40))) == 0  # the same key twice is one key


def test_overlapping_area_by_hand() -> None:
    assert overlap.overlapping_area(np.array([1, 3, 0]), np.array([0, 1, 1])) == 0.5
    assert overlap.overlapping_area(np.array([0, 0]), np.array([1, 0])) is None
    areas = overlap.overlapping_areas(
        [piece((0, 2, 60), (4, 2, 64))], [piece((0, 2, 60), (4, 1, 67))]
    )
    assert areas["pitch"] == 0.5
    assert areas["duration"] == 0.5
    assert areas["inter_onset_interval"] == 1
    assert areas["density"] == 1


def test_overlap_with_oneself_is_whole_whatever_the_values() -> None:
    wild = piece((0, 700, 0), (64, 1, 127), (640, 3, 60), *[(32, 1, key) for key in range(100)])
    areas = overlap.overlapping_areas([wild, FLATS], [wild, FLATS])
    assert all(area == pytest.approx(1) for area in areas.values())


def test_chroma_by_hand() -> None:
    # One second is 8 sixteenths: C for the first, C and E for the second, silence, a half second.
    chroma = structure.chroma(piece((0, 16, 60), (8, 8, 64), bars=2))
    expected = np.zeros((4, 12))
    expected[0, 0] = 1
    expected[1, [0, 4]] = math.sqrt(0.5)
    np.testing.assert_allclose(chroma, expected)


def test_music_that_returns_has_more_structure_than_music_that_does_not() -> None:
    random = np.random.RandomState(0)

    def eight_bars() -> np.ndarray:
        return random.randint(0, 12, 64)

    def played(pitches: np.ndarray) -> dict[str, float | None]:
        notes = [(2 * place, 2, 60 + pitch) for place, pitch in enumerate(pitches)]
        return structure.structureness(piece(*notes))

    a, b, c, d = (eight_bars() for _ in range(4))
    returning = played(np.concatenate([a, b, a, b]))
    wandering = played(np.concatenate([a, b, c, d]))
    for name in structure.RANGES:
        assert returning[name] > wandering[name]


def test_structure_of_too_short_a_piece_is_not_measured() -> None:
    ten_seconds = structure.structureness(piece((0, 16, 60), (64, 16, 64)))
    assert ten_seconds["3-8 s"] is not None
    assert ten_seconds["8-15 s"] is not None
    assert ten_seconds["over 15 s"] is None
    assert set(structure.structureness(piece((0, 4, 60))).values()) == {None}


@pytest.mark.parametrize("empty", [SILENCE, NOTHING])
def test_silence_is_not_measured_and_breaks_nothing(empty: MeasuredPiece) -> None:
    for metric in (harmony.pche, harmony.notes_in_key, rhythm.grooving_similarity):
        assert metric(empty) is None
    assert defects.stuck_notes(empty) is None
    assert set(structure.structureness(empty).values()) == {None}
    assert harmony.chord_tones_on_beats(empty).tolist() == []
    areas = overlap.overlapping_areas([empty], [FLATS])
    assert areas["pitch"] is None
    assert areas["mean"] is None


def test_silent_bars_are_empty() -> None:
    assert defects.empty_bars(SILENCE) == 1
    assert defects.crowded(SILENCE) == 0
    assert defects.empty_bars(NOTHING) is None
    assert defects.crowded(NOTHING) is None


def test_a_single_chord_held_throughout_is_all_repetition() -> None:
    held = structure.structureness(piece((0, 320, 60), (0, 320, 64)))
    assert all(value is not None and 0 <= value <= 1 for value in held.values())
