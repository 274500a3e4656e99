"""Notes made playable, a rule at a time."""

from diffbgm.arranging.voices import (
    below,
    fold,
    legato,
    limit_voices,
    pedalled,
    thin_low,
    within,
    without_collisions,
)
from diffbgm.music.score import Note


def line(*pitches: int, length: float = 1.0) -> list[Note]:
    return [Note(float(i), pitch, length, 80) for i, pitch in enumerate(pitches)]


def pitches(notes: list[Note]) -> list[int]:
    return [note.pitch for note in notes]


def test_a_line_moves_by_octaves_as_a_whole():
    assert pitches(fold(line(84, 88, 91), (55, 80))) == [72, 76, 79]


def test_only_what_still_sticks_out_moves_alone():
    assert pitches(fold(line(60, 64, 90, 62), (55, 80))) == [60, 64, 78, 62]


def test_a_doubling_lies_an_octave_away_where_the_range_allows():
    assert pitches(fold(line(60, 64), (55, 80), octave=1)) == [72, 76]
    assert pitches(fold(line(72, 76), (55, 80), octave=1)) == [72, 76]


def test_one_voice_takes_the_top_and_never_overlaps():
    chord = [Note(0.0, 60, 2.0, 80), Note(0.0, 67, 2.0, 80), Note(1.0, 65, 1.0, 80)]
    assert limit_voices(chord, 1) == [Note(0.0, 67, 1.0, 80), Note(1.0, 65, 1.0, 80)]


def test_of_a_chord_the_outer_voices_stay():
    chord = [Note(0.0, pitch, 1.0, 80) for pitch in (48, 55, 60, 64)]
    assert pitches(limit_voices(chord, 3)) == [48, 60, 64]


def test_a_pitch_ends_where_it_is_struck_again():
    struck = [Note(0.0, 60, 4.0, 80), Note(2.0, 60, 1.0, 90), Note(0.0, 64, 4.0, 70)]
    assert without_collisions(struck) == [
        Note(0.0, 60, 2.0, 80),
        Note(0.0, 64, 4.0, 70),
        Note(2.0, 60, 1.0, 90),
    ]


def test_the_same_note_twice_is_one():
    assert without_collisions([Note(0.0, 60, 1.0, 80), Note(0.0, 60, 2.0, 60)]) == [
        Note(0.0, 60, 2.0, 80)
    ]


def test_the_accompaniment_stays_under_the_tune():
    tune = [Note(0.0, 67, 2.0, 90)]
    chord = [Note(0.0, pitch, 1.0, 80) for pitch in (60, 67, 72)] + [Note(3.0, 72, 1.0, 80)]
    assert pitches(below(chord, tune, lowest=58)) == [60, 60, 72]


def test_no_mud_in_the_low_register():
    low_triad = [Note(0.0, pitch, 1.0, 80) for pitch in (40, 44, 47, 60, 64)]
    assert pitches(thin_low(low_triad, 0)) == [40, 47, 60, 64]
    assert pitches(thin_low(low_triad, 48)) == [60, 64]


def test_legato_reaches_over_short_rests_alone():
    notes = [Note(0.0, 60, 0.5, 80), Note(1.0, 62, 0.5, 80), Note(8.0, 64, 1.0, 80)]
    assert [note.end_beats for note in legato(notes)] == [1.0, 1.5, 9.0]


def test_the_pedal_is_lifted_where_the_harmony_changes():
    notes = [Note(0.5, 60, 0.5, 80), Note(2.5, 62, 2.5, 80)]
    assert [note.end_beats for note in pedalled(notes, (2.0, 4.0))] == [2.0, 5.0]


def test_what_begins_in_a_shot_ends_with_it():
    notes = [Note(-1.0, 60, 4.0, 80), Note(1.0, 62, 9.0, 80), Note(4.0, 64, 1.0, 80)]
    assert within(notes, 0, 4) == [Note(1.0, 62, 3.0, 80)]
