from fractions import Fraction
from pathlib import Path

import pytest

from diffbgm.readers.media_runs import media_runs
from diffbgm.timeline import MediaSpan, Shot, Timeline

RATE = Fraction(24)


@pytest.mark.parametrize(
    ("shots", "message"),
    [
        ((), "needs a shot"),
        ((Shot(0, 7, 20),), "shot 0 must begin at frame 0"),
        ((Shot(0, 0, 20), Shot(1, 21, 30)), "shot 1 must begin at frame 20"),
        ((Shot(0, 0, 20), Shot(1, 19, 30)), "shot 1 must begin at frame 20"),
        ((Shot(0, 0, 20), Shot(2, 20, 30)), "this is shot 2"),
        ((Shot(0, 0, 20), Shot(1, 20, 20)), "shot 1 has 0 frames"),
    ],
)
def test_shots_that_are_no_edit_are_refused(shots, message):
    with pytest.raises(ValueError, match=message):
        Timeline(RATE, shots)


@pytest.mark.parametrize("rate", [0, -24])
def test_a_rate_above_nothing_is_needed(rate):
    with pytest.raises(ValueError, match="must be above 0"):
        Timeline(Fraction(rate), (Shot(0, 0, 20),))


def test_a_span_backwards_is_the_same_stretch():
    span = MediaSpan(Path("a.mp4"), Fraction(10), Fraction(2))
    assert span.backwards(Fraction(3)) == MediaSpan(Path("a.mp4"), Fraction(16), Fraction(-2))
    assert span.backwards(Fraction(3)).backwards(Fraction(3)) == span


def test_runs_go_on_over_cuts_that_change_nothing():
    a, b = (
        MediaSpan(Path("a.mp4"), Fraction(1)),
        MediaSpan(Path("b.mp4"), Fraction(0), Fraction(-1)),
    )
    media = [None, None, a, a.later(1 / RATE), a.later(2 / RATE), b, b.later(1 / RATE), a, b]
    timeline = Timeline(RATE, tuple(Shot(n, n, n + 1, each) for n, each in enumerate(media)))
    runs = [(run.start_frame, run.end_frame, run.media) for run in media_runs(timeline)]
    assert runs == [(0, 2, None), (2, 5, a), (5, 7, b), (7, 8, a), (8, 9, b)]


def test_a_medium_that_stands_does_not_go_on():
    moving, still = (MediaSpan(Path("a.mp4"), Fraction(1), Fraction(speed)) for speed in (1, 0))
    timeline = Timeline(
        RATE, (Shot(0, 0, 9, still), Shot(1, 9, 20, still), Shot(2, 20, 30, moving))
    )
    assert [run.frames for run in media_runs(timeline)] == [20, 10]
