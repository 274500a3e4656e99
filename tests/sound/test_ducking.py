import numpy as np
import pytest

from diffbgm.sound.ducking import FALL, RISE, ducking

RATE = 48_000
DEPTH_DB = -8.0


def decibels(spans: list[tuple[float, float]], seconds: float = 10.0) -> np.ndarray:
    return 20 * np.log10(ducking(spans, DEPTH_DB, 0, round(seconds * RATE), RATE))


def at(seconds: float) -> int:
    return round(seconds * RATE)


def test_it_steps_back_before_the_first_word_until_after_the_last() -> None:
    curve = decibels([(3.0, 5.0)])
    assert np.allclose(curve[at(3.0) : at(5.0)], DEPTH_DB, atol=1e-4)
    assert not curve[: at(3.0 - FALL)].any()
    assert not curve[at(5.0 + RISE) + 1 :].any()
    assert 0.15 <= FALL <= 0.5
    assert 0.15 <= RISE <= 0.5


def test_its_ramps_are_smooth() -> None:
    """A half cosine is never steeper than pi / 2 times its mean slope, and does not jump."""
    curve = decibels([(3.0, 5.0)])
    assert np.abs(np.diff(curve)).max() <= 1.01 * np.pi / 2 * -DEPTH_DB / (FALL * RATE)


def test_between_two_near_spans_it_does_not_jump() -> None:
    curve = decibels([(3.0, 5.0), (5.4, 6.0)])
    assert np.abs(np.diff(curve)).max() < 0.01
    assert curve[at(3.0) : at(6.0)].max() < 0


@pytest.mark.parametrize("span", [(0.0, 1.0), (9.5, 10.0), (0.0, 10.0), (0.1, 9.9)])
def test_speech_at_the_ends_of_the_film(span: tuple[float, float]) -> None:
    curve = decibels([span])
    assert len(curve) == at(10.0)
    assert np.allclose(curve[at(span[0]) : at(span[1])], DEPTH_DB, atol=1e-4)


def test_a_stretch_is_that_of_the_whole() -> None:
    spans = [(0.1, 1.0), (3.0, 5.0), (5.4, 6.0), (9.9, 10.0)]
    parts = [ducking(spans, DEPTH_DB, n, n + 7000, RATE) for n in range(0, 490_000, 7000)]
    assert np.array_equal(np.concatenate(parts), ducking(spans, DEPTH_DB, 0, 490_000, RATE))
