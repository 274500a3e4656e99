"""What makes a melody, on melodies that one can count by hand."""

import numpy as np
import pytest

from diffbgm.evaluation.melody import (
    MELODY_METRICS,
    breaths,
    melodic_range,
    melody_of,
    motifs_repeated,
    rests_at_phrase_ends,
    steps,
    turns,
)
from diffbgm.evaluation.piece import from_notes


def melody(*notes, bars=4):
    """A piece of (onset, duration, pitch) in the melody, above a key of the accompaniment."""
    rows = [(onset, duration, pitch, 0) for onset, duration, pitch in notes]
    return from_notes("made", np.array([*rows, (0, 16, 30, 2)]), bars)


def even(*pitches, gap=4):
    return melody(*((gap * place, gap, pitch) for place, pitch in enumerate(pitches)))


def test_the_melody_is_its_highest_note_at_every_onset():
    piece = melody((0, 4, 60), (0, 4, 67), (4, 2, 64))
    assert melody_of(piece).tolist() == [[0, 4, 67], [4, 6, 64]]


def test_a_step_leads_no_farther_than_half_a_bar():
    assert steps(melody((0, 4, 60), (8, 4, 62), (17, 4, 70), (20, 2, 69))).tolist() == [2, -1]


def test_shares_of_steps_add_up():
    piece = even(60, 60, 62, 65, 60, 72, 52)
    share = {name: metric(piece) for name, metric in MELODY_METRICS.items()}
    sizes = ("unisons", "seconds", "thirds", "fourths and fifths", "wider than a fifth")
    assert [share[f"melody steps: {size}"] for size in sizes] == pytest.approx(
        [1 / 6, 1 / 6, 1 / 6, 1 / 6, 2 / 6]
    )
    assert share["melody steps: an octave or more"] == pytest.approx(2 / 6)
    assert melodic_range(piece) == 20


def test_turns_pass_over_unisons():
    assert turns(even(60, 62, 62, 64, 60)) == pytest.approx(1 / 2)


def test_a_motif_comes_again_on_another_pitch():
    motif = (0, 4, 60), (4, 2, 62), (6, 2, 64), (8, 4, 60)
    again = tuple((onset + 32, length, pitch + 5) for onset, length, pitch in motif)
    other = tuple((onset + 32, length, 90 - pitch) for onset, length, pitch in motif)
    assert motifs_repeated(melody(*motif, *again)) == 1
    assert motifs_repeated(melody(*motif, *other)) == 0


def test_a_breath_is_a_beat_of_rest_between_notes():
    assert breaths(melody((8, 4, 60), (16, 4, 62), (22, 2, 64))) == pytest.approx(1 / 4)


def test_a_phrase_may_end_with_a_rest():
    sings_on = melody((0, 58, 60), (58, 6, 62))
    rests_before = melody((0, 26, 60), (30, 2, 62), (32, 32, 64))
    rests_over = melody((0, 30, 60), (34, 30, 64))
    starts = {"made": np.array([0, 8])}
    shares = [rests_at_phrase_ends([p], starts) for p in (sings_on, rests_before, rests_over)]
    assert shares == [0, 1, 1]
    assert rests_at_phrase_ends([sings_on], {"made": np.array([0])}) is None


def test_without_a_melody_nothing_is_measured():
    silent = from_notes("silent", np.array([(0, 4, 40, 2)]), 4)
    assert {metric(silent) for metric in MELODY_METRICS.values()} == {None}
