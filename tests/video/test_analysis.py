from fractions import Fraction

import numpy as np
import pytest

from diffbgm.errors import CancelledError, CutsError, FilmError, TimelineError
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.analysis import analyse_film, analyse_timeline
from tests.video.films import plain, shifted, texture

A, B = texture(1), texture(2)
FILM_RATE = Fraction(24000, 1001)
GREEN, PINK = (20, 160, 40), (230, 120, 160)


@pytest.fixture
def two_shots(write_film):
    """30 frames of A at rest, 40 of B on the move."""
    return write_film([A] * 30 + [shifted(B, 4 * n) for n in range(40)], FILM_RATE)


def test_a_film_becomes_a_timeline(two_shots):
    timeline = analyse_film(two_shots).timeline
    assert timeline.frame_rate == FILM_RATE
    assert timeline.frames == 70
    assert [(shot.start_frame, shot.end_frame) for shot in timeline.shots] == [(0, 30), (30, 70)]
    assert timeline.shots[1].media == MediaSpan(two_shots, 30 / FILM_RATE)


def test_what_is_measured_has_its_shape_and_range(two_shots):
    analysis = analyse_film(two_shots)
    assert analysis.motion.shape == (70,)
    assert analysis.motion.dtype == np.float32
    assert analysis.motion[:30].max() < 0.1 < analysis.motion[30:].min()
    assert analysis.mood.shape == (3, 3)
    assert analysis.mood.dtype == np.float32
    assert analysis.thumbnails.shape == (2, 108, 192, 3)
    assert np.abs(analysis.thumbnails[0].astype(int) - A).mean() < 12


def test_given_cuts_stand(two_shots):
    analysis = analyse_film(two_shots, cuts=(10, 30))
    assert analysis.timeline.cuts == (10, 30)
    assert analysis.cuts[0].strength < 0.1 < 0.5 < analysis.cuts[1].strength


@pytest.mark.parametrize(
    ("cuts", "message"),
    [
        ((0, 30), "cuts: frame 0 is outside the film; new shots begin at frame 1 or later$"),
        ((30, 10), "cuts: frame 10 comes after 30"),
        ((30, 30), "cuts: frame 30 is there twice"),
        ((30, 70), "cuts: frame 70 is outside the film.*the last at 69"),
    ],
)
def test_impossible_cuts_are_named(two_shots, cuts, message):
    with pytest.raises(CutsError, match=message):
        analyse_film(two_shots, cuts=cuts)


def test_progress_rises_to_one(two_shots):
    fractions: list[float] = []
    analyse_film(two_shots, progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize("at", [0.0, 0.96])
def test_cancelling_passes_through(two_shots, at):
    """While pictures are measured, and while transitions are sought afterwards."""

    def cancel(fraction: float) -> None:
        if at <= fraction < 1:
            raise CancelledError("stop")

    with pytest.raises(CancelledError):
        analyse_film(two_shots, progress=cancel)


def test_a_single_picture_is_no_film(write_film):
    with pytest.raises(FilmError, match="is a single picture"):
        analyse_film(write_film([A]))


def test_an_edit_of_the_same_film_measures_the_same(two_shots):
    film = analyse_film(two_shots, cuts=(30,))
    edit = analyse_timeline(film.timeline)
    np.testing.assert_array_equal(edit.motion, film.motion)
    np.testing.assert_array_equal(edit.mood, film.mood)


def test_an_edit_of_several_films_with_a_gap(write_film):
    green = write_film([plain(GREEN)] * 60, name="green.mp4")
    pink = write_film([plain(PINK, (160, 96))] * 60, name="pink.mp4")
    spans = (MediaSpan(pink, Fraction(1)), None, MediaSpan(green, Fraction(1, 2)))
    edges = ((0, 20), (20, 30), (30, 60))
    shots = tuple(
        Shot(index, *edge, media)
        for index, (edge, media) in enumerate(zip(edges, spans, strict=True))
    )
    analysis = analyse_timeline(Timeline(Fraction(24), shots))
    middle = analysis.thumbnails[:, 96, 57]
    for colour, expected in zip(middle, (PINK, (0, 0, 0), GREEN), strict=True):
        np.testing.assert_allclose(colour, expected, atol=12)
    assert analysis.motion.shape == (60,)


def test_a_gap_alone_is_black():
    analysis = analyse_timeline(Timeline(Fraction(25), (Shot(0, 0, 50),)))
    assert analysis.thumbnails.max() == 0
    assert analysis.motion.max() == 0


def test_a_film_that_ends_early_holds_its_last_picture(write_film):
    film = write_film([plain(GREEN)] * 10)
    shots = (Shot(0, 0, 48, MediaSpan(film)),)
    analysis = analyse_timeline(Timeline(Fraction(24), shots))
    assert analysis.motion.shape == (48,)
    np.testing.assert_allclose(analysis.thumbnails[0, 50, 50], GREEN, atol=12)


def test_offline_media_is_named(tmp_path):
    shots = (Shot(0, 0, 48, MediaSpan(tmp_path / "gone.mov")),)
    with pytest.raises(TimelineError, match=r"gone\.mov: is in the edit, but does not exist"):
        analyse_timeline(Timeline(Fraction(24), shots))


def test_an_edit_beyond_the_end_of_its_film_is_named(two_shots):
    shots = (Shot(0, 0, 48, MediaSpan(two_shots, Fraction(60))),)
    with pytest.raises(TimelineError, match=r"from 60\.00 s on, but it lasts 2\.9"):
        analyse_timeline(Timeline(Fraction(24), shots))


def test_big_buck_bunny_is_one_shot(bunny):
    analysis = analyse_film(bunny)
    assert analysis.cuts == ()
    assert analysis.timeline.frame_rate == 25
    assert analysis.timeline.frames == 132


def test_the_demo_film_has_calm_and_action(demo, analysis_of_demo):
    _path, truth = demo
    timeline = analysis_of_demo.timeline
    assert (timeline.frame_rate, timeline.frames) == (truth.frame_rate, truth.frames)
    energy = [
        analysis_of_demo.motion[shot.start_frame : shot.end_frame].mean() for shot in timeline.shots
    ]
    assert min(energy) < 0.15
    assert max(energy) > 0.6
    assert np.ptp(analysis_of_demo.mood, axis=0).min() > 0.5
