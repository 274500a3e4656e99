"""Plans of harmony as people write them, and as a network is conditioned on them."""

import numpy as np
import pytest

from diffbgm.data.harte import chord_row
from diffbgm.errors import OptionError
from diffbgm.music.chord_plan import ChordPlan
from diffbgm.music.chord_rows import condition_rows


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
