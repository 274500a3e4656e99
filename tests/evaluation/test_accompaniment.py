"""What carries a melody, on chords that one can count by hand."""

import numpy as np
import pytest

from diffbgm.evaluation.accompaniment import (
    ACCOMPANIMENT_METRICS,
    asked_chords_played,
    changes_on_bar_lines,
    chord_changes,
    chord_tones,
    share_played,
    unresolved,
    voice_motion,
)
from diffbgm.evaluation.piece import MeasuredPiece, from_notes
from diffbgm.music.chord_plan import ChordPlan

C, F, A_MINOR = (48, 52, 55), (48, 53, 57), (48, 52, 57)


def chords(*played: tuple[int, ...], melody=()) -> MeasuredPiece:
    """A chord each half bar, and a melody of (onset, pitch), each note a beat long."""
    rows = [(8 * half, 8, pitch, 2) for half, keys in enumerate(played) for pitch in keys]
    rows += [(onset, 1, pitch, 0) for onset, pitch in melody]
    return from_notes("made", np.array(rows), -(-len(played) // 2))


def test_changes_of_chord_and_where_they_fall():
    piece = chords(C, C, F, A_MINOR)
    assert chord_changes(piece) == pytest.approx(2 / 3)
    assert changes_on_bar_lines(piece) == pytest.approx(1 / 2)


def test_chord_tones_are_counted_by_track():
    piece = chords(C, F, melody=[(0, 72), (4, 74), (8, 72), (12, 76)])
    assert chord_tones("PIANO")(piece) == 1
    assert chord_tones("MELODY")(piece) == pytest.approx(1 / 2)
    assert chord_tones("BRIDGE")(piece) is None


def test_a_strong_note_outside_the_chord_resolves_by_step():
    assert unresolved(chords(C, C, melody=[(0, 74), (4, 72), (8, 76)])) == 0
    assert unresolved(chords(C, C, melody=[(0, 74), (4, 79), (8, 76)])) == 1


def test_voices_move_from_the_nearest_key():
    assert voice_motion(chords(C, F)) == pytest.approx((0 + 1 + 2) / 3)


def test_what_was_asked_is_what_is_played():
    piece = chords(C, F, A_MINOR, F)
    asked = ChordPlan.from_names(["Cmaj7", "Fm", "Am7", "N"]).rows(8)
    assert asked_chords_played(piece, asked).tolist() == [True, False, True]
    assert asked_chords_played(piece, ChordPlan.from_names(["Csus4"] * 4).rows(8)).sum() == 1
    assert share_played([piece, piece], {"made": asked}) == pytest.approx(2 / 3)
    assert share_played([piece], {"made": 0 * asked}) is None


def test_silence_has_no_accompaniment():
    silent = from_notes("silent", np.zeros((0, 4)), 2)
    of_notes = set(ACCOMPANIMENT_METRICS) - {"chord changes", "chord changes on bar lines"}
    assert {ACCOMPANIMENT_METRICS[name](silent) for name in of_notes} == {None}
