"""The theme and where it returns."""

import pytest

from diffbgm.spotting.phrases import theme_bars


def shown(phrase_bars, first_downbeat=0):
    """The theme's bars in a film whose phrases are of so many bars, as a list."""
    starts, beat = [], first_downbeat
    for bars in phrase_bars:
        starts.append(beat)
        beat += 4 * bars
    return theme_bars(starts, beat, first_downbeat).tolist()


NONE = [-1]


@pytest.mark.parametrize("first_downbeat", [0, 3])
def test_the_first_phrase_returns_after_sixteen_bars(first_downbeat):
    theme = [0, 1, 2, 3]
    assert shown([4] * 6, first_downbeat) == theme + NONE * 12 + theme + NONE * 4


def test_a_longer_phrase_shows_it_whole_and_goes_on_freely():
    assert shown([4, 8, 4, 8])[16:] == [0, 1, 2, 3] + NONE * 4


def test_a_shorter_phrase_shows_its_beginning():
    assert shown([8, 8, 5])[16:] == [0, 1, 2, 3, 4]


def test_fragments_are_no_theme_and_show_none():
    assert shown([2, 4, 8, 4, 3, 4]) == NONE * 2 + [0, 1, 2, 3] + NONE * 15 + [0, 1, 2, 3]


@pytest.mark.parametrize("phrase_bars", [[], [1], [8, 8], [4, 4, 4, 4], [4, 12, 3]])
def test_a_film_too_short_for_its_return_has_none(phrase_bars):
    assert set(shown(phrase_bars)) <= {-1}


def test_a_last_bar_cut_short_counts():
    assert theme_bars([0, 16, 64], 78, 0).tolist()[16:] == [0, 1, 2, 3]
