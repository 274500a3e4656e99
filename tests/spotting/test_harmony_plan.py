"""Plans of harmony: what songs do, and what phrases, mood and people ask for."""

from collections import Counter

import numpy as np
import pytest

from diffbgm.lead_sheet import parse_chord
from diffbgm.spotting.harmony_plan import HarmonyBrief, plan_harmony

BRIGHT, DARK = (0.9, 0.5, 0.2), (0.1, 0.5, 0.2)


def brief(halves=32, mood=BRIGHT, starts=(0, 8, 16, 24), letters=(0, 0, 1, 0), **changes):
    return HarmonyBrief(np.tile(mood, (halves, 1)), starts, letters, **changes)


def plans(count=20, **changes):
    return [plan_harmony(brief(**changes), np.random.default_rng(seed)) for seed in range(count)]


def test_the_same_seed_draws_the_same_plan():
    assert plans(3) == plans(3)
    assert len({plan.chords for plan in plans(3)}) == 3


def test_a_phrase_that_returns_has_its_chords_but_closes_its_own_way():
    for plan in plans():
        first, again, contrast, last = (plan.chords[start : start + 8] for start in range(0, 32, 8))
        assert first[:6] == again[:6] == last[:6]
        assert contrast[:6] != first[:6]
    assert any(plan.chords[6:8] != plan.chords[14:16] for plan in plans())


def test_it_ends_on_a_tonic_of_its_key():
    assert {plan.names[-1] for plan in plans(key_signature=2)} <= {"D", "Bm"}


def test_a_bright_mood_is_major_and_a_dark_one_minor():
    def share_of_minor(mood):
        names = Counter(name for plan in plans(mood=mood) for name in plan.names)
        return sum(count for name, count in names.items() if "m" in name.replace("maj", "")) / 640

    assert share_of_minor(DARK) > 0.55 > 0.4 > share_of_minor(BRIGHT)


def test_the_root_changes_at_a_turn():
    turns = (5, 19)
    for plan in plans(letters=(0, 1, 2, 3), turns=turns):
        assert all(plan.chords[half].root != plan.chords[half - 1].root for half in turns)


def test_given_chords_stay_and_the_others_are_drawn_around_them():
    given = {half: parse_chord("E/G#") for half in range(12, 16)} | {20: parse_chord("Caug")}
    named = plans(200, given=given)
    for plan in named:
        assert all(plan.chords[half] == chord for half, chord in given.items())
    before = Counter(plan.names[16] for plan in plans(200, given={15: parse_chord("E/G#")}))
    assert before["Am"] > 60  # where an E leads


@pytest.mark.parametrize("halves", [0, 1, 2, 7])
def test_any_number_of_half_bars(halves):
    plan = plan_harmony(brief(halves, starts=(0,), letters=(0,)), np.random.default_rng(0))
    assert len(plan.chords) == halves
