"""Chords that leave the key."""

from diffbgm.model.chromatic import SHIFT, chromatic_shift
from diffbgm.music.chord_plan import ChordPlan
from diffbgm.music.pianoroll import LOWEST_PITCH


def shifts(name: str, key_signature: int | None) -> dict[int, float]:
    """Shifts by pitch class, of those that are shifted, under a chord of one beat."""
    shift = chromatic_shift(ChordPlan.from_text(name).rows(1), key_signature)
    assert shift.shape == (4, 88)
    octave = shift[2, 60 - LOWEST_PITCH : 72 - LOWEST_PITCH].tolist()
    return {pitch_class: value for pitch_class, value in enumerate(octave) if value}


def test_what_a_chord_has_outside_the_key_is_raised_above_its_neighbours():
    assert shifts("E", 0) == {7: -SHIFT, 8: SHIFT, 9: -SHIFT}
    assert shifts("Fm", 0) == {7: -SHIFT, 8: SHIFT, 9: -SHIFT}


def test_a_neighbour_that_is_in_the_chord_stays():
    assert shifts("Am", 2) == {1: -SHIFT, 0: SHIFT, 11: -SHIFT}
    assert shifts("C7", 0) == {10: SHIFT, 9: -SHIFT, 11: -SHIFT}
    assert shifts("E7", 0).get(4) is None


def test_chords_of_the_key_and_unknown_ones_shift_nothing():
    assert shifts("Am7", 0) == shifts("N", 0) == {}
    assert shifts("F#", None) == {}
