"""Pictures that are still, black or of one colour, and edits between them: nothing is divided by
a spread that they make zero."""

from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest

from diffbgm.video.analysis import analyse_film
from diffbgm.video.mood import MoodMeter
from diffbgm.video.motion import MotionMeter
from diffbgm.video.shots import Cut, ShotDetector
from tests.video.films import blend, lit, plain, texture

SIZE = (36, 64)
BLACK, WHITE = plain((0, 0, 0), SIZE), plain((255, 255, 255), SIZE)
RED, BLUE = plain((200, 0, 0), SIZE), plain((0, 0, 200), SIZE)
GREY, NEARLY_GREY = plain((128, 128, 128), SIZE), plain((128, 129, 128), SIZE)
STILL = texture(1, SIZE)
PICTURES = {
    "black": BLACK,
    "white": WHITE,
    "red": RED,
    "blue": BLUE,
    "grey": GREY,
    "nearly grey": NEARLY_GREY,
    "still": STILL,
    "dark": lit(STILL, 0.02),
}
RATE = 25.0


def measured(frames: list[np.ndarray], rate: float = RATE) -> tuple[Cut, ...]:
    """The cuts of the frames; motion and mood are measured too, and are numbers."""
    shots, motion, mood = ShotDetector(rate), MotionMeter(), MoodMeter()
    for frame in frames:
        for meter in (shots, motion, mood):
            meter.push(frame)
    cuts = shots.finish()
    energy = motion.energy(rate, [cut.span for cut in cuts])
    assert np.isfinite(energy).all()
    assert np.isfinite(mood.mood(energy, rate)).all()
    assert all(0 <= cut.strength <= 1 for cut in cuts)
    return cuts


def faded(a: np.ndarray, b: np.ndarray, frames: int) -> list[np.ndarray]:
    return [blend(a, b, (n + 1) / (frames + 1)) for n in range(frames)]


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("frames", [1, 2, 5, 120])
def test_one_picture_alone_has_no_cut(name, frames):
    assert measured([PICTURES[name]] * frames) == ()


@pytest.mark.parametrize(("before", "after"), list(product(PICTURES, repeat=2)))
@pytest.mark.parametrize("frames", [0, 25])
def test_one_picture_becomes_another(before, after, frames):
    a, b = PICTURES[before], PICTURES[after]
    cuts = measured([a] * 40 + faded(a, b, frames) + [b] * 40)
    assert all(40 <= cut.frame <= 40 + frames for cut in cuts)


@pytest.mark.parametrize("seed", range(8))
def test_any_row_of_flat_pictures_is_measured(seed):
    rng = np.random.default_rng(seed)
    row = [list(PICTURES.values())[i] for i in rng.integers(0, len(PICTURES), 6)]
    frames = [row[0]] * int(rng.integers(1, 40))
    for before, after in pairwise(row):
        frames += faded(before, after, int(rng.integers(0, 40)))
        frames += [after] * int(rng.integers(1, 40))
    measured(frames, float(rng.choice([1, 10, 25, 60])))


@pytest.mark.parametrize("rate", [1 / 60, 0.4, 1.0])
def test_a_time_lapse_has_a_mood_in_every_second(rate):
    assert measured([GREY] * 6, rate) == ()


@pytest.mark.parametrize(("name", "frames"), [("flat_xfade.mp4", 125), ("flat_fade.mp4", 100)])
def test_flat_films(name, frames):
    analysis = analyse_film(Path(__file__).with_name("cases") / name)
    assert analysis.timeline.frames == frames
    assert np.isfinite(analysis.motion).all()
    assert np.isfinite(analysis.mood).all()
    assert len(analysis.timeline.cuts) == 1


def test_a_crossfade_of_two_colours_is_one_cut():
    cases = Path(__file__).with_name("cases")
    (cut,) = analyse_film(cases / "flat_xfade.mp4").timeline.cuts
    assert cut == pytest.approx(62, abs=6)


@pytest.mark.parametrize("levels", [0.3, 1, 2.55, 5])
def test_light_that_grows_evenly_is_no_cut(levels):
    """As at sunrise; from black, and from half way."""
    greys = [round(n * levels) for n in range(min(120, int(255 / levels)))]
    frames = [plain((grey, grey, grey), SIZE) for grey in greys]
    assert measured(frames) == ()
    assert measured(frames[len(frames) // 3 :]) == ()
