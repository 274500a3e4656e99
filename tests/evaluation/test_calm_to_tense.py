"""A change from calm to tense, asked for and audible."""

import numpy as np
import pytest

from diffbgm.evaluation.calm_to_tense import ask, count_signs, turns_tense
from diffbgm.music.conditions import DYNAMIC, SEMANTIC
from diffbgm.music.pianoroll import from_notes

CALM = (48, 52, 55)
TENSE = (72, 73, 78)


def half(chord, every):
    """Eight bars of a chord, struck again `every` sixteenths."""
    return [(at, every, pitch, 80, 2) for at in range(0, 128, every) for pitch in chord]


def piece(first, second):
    later = [(at + 128, *rest) for at, *rest in second]
    return from_notes(np.array([*first, *later]), 256)


def test_what_is_asked_for_turns_in_the_middle():
    dynamic, semantic = ask(np.zeros(64, bool), np.random.default_rng(0))
    assert dynamic.shape == (64, 6)
    assert semantic.shape == (64, 3)
    change = {
        name: rows[32:, index].mean() - rows[:32, index].mean()
        for names, rows in ((DYNAMIC, dynamic), (SEMANTIC, semantic))
        for index, name in enumerate(names)
    }
    assert change["density"] > 0.2
    assert change["arousal"] > 0.5
    assert change["tension"] > 0.5
    assert change["valence"] < -0.3
    assert dynamic[:, DYNAMIC.index("boundary")].nonzero()[0].tolist() == [0, 32]


def test_signs_are_counted_one_by_one():
    calm, tense = half(CALM, 16), half(TENSE, 4)
    signs = count_signs([piece(calm, tense), piece(tense, calm), piece(calm, half(CALM, 4))])
    assert signs.pieces == 3
    assert signs.density == pytest.approx(2 / 3)
    assert signs.dissonance == pytest.approx(1 / 3)
    assert signs.register == pytest.approx(1 / 3)
    assert signs.signs == pytest.approx(4 / 9)
    assert count_signs([]) is None


def test_real_music_turns_tense_where_arousal_and_tension_both_rise():
    semantic = np.full((64, 3), 0.3)
    semantic[32:] = [0.3, 0.6, 0.3]
    assert not turns_tense(semantic)
    semantic[32:, 2] = 0.6
    assert turns_tense(semantic)
