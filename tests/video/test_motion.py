import numpy as np
import pytest

from diffbgm.video.motion import MotionMeter
from tests.video.films import lit, shifted, texture

A, B = texture(1), texture(2)


def energy(
    pictures: list[np.ndarray], cuts: tuple[int, ...] = (), rate: float = 24.0
) -> np.ndarray:
    meter = MotionMeter()
    for picture in pictures:
        meter.push(picture)
    return meter.energy(rate, [(cut, cut + 1) for cut in cuts])


def test_a_still_picture_has_no_energy():
    assert energy([A] * 10) == pytest.approx(np.zeros(10))


def test_faster_is_more_and_all_lies_in_one_scale():
    means = [energy([shifted(A, speed * n) for n in range(24)]).mean() for speed in (1, 3, 9)]
    assert 0 < means[0] < means[1] < means[2] <= 1
    assert means[2] - means[0] > 0.3


def test_the_same_movement_has_the_same_energy_at_every_rate():
    slow = energy([shifted(A, 4 * n) for n in range(24)], rate=25).mean()
    fine = energy([shifted(A, 2 * n) for n in range(48)], rate=50).mean()
    assert fine == pytest.approx(slow, rel=0.1)


def test_a_cut_is_no_motion():
    assert energy([A] * 12 + [B] * 12, cuts=(12,)).max() == pytest.approx(0)


def test_motion_at_a_cut_is_that_of_the_shot():
    moving = [shifted(B, 5 * n) for n in range(12)]
    measured = energy([A] * 12 + moving, cuts=(12,))
    assert measured[:12].max() == pytest.approx(0)
    assert measured[12] == pytest.approx(measured[13])


def test_flicker_and_flashes_are_no_motion():
    light = np.random.default_rng(0).uniform(0.7, 1.2, 48)
    assert energy([lit(A, x) for x in light]).mean() < 0.1
    flashes = [np.full_like(A, 255) if n % 8 == 0 else A for n in range(48)]
    assert energy(flashes).mean() < 0.05


def test_grain_is_hardly_motion():
    rng = np.random.default_rng(0)
    noisy = [np.clip(A + rng.normal(0, 8, A.shape), 0, 255).astype(np.uint8) for _ in range(24)]
    assert energy(noisy).mean() < 0.5 * energy([shifted(A, 2 * n) for n in range(24)]).mean()


def test_one_frame():
    assert energy([A]).tolist() == [0]
