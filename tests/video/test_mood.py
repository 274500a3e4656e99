import numpy as np
import pytest

from diffbgm.video.mood import MoodMeter

VALENCE, AROUSAL, TENSION = range(3)


def mood(colour: tuple[int, int, int], energy: float = 0.3, frames: int = 24) -> np.ndarray:
    """Of one second in one colour."""
    meter = MoodMeter()
    for _ in range(frames):
        meter.push(np.full((18, 32, 3), colour, np.uint8))
    return meter.mood(np.full(frames, energy), 24.0)


def test_one_row_for_every_second_begun():
    assert mood((90, 90, 90), frames=24).shape == (1, 3)
    assert mood((90, 90, 90), frames=25).shape == (2, 3)


def test_an_average_picture_is_near_nothing():
    assert mood((115, 95, 75)) == pytest.approx(np.zeros((1, 3)), abs=0.15)


def test_bright_colours_please():
    assert mood((255, 220, 150))[0, VALENCE] > 0.5
    assert mood((20, 20, 30))[0, VALENCE] < -0.5


def test_saturated_colours_and_motion_arouse():
    assert mood((160, 20, 20))[0, AROUSAL] > mood((160, 150, 150))[0, AROUSAL]
    assert (
        mood((90, 90, 90), energy=0.9)[0, AROUSAL] > mood((90, 90, 90), energy=0)[0, AROUSAL] + 0.5
    )


def test_dark_action_is_tense_and_bright_calm_is_not():
    assert mood((40, 10, 10), energy=0.9)[0, TENSION] > 0.5
    assert mood((230, 240, 255), energy=0)[0, TENSION] < -0.5


def test_everything_stays_within_its_range():
    for colour in ((0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 0, 1)):
        for energy in (0.0, 1.0):
            assert np.abs(mood(colour, energy)).max() <= 1
