"""Plans of harmony as people write them, and as a network is conditioned on them."""

import numpy as np
import pytest

from diffbgm.data.harte import chord_row
from diffbgm.errors import OptionError
from diffbgm.music.chord_plan import QUALITIES, ROOTS, ChordPlan, PlannedChord, parse_chord
from diffbgm.music.chord_rows import condition_rows


@pytest.mark.parametrize(
    ("name", "chord"),
    [
        ("C", PlannedChord(0, "", 0)),
        ("Am7", PlannedChord(9, "m7", 9)),
        ("Bb", PlannedChord(10, "", 10)),
        ("F#dim", PlannedChord(6, "dim", 6)),
        ("Bm7b5", PlannedChord(11, "m7b5", 11)),
        ("Ebmaj7/G", PlannedChord(3, "maj7", 7)),
    ],
)
def test_names_are_those_of_lead_sheets(name, chord):
    assert parse_chord(name) == chord
    assert chord.name == name


def test_every_chord_has_a_name_that_means_it():
    for root in range(12):
        for quality in QUALITIES:
            chord = PlannedChord(root, quality, (root + QUALITIES[quality][1]) % 12)
            assert parse_chord(chord.name) == chord
            assert chord.transposed(5).transposed(-5) == chord
    assert [parse_chord(name).root for name in ROOTS] == list(range(12))


@pytest.mark.parametrize("name", ["H", "c", "Cmin", "C/", "C7/H", "", "Am 7", "C|"])
def test_what_is_no_chord_is_named(name):
    with pytest.raises(OptionError, match="is no chord: write a root"):
        parse_chord(name)


def test_a_plan_is_read_bar_by_bar_and_written_so():
    plan = ChordPlan.from_text("C | Am F\nG | N |")
    assert plan.names == ["C", "C", "Am", "F", "G", "G", "N", "N"]
    assert plan.to_text() == "C | Am F | G | N\n"
    assert ChordPlan.from_text(plan.to_text()) == plan == ChordPlan.from_names(plan.names)
    assert [getattr(plan.at(beat), "name", None) for beat in (-1, 3, 4, 7.9, 15, 99)] == [
        *("C", "C", "Am", "F", None, None)
    ]
    assert ChordPlan(()).at(0) is None


@pytest.mark.parametrize(
    ("text", "found"), [("C D E | F", "'C D E' in one bar"), (" | ", "nothing")]
)
def test_what_is_no_plan_says_how_one_is_written(text, found):
    with pytest.raises(OptionError, match=f"found {found}: write one or two chords a bar"):
        ChordPlan.from_text(text)


def test_rows_are_those_that_training_sees():
    rows = ChordPlan.from_text("C | Am7 F/A | N").rows(14)
    names = ["C"] * 4 + ["A:min7"] * 2 + ["F/3"] * 2 + ["N"] * 4
    rows_of_names = condition_rows(np.stack([chord_row(name) for name in names]))
    assert np.array_equal(rows[:12], rows_of_names)
    assert not rows[12:].any()
    assert np.array_equal(ChordPlan.from_text("C").rows(3), rows_of_names[:3])
    assert not ChordPlan(()).rows(4).any()


def test_its_key_is_the_scale_of_most_of_its_tones():
    assert ChordPlan.from_text("C | Am F | Dm G").key_signature(default=5) == 0
    assert ChordPlan.from_text("C | Am").key_signature(default=7) == 7  # a tie of C, F and G
    assert ChordPlan.from_text("N").key_signature(default=3) == 3
