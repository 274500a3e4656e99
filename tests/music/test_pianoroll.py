import numpy as np

from diffbgm.music import pianoroll
from diffbgm.music.pianoroll import HELD
from diffbgm.music.score import Note, Score, Track

# onset, duration (sixteenths), pitch, velocity, track
NOTES = np.array([[0, 4, 60, 90, 0], [2, 1, 48, 50, 2], [4, 4, 60, 70, 0], [7, 9, 100, 20, 1]])


def test_notes_survive_the_roll():
    roll = pianoroll.from_notes(NOTES, 16)
    assert roll.shape == (16, 3, 88)
    assert pianoroll.to_notes(roll).tolist() == NOTES.tolist()


def test_repeated_notes_stay_apart():
    roll = pianoroll.from_notes(NOTES, 16)
    melody = roll[:, 0, 60 - 21]
    assert melody.tolist() == [90, HELD, HELD, HELD, 70, HELD, HELD, HELD] + [0] * 8


def test_a_new_onset_ends_the_note_before_it():
    overlapping = np.array([[0, 8, 60, 90, 0], [4, 2, 60, 80, 0]])
    roll = pianoroll.from_notes(overlapping, 16)
    assert pianoroll.to_notes(roll).tolist() == [[0, 4, 60, 90, 0], [4, 2, 60, 80, 0]]


def test_notes_outside_the_keys_or_the_grid_are_left_out():
    outside = np.array([[0, 4, 20, 90, 0], [0, 4, 109, 90, 0], [16, 4, 60, 90, 0]])
    assert not pianoroll.from_notes(outside, 16).any()


def test_a_note_that_runs_over_the_end_is_let_go_there():
    roll = pianoroll.from_notes(np.array([[14, 8, 60, 90, 0]]), 16)
    assert pianoroll.to_notes(roll).tolist() == [[14, 2, 60, 90, 0]]


def test_held_keys_that_nothing_struck_are_silent():
    roll = np.zeros((8, 3, 88), np.uint8)
    roll[2:6, 0, 40] = HELD
    assert len(pianoroll.to_notes(roll)) == 0


def test_a_piano_score_survives_the_roll():
    piano_score = Score(
        (
            Track("MELODY", 0, (Note(0.0, 60, 1.0, 90), Note(1.0, 62, 0.25, 80))),
            Track("BRIDGE", 0, ()),
            Track("PIANO", 0, (Note(0.5, 48, 3.5, 50),)),
        )
    )
    assert pianoroll.to_score(pianoroll.from_score(piano_score, 4)) == piano_score
