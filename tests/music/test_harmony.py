"""Keys, chords and voicings of small pieces whose harmony is known."""

from itertools import pairwise

import pytest

from diffbgm.lead_sheet import parse_chord
from diffbgm.music.harmony import (
    Key,
    chord_at,
    estimate_chords,
    estimate_key,
    half_bars,
    voice_chord,
)
from diffbgm.music.score import Note, Score
from tests.arranging.made_roll import made_piano_score

C = Key(0, minor=False)


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_the_key_moves_with_the_piece(semitones: int):
    assert estimate_key(made_piano_score(8, transpose=semitones)) == Key(
        semitones % 12, minor=False
    )


def test_a_minor_key_has_a_minor_chord_and_its_relatives_scale():
    a_minor = Key(9, minor=True)
    assert a_minor.triad == (9, 0, 4)
    assert a_minor.scale == C.scale == {0, 2, 4, 5, 7, 9, 11}


def test_silence_is_in_c():
    assert estimate_key(Score(())) == C


def test_half_bars_follow_the_bar_lines_and_end_at_the_shot():
    assert half_bars(3, 9, first_downbeat=2) == [(3, 4), (4, 6), (6, 8), (8, 9)]


def test_chords_of_a_progression():
    notes = made_piano_score(4).track("PIANO").notes
    chords = estimate_chords(notes, half_bars(0, 16, 0), C)
    roots = [chord.root for chord in chords]
    assert roots[::2] == [0, 9, 5, 7]
    assert [chord.bass for chord in chords[::2]] == [0, 9, 5, 7]
    assert chord_at(chords, 5.5).root == 9


def test_a_rest_keeps_the_chord_and_silence_has_none():
    note = Note(2.0, 50, 2.0, 80)
    chords = estimate_chords([note, Note(2.0, 53, 2.0, 80)], half_bars(0, 8, 0), C)
    assert [chord.root for chord in chords] == [2, 2, 2, 2]
    assert estimate_chords([], half_bars(0, 8, 0), C) == ()


def test_what_is_planned_is_played_unless_the_notes_clearly_say_otherwise():
    spans = half_bars(0, 6, 0)
    thin = [Note(0.0, 60, 2.0, 80), Note(0.0, 64, 2.0, 80)]  # C and E: C, or Am, and what not
    notes = [*thin, *(Note(2.0, pitch, 2.0, 80) for pitch in (53, 57, 60))]
    planned = [parse_chord(name) for name in ("Am7/C", "G", "E/G#")]
    chords = estimate_chords(notes, spans, C, planned)
    assert [chord.root for chord in estimate_chords(notes, spans, C)] == [0, 5, 5]
    assert [chord.root for chord in chords] == [9, 5, 4]
    assert (chords[0].intervals, chords[0].bass) == ((0, 3, 7, 10), 0)
    assert [chord.root for chord in estimate_chords([], spans, C, planned)] == [9, 7, 4]


def test_voices_move_little_and_do_not_cross():
    previous = voice_chord((0, 4, 7), (48, 76), 3, (55, 60, 64))
    assert previous == (55, 60, 64)
    for triad in ((9, 0, 4), (5, 9, 0), (7, 11, 2), (0, 4, 7)):
        voices = voice_chord(triad, (48, 76), 3, previous)
        assert {voice % 12 for voice in voices} == set(triad)
        assert sum(abs(a - b) for a, b in zip(voices, previous, strict=True)) <= 7
        previous = voices


def test_low_voices_keep_apart():
    voices = voice_chord((0, 4, 7, 11), (40, 60), 4, (41, 43, 45, 47))
    assert all(high - low >= 3 for low, high in pairwise(voices))
