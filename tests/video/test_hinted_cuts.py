"""What is said of cuts, and what the picture shows, brought together."""

from fractions import Fraction

import numpy as np
import pytest

from diffbgm.errors import CutsError
from diffbgm.timeline import CutHints, MediaSpan, Shot, Timeline
from diffbgm.video.analysis import analyse_timeline
from diffbgm.video.hinted_cuts import apply_hints
from diffbgm.video.shots import ShotDetector
from tests.video.films import blend, lit, shifted, texture

A, B, C = texture(1), texture(2), texture(3)
DISSOLVE = [A] * 40 + [blend(A, B, (n + 1) / 25) for n in range(24)] + [B] * 40


def cuts(pictures: list[np.ndarray], **hints) -> list[tuple[int, str, str]]:
    return [(cut.frame, cut.kind, cut.source) for cut in hinted(pictures, **hints).cuts]


def hinted(pictures: list[np.ndarray], **hints):
    detector = ShotDetector(24)
    for picture in pictures:
        detector.push(picture)
    return apply_hints(CutHints(**hints), detector.finish(), detector.downscaled, 5)


def test_cuts_are_found_beside_those_that_are_known():
    assert cuts([A] * 30 + [B] * 20 + [C] * 30, cuts=(50,)) == [
        (30, "hard", "picture"),
        (50, "hard", "edit"),
    ]


def test_a_razor_cut_through_a_continuous_picture_is_none():
    pan = [shifted(A, 4 * n) for n in range(60)]
    assert hinted(pan, candidates=(20, 40)) == ((), (20, 40))
    rng = np.random.default_rng(0)
    noisy = [np.clip(A + rng.normal(0, 20, A.shape), 0, 255).astype(np.uint8) for _ in range(40)]
    assert hinted(noisy, candidates=(20,)) == ((), (20,))


def test_a_candidate_needs_far_less_change_than_a_frame_nobody_named():
    jump = [shifted(A, n // 2) for n in range(30)] + [shifted(A, 22 + n // 2) for n in range(30)]
    assert cuts(jump) == []
    assert cuts(jump, candidates=(30,)) == [(30, "hard", "candidate")]
    darker = [A] * 30 + [lit(A, 0.85)] * 30
    assert cuts(darker) == []
    assert cuts(darker, candidates=(29, 30)) == [(30, "hard", "candidate")]


def test_candidates_at_the_ends_and_outside_are_none():
    assert hinted([A] * 20, candidates=(0, 20, 99, -3)) == ((), ())


def test_a_candidate_places_the_dissolve_around_it():
    (found,) = hinted(DISSOLVE).cuts
    assert found.frame != 48
    (cut,), rejected = hinted(DISSOLVE, candidates=(40, 48, 64))
    assert (cut.frame, cut.kind, cut.source) == (48, "dissolve", "candidate")
    assert cut.frames == found.frames
    assert rejected == (40, 64)


def test_what_a_person_says_goes_before_the_picture():
    film = [A] * 30 + [B] * 30 + [C] * 30
    assert cuts(film, dropped=(30,), added=(45,)) == [
        (45, "hard", "added"),
        (60, "hard", "picture"),
    ]
    assert cuts(film, candidates=(30, 60), dropped=(30,)) == [(60, "hard", "candidate")]
    assert cuts(film, cuts=(30, 60), dropped=(60,)) == [(30, "hard", "edit")]
    assert cuts(DISSOLVE, dropped=(52,)) == []
    assert cuts(DISSOLVE, added=(44,)) == [(44, "dissolve", "added")]


def test_a_cut_is_added_to_a_picture_that_goes_on():
    (cut,), _ = hinted([A] * 60, added=(25,))
    assert (cut.frame, cut.source, cut.strength) == (25, "added", 0)


def test_what_is_found_beside_a_known_cut_is_that_cut():
    assert cuts([A] * 30 + [B] * 30, cuts=(31,)) == [(31, "hard", "edit")]
    assert cuts([A] * 30 + [B] * 30, candidates=(29,)) == [(29, "hard", "candidate")]


@pytest.mark.parametrize("hints", [{"added": (60,)}, {"cuts": (0,)}])
def test_cuts_outside_are_named(hints):
    with pytest.raises(CutsError, match="outside the film"):
        hinted([A] * 60, **hints)


def test_a_cut_is_either_added_or_dropped():
    with pytest.raises(CutsError, match="frame 7 is both added and dropped"):
        CutHints(added=(3, 7), dropped=(7,))
    assert CutHints(dropped=(7,)).with_words(added=(7,), dropped=(9,)) == CutHints(
        added=(7,), dropped=(9,)
    )


def test_shots_of_an_edit_are_cut_where_the_picture_says(write_film):
    film = write_film([A] * 30 + [B] * 30, name="film.mp4")
    other = write_film([C] * 40, name="other.mp4")
    shown = Timeline(
        Fraction(24),
        (
            Shot(0, 0, 10, MediaSpan(film)),
            Shot(1, 10, 50, MediaSpan(film, Fraction(10, 24)), energy=0.9),
            Shot(2, 50, 80, MediaSpan(other)),
        ),
        CutHints(candidates=(10, 50)),
    )
    analysis = analyse_timeline(shown)
    assert [(cut.frame, cut.source) for cut in analysis.cuts] == [
        (30, "picture"),
        (50, "candidate"),
    ]
    assert analysis.rejected == (10,)
    assert analysis.timeline == Timeline(
        Fraction(24),
        (
            Shot(0, 0, 30, MediaSpan(film)),
            Shot(1, 30, 50, MediaSpan(film, Fraction(30, 24)), energy=0.9),
            Shot(2, 50, 80, MediaSpan(other)),
        ),
    )
    assert len(analysis.thumbnails) == 3
