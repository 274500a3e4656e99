"""Which phrases come again."""

import numpy as np
import pytest

from diffbgm.spotting.form import Form, find_form

CALM, TENSE = (0.6, 0.3, 0.2), (0.2, 0.8, 0.9)


def mood(*phrases: tuple[int, tuple[float, ...]]) -> tuple[list[int], np.ndarray]:
    """Starts and moods (bars, 3) of phrases of so many bars in a mood each."""
    lengths = [length for length, _ in phrases]
    return np.cumsum([0, *lengths[:-1]]).tolist(), np.repeat(
        [m for _, m in phrases], lengths, axis=0
    )


def form(*phrases: tuple[int, tuple[float, ...]], seed: int = 0) -> Form:
    starts, moods = mood(*phrases)
    return find_form(starts, moods, np.random.default_rng(seed))


def test_a_section_is_theme_theme_contrast_theme():
    assert form(*[(4, CALM)] * 4).letters == (0, 0, 1, 0)
    assert form((4, CALM), (4, CALM)).letters == (0, 0)
    assert form((4, CALM)).letters == (0,)


def test_after_another_section_the_first_theme_comes_back():
    letters = form(*[(4, CALM)] * 12).letters
    assert letters[:4] == letters[8:] == (0, 0, 1, 0)
    assert set(letters[4:8]).isdisjoint(letters[:4])


def test_where_the_mood_has_changed_it_is_another_phrase():
    letters = form((4, CALM), (4, TENSE), (4, CALM), (4, TENSE)).letters
    assert letters[0] != letters[1]
    assert letters[1] == letters[3]


def test_long_phrases_have_halves_and_some_are_periods():
    forms = [form((8, CALM), (8, CALM), seed=seed) for seed in range(20)]
    assert {one.starts for one in forms} == {(0, 4, 8, 12)}
    assert {one.letters for one in forms} == {(0, 0, 0, 0), (0, 1, 0, 1)}


def test_bars_show_what_comes_again_but_for_the_last():
    shown = Form((0, 4, 8, 11), (0, 1, 0, 1), 15).shown()
    assert shown.tolist() == [0, 1, -1, -1, 2, 3, 4, -1, 0, 1, -1, 2, 3, 4, -1]


@pytest.mark.parametrize("bars", [1, 3, 9])
def test_a_piece_of_one_phrase_shows_nothing_twice(bars):
    one = form((bars, CALM), seed=1)
    assert sum(len(span) for span in one.spans) == bars
    assert len(one.shown()) == bars


def test_what_comes_before_the_first_phrase_is_a_part_of_its_own():
    one = find_form([1, 5], np.tile(CALM, (9, 1)), np.random.default_rng(0))
    assert one.starts == (0, 1, 5)
    assert one.letters == (0, 1, 1)
    assert find_form([], np.tile(CALM, (3, 1)), np.random.default_rng(0)).letters == (0,)


def at_places(*phrases: tuple[int, tuple[float, ...], int]) -> tuple[int, ...]:
    """Letters of phrases of so many bars, with levels, at places."""
    starts, levels = mood(*[phrase[:2] for phrase in phrases])
    places = np.repeat([place for *_, place in phrases], [phrase[0] for phrase in phrases])
    return find_form(starts, levels, np.random.default_rng(0), places).letters


def test_where_the_picture_returns_to_a_place_its_phrase_does():
    letters = at_places(*[(4, CALM, place) for place in (5, 9, 7, 9, 5, 8)])
    assert letters[0] == letters[4]
    assert letters[1] == letters[3]
    assert len({letters[0], letters[1], letters[2]}) == 3


def test_what_belongs_to_a_place_comes_back_in_another_mood():
    other = tuple(level + 0.4 for level in CALM)
    returned = at_places((4, CALM, 0), (4, CALM, 1), (4, other, 0))
    assert returned[0] == returned[2]
    assert form((4, CALM), (4, CALM), (4, other)).letters[2] != 0


def test_places_that_do_not_come_back_leave_the_form_as_it_is():
    for places in (range(8), [3] * 8):
        assert at_places(*[(4, CALM, place) for place in places]) == form(*[(4, CALM)] * 8).letters


def test_a_quiet_beginning_is_an_introduction_and_a_quiet_end_comes_back_to_it():
    quiet = (*CALM[:2], CALM[2] - 0.15)
    letters = form((4, quiet), *[(4, CALM)] * 4, (4, quiet)).letters
    assert letters == (0, 1, 1, 2, 1, 0)
    assert form((4, quiet), *[(4, CALM)] * 3).letters == (0, 0, 1, 0)
