import cv2
import numpy as np
import pytest

from diffbgm.video.shots import Cut, ShotDetector
from tests.video.films import blend, lit, shifted, texture

A, B, C = texture(1), texture(2), texture(3)
BLACK, WHITE = np.zeros_like(A), np.full_like(A, 255)


def detect(pictures: list[np.ndarray], rate: float = 24.0) -> tuple[Cut, ...]:
    detector = ShotDetector(rate)
    for picture in pictures:
        detector.push(picture)
    return detector.finish()


def kinds(pictures: list[np.ndarray], rate: float = 24.0) -> list[tuple[int, str]]:
    return [(cut.frame, cut.kind) for cut in detect(pictures, rate)]


def plain(*colour: int) -> np.ndarray:
    return np.full_like(A, colour)


def ramp(before: np.ndarray, after: np.ndarray, frames: int = 12) -> list[np.ndarray]:
    return [blend(before, after, (n + 1) / (frames + 1)) for n in range(frames)]


def titled(ground: np.ndarray, words: str) -> np.ndarray:
    ink = (255,) * 3 if ground.mean() < 128 else (0,) * 3
    return cv2.putText(ground.copy(), words, (15, 65), 0, 0.9, ink, 2, cv2.LINE_AA)


def test_hard_cuts():
    assert kinds([A] * 30 + [B] * 17 + [C] * 40) == [(30, "hard"), (47, "hard")]


def test_a_shot_of_five_frames_is_a_shot():
    assert kinds([A] * 30 + [B] * 5 + [A] * 30) == [(30, "hard"), (35, "hard")]


@pytest.mark.parametrize("length", [1, 2, 4])
def test_what_comes_back_sooner_was_a_flash(length):
    assert kinds([A] * 30 + [B] * length + [A] * 30) == []
    assert kinds([A] * 30 + [WHITE] * length + [A] * 30) == []


@pytest.mark.parametrize("length", [2, 3])
def test_the_shortest_shot_is_as_long_in_every_rate(length):
    """In frames of a second each, what two frames show was no flash."""
    pictures = [picture for picture in (A, B, C, A, B, C) for _ in range(length)]
    assert kinds(pictures, 1.0) == [(length * n, "hard") for n in range(1, 6)]
    assert kinds([A] * 60 + [B] * 8 + [A] * 60, 60.0) == []
    assert kinds([A] * 60 + [B] * 14 + [A] * 60, 60.0) == [(60, "hard"), (74, "hard")]


def test_the_first_and_the_last_shot_may_have_two_frames():
    assert kinds([A] * 2 + [B] * 40 + [C] * 2) == [(2, "hard"), (42, "hard")]
    assert kinds([A] + [B] * 40 + [C]) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.2, 0.4])
def test_what_pops_up_over_a_picture_is_no_cut(seed, share):
    height, width = (round(side * share**0.5) for side in A.shape[:2])
    under, over = texture(10 + seed), texture(20 + seed)
    popped = under.copy()
    popped[12 : 12 + height, 40 : 40 + width] = over[:height, :width]
    assert kinds([under] * 30 + [popped] * 30 + [under] * 30) == []


@pytest.mark.parametrize("seed", range(4))
def test_bars_and_subtitles_that_stay_hide_no_cut(seed):
    def framed(picture: np.ndarray) -> np.ndarray:
        framed = cv2.putText(picture.copy(), "is it you?", (40, 85), 0, 0.7, (255,) * 3, 1)
        framed[:14], framed[-14:] = 0, 0
        return framed

    one, other = framed(texture(40 + seed)), framed(texture(50 + seed))
    assert kinds([one] * 30 + [other] * 30) == [(30, "hard")]


def test_words_on_a_noisy_picture_are_no_cut():
    rng = np.random.default_rng(0)
    soft = cv2.GaussianBlur(A, (0, 0), 12)
    shown = [soft] * 20 + [titled(soft, "Once upon")] * 20
    noisy = [np.clip(one + rng.normal(0, 16, (108, 192, 1)), 0, 255) for one in shown]
    assert kinds([one.astype(np.uint8) for one in noisy]) == []


@pytest.mark.parametrize("ground", [plain(0, 0, 0), plain(20, 40, 120), plain(250, 250, 250)])
def test_words_on_a_plain_ground_are_no_cuts(ground):
    one, two = titled(ground, "Once upon"), titled(ground, "a time")
    faded = [
        *[ground] * 30, *ramp(ground, one), *[one] * 30, *ramp(one, ground), *[ground] * 20,
        *ramp(ground, two), *[two] * 30, *ramp(two, ground), *[ground] * 30,
    ]  # fmt: skip
    assert kinds(faded) == []
    assert kinds([ground] * 30 + [one] * 30 + [ground] * 20 + [two] * 30 + [ground] * 30) == []


@pytest.mark.parametrize("through", [BLACK, WHITE])
@pytest.mark.parametrize(
    ("before", "after"),
    [(A, plain(20, 60, 200)), (plain(200, 60, 20), B), (plain(200, 30, 30), plain(20, 60, 200))],
)
def test_fades_from_and_to_plain_pictures_are_where_they_are_deepest(through, before, after):
    dark = ramp(before, through) + [through] * 6 + ramp(through, after)
    (cut,) = detect([before] * 30 + dark + [after] * 40)
    assert (cut.frame, cut.kind) == (pytest.approx(45, abs=2), "fade")
    assert 24 <= cut.frames <= 32


def test_a_cut_to_the_same_place_from_nearer():
    nearer = np.repeat(np.repeat(A[20:74, 40:136], 2, 0), 2, 1)
    assert kinds([A] * 30 + [nearer] * 30) == [(30, "hard")]


def test_plain_pictures_are_told_apart_by_colour():
    red, green = np.full_like(A, (150, 30, 30)), np.full_like(A, (30, 150, 30))
    assert kinds([red] * 20 + [green] * 20) == [(20, "hard")]


@pytest.mark.parametrize("speed", [1, 4, 12])
def test_camera_pans_are_no_cuts(speed):
    assert kinds([shifted(A, speed * n) for n in range(60)]) == []


def test_an_unsteady_hand_is_no_cut():
    path = np.cumsum(np.random.default_rng(0).integers(-5, 6, (60, 2)), 0)
    assert kinds([shifted(A, x, y) for x, y in path]) == []


def test_flicker_strobe_and_a_lamp_switched_on_are_no_cuts():
    light = np.random.default_rng(0).uniform(0.6, 1.3, 60)
    assert kinds([lit(A, x) for x in light]) == []
    assert kinds([WHITE if n % 6 < 2 else A for n in range(60)]) == []
    assert kinds([lit(A, 0.4)] * 30 + [A] * 30) == []


def test_noise_is_no_cut():
    rng = np.random.default_rng(0)
    noisy = [np.clip(A + rng.normal(0, 20, A.shape), 0, 255).astype(np.uint8) for _ in range(40)]
    assert kinds(noisy) == []


@pytest.mark.parametrize("length", [8, 12, 24, 40])
def test_dissolves_are_found_within_their_length(length):
    mix = [blend(A, B, (n + 1) / (length + 1)) for n in range(length)]
    (cut,) = detect([A] * 40 + mix + [B] * 40)
    assert cut.kind == "dissolve"
    assert 40 <= cut.frame < 40 + length
    assert cut.frames == pytest.approx(length, rel=0.4)


def test_a_dissolve_between_moving_shots():
    pictures = [shifted(A, n) for n in range(64)]
    after = [shifted(B, -n) for n in range(64)]
    mix = [blend(pictures[40 + n], after[n], (n + 1) / 25) for n in range(24)]
    (cut,) = detect(pictures[:40] + mix + after[24:])
    assert cut.kind == "dissolve"
    assert 40 <= cut.frame < 64


@pytest.mark.parametrize("through", [BLACK, WHITE])
@pytest.mark.parametrize("dark", [0, 6])
def test_fades_are_found_where_they_are_deepest(through, dark):
    out = [blend(A, through, (n + 1) / 13) for n in range(12)]
    into = [blend(through, B, (n + 1) / 13) for n in range(12)]
    (cut,) = detect([A] * 30 + out + [through] * dark + into + [B] * 30)
    assert cut.kind == "fade"
    assert cut.frame == pytest.approx(42 + dark / 2, abs=2)
    assert 18 <= cut.frames <= 24 + dark


def test_a_film_that_begins_and_ends_in_black_has_no_cut_there():
    fade = [blend(BLACK, A, n / 12) for n in range(12)]
    assert kinds([BLACK] * 10 + fade + [A] * 40 + fade[::-1] + [BLACK] * 10) == []


def test_a_film_of_few_frames():
    assert kinds([A]) == []
    assert kinds([A, A, A]) == []


def test_the_demo_film(demo, analysis_of_demo):
    _, truth = demo
    hard = [cut.frame for cut in analysis_of_demo.cuts if cut.kind == "hard"]
    known = [cut for cut in truth.cuts if not truth.dissolve[0] <= cut < truth.dissolve[1]]
    assert len(hard) == len(known)
    assert np.abs(np.subtract(hard, known)).max() <= 1
    (dissolve,) = [cut for cut in analysis_of_demo.cuts if cut.kind != "hard"]
    assert dissolve.kind == "dissolve"
    assert truth.dissolve[0] <= dissolve.frame < truth.dissolve[1]
