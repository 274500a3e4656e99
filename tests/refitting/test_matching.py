"""What became of each shot, by what it shows."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from diffbgm.errors import TimelineError
from diffbgm.refitting.matching import match_shots, now_at
from tests.refitting.made_edits import edit

FILM = Path("film.mp4")
BEFORE = edit(FILM, [(0, 60), (60, 130), 24, (130, 187), (187, 250)])


def changes(pieces):
    return [(c.change, c.shot, c.before) for c in match_shots(BEFORE, edit(FILM, pieces))]


def test_the_same_edit_is_kept_whole():
    assert [c for c, _, _ in changes([(0, 60), (60, 130), 24, (130, 187), (187, 250)])] == [
        "kept"
    ] * 5


def test_a_trim_moves_what_follows():
    found = changes([(0, 60), (60, 120), 24, (130, 187), (187, 250)])
    assert [c for c, _, _ in found] == ["kept", "shorter", "moved", "moved", "moved"]


def test_swapped_shots_are_moved():
    found = changes([(60, 130), (0, 60), 24, (130, 187), (187, 250)])
    assert found[:3] == [("moved", 0, 1), ("moved", 1, 0), ("kept", 2, 2)]


def test_new_longer_slipped_and_deleted_shots():
    found = changes([(300, 340), (0, 65), (70, 140), (187, 250)])
    assert found == [
        ("new", 0, None),
        ("longer", 1, 0),
        ("slipped", 2, 1),
        ("moved", 3, 4),
        ("deleted", None, 2),
        ("deleted", None, 3),
    ]


def test_a_shot_that_is_cut_in_two_is_two_shorter_ones():
    found = changes([(0, 30), (30, 60), (60, 130), 24, (130, 187), (187, 250)])
    assert found[:2] == [("shorter", 0, 0), ("shorter", 1, 0)]


def test_a_copy_of_a_shot_is_no_old_one_as_it_was():
    found = changes([(0, 60), (0, 60)])
    assert found[:2] == [("kept", 0, 0), ("slipped", 1, 0)]


def test_another_speed_or_file_is_another_picture():
    after = edit(FILM, [(0, 60), (60, 130)])
    fast = replace(after.shots[0].media, speed=Fraction(2))
    other = replace(after.shots[1].media, path=Path("other.mp4"))
    shots = (replace(after.shots[0], media=fast), replace(after.shots[1], media=other))
    found = match_shots(BEFORE, replace(after, shots=shots))
    assert [c.change for c in found[:2]] == ["new", "new"]


def test_a_film_that_was_moved_is_found_by_its_name():
    after = edit(Path("/elsewhere/film.mp4"), [(0, 60)])
    assert match_shots(BEFORE, after)[0].change == "kept"


def test_another_rate_is_refused():
    with pytest.raises(TimelineError, match=r"25 frames a second .* 24"):
        match_shots(BEFORE, edit(FILM, [(0, 60)], Fraction(25)))


def test_frames_are_found_where_they_are_now():
    after = edit(FILM, [(60, 130), (0, 50)])
    assert now_at(60, BEFORE, after) == []  # the first frame is no cut
    assert now_at(0, BEFORE, after) == [70]
    assert now_at(55, BEFORE, after) == []
