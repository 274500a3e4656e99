"""What looks like a cut and is none: twenty-two things that happen inside one shot.

Each takes a scene, its first frame, how many frames it has, and dice; it gives the frames.
"""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

from benchmarks.cut_films.scenes import HEIGHT, WIDTH, Scene, seen

Frames = Iterator[np.ndarray]
Dice = np.random.Generator
Trap = Callable[[Scene, int, int, Dice], Frames]


def flash(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """A camera's flash, of one to three frames, once or twice."""
    starts, length = rng.integers(5, count - 5, 2), int(rng.integers(1, 4))
    at = {int(start) + n for start in starts for n in range(length)}
    for n, picture in enumerate(scene.frames(first, count)):
        yield lit(picture, 1.0, 200) if n in at else picture


def strobe(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    period, white = int(rng.integers(3, 8)), float(rng.choice([0.1, 1.0]))
    for n, picture in enumerate(scene.frames(first, count)):
        is_on = n % period < 2 and 8 < n < count - 8
        yield lit(picture, white, 180 if white == 1 else 0) if is_on else picture


def lightning(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    light = np.zeros(count)
    for start in rng.integers(5, count - 10, 3):
        tail = np.exp(-np.arange(count - start) / rng.uniform(1, 5))
        light[start:] += rng.uniform(0.5, 1) * tail
    for picture, more in zip(scene.frames(first, count), light, strict=True):
        yield lit(picture, 1 + more, 90 * more)


def whip_pan(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """The camera swings round to something else in the same place."""
    way, start, length = rng.choice([-1, 1]), count // 3, int(rng.integers(6, 16))
    far = rng.uniform(180, 420) * way
    blurred = max(3, int(abs(far) / length / 2) | 1)
    for n in range(count):
        share = np.clip((n - start) / length, 0, 1)
        share = share * share * (3 - 2 * share)
        picture = seen(scene.place, 288 - far / 2 + far * share, 162, 1, 0)
        yield cv2.blur(picture, (blurred, 1)) if 0 < share < 1 else picture


def crash_zoom(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    start, length = count // 3, int(rng.integers(6, 20))
    ends = (0.5, float(rng.uniform(1.4, 2.6)))[:: rng.choice([-1, 1])]
    for n in range(count):
        share = np.clip((n - start) / length, 0, 1)
        yield seen(scene.place, 288, 162, ends[0] * (ends[1] / ends[0]) ** share, 0)


def shake(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    strength = rng.uniform(4, 14)
    for _ in range(count):
        x, y = rng.normal(0, strength, 2)
        yield seen(scene.place, 288 + x, 162 + y, 1, float(rng.normal(0, 1.5)))


def spin(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    speed = rng.uniform(2, 9)
    for n in range(count):
        yield seen(scene.place, 288, 162, 1, speed * n)


def pop_up(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """A panel over up to 45 % of the picture comes at once, stays, and goes."""
    yield from _with_panel(scene, first, count, rng, coming=1, moving=False)


def sliding_panel(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    coming = int(rng.integers(6, 16))
    yield from _with_panel(scene, first, count, rng, coming, moving=False)


def inset(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """Another moving picture inside the picture."""
    yield from _with_panel(scene, first, count, rng, coming=int(rng.choice([1, 10])), moving=True)


def caption(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    yield from _captioned(scene.frames(first, count), count, rng)


def caption_on_flat(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """Words come and go on a ground of one colour, in the middle of a shot of just that ground."""
    ground = np.full((HEIGHT, WIDTH, 3), rng.uniform(0, 255, 3), np.uint8)
    yield from _captioned((ground.copy() for _ in range(count)), count, rng)


def letterbox(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    bars, coming = int(rng.integers(10, 20)), int(rng.choice([1, 12]))
    for n, picture in enumerate(scene.frames(first, count)):
        height = round(bars * np.clip((n - count // 3) / coming, 0, 1))
        picture[:height], picture[HEIGHT - height :] = 0, 0
        yield picture


def explosion(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    middle, start = rng.uniform((40, 30), (150, 80)), count // 4
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    distance = np.hypot(x - middle[0], y - middle[1])[..., None]
    for n, picture in enumerate(scene.frames(first, count)):
        age = n - start
        if age >= 0:
            fire = np.clip(1.5 - distance / (18 * age**0.7 + 1), 0, 1) * np.exp(-age / 9)
            smoke = np.clip(1 - distance / (6 * age**0.8 + 1), 0, 1) * 0.5 * np.exp(-age / 40)
            picture = picture * (1 - smoke) + smoke * 70
            picture = np.clip(picture + fire * (320, 230, 90), 0, 255).astype(np.uint8)
        yield picture


def lamp(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """A light is switched, or dimmed."""
    levels, coming = rng.permutation([1.0, rng.uniform(0.25, 0.55)]), int(rng.choice([1, 10, 30]))
    for n, picture in enumerate(scene.frames(first, count)):
        share = np.clip((n - count // 3) / coming, 0, 1)
        yield lit(picture, levels[0] * (1 - share) + levels[1] * share)


def passer_by(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """Something large goes through, close to the camera, and may fill the picture."""
    width, speed = int(rng.uniform(60, 230)), rng.uniform(8, 40)
    body = np.full((HEIGHT, width, 3), rng.uniform(0, 120, 3), np.uint8)
    body[20:60, ::24] = rng.uniform(0, 255, 3)
    for n, picture in enumerate(scene.frames(first, count)):
        left = round(WIDTH + 5 - speed * (n - count // 4))
        begin, end = max(left, 0), min(left + width, WIDTH)
        if begin < end:
            picture[8:, begin:end] = body[8:, begin - left : end - left]
        yield picture


def focus_pull(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    for n, picture in enumerate(scene.frames(first, count)):
        sigma = 8 * np.sin(np.pi * n / count) ** 2 + 0.01
        yield cv2.GaussianBlur(picture, (0, 0), sigma)


def grading(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """The colours of a shot change slowly."""
    goal = rng.uniform(0.5, 1.4, 3)
    for n, picture in enumerate(scene.frames(first, count)):
        share = np.clip((n - 10) / (count - 20), 0, 1)
        yield np.clip(picture * (1 - share + share * goal), 0, 255).astype(np.uint8)


def interference(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    start = count // 3
    for n, picture in enumerate(scene.frames(first, count)):
        if start <= n < start + 4:
            rows = rng.integers(-40, 40, HEIGHT)
            picture = np.stack([np.roll(row, by, 0) for row, by in zip(picture, rows, strict=True)])
            picture[rng.random((HEIGHT, WIDTH)) < 0.3] = 255
        yield picture


def confetti(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    places = rng.uniform((0, 0), (WIDTH, HEIGHT), (120, 2))
    speeds, colours = rng.normal((0, 6), 3, (120, 2)), rng.uniform(0, 255, (120, 3))
    for n, picture in enumerate(scene.frames(first, count)):
        for place, speed, colour in zip(places, speeds, colours, strict=True):
            x, y = ((place + speed * n) % (WIDTH, HEIGHT)).astype(int)
            cv2.circle(picture, (int(x), int(y)), 4, tuple(map(int, colour)), -1)
        yield picture


def scrolling(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """Closing titles, or a page that is read."""
    page = np.full((HEIGHT + 12 * count, WIDTH, 3), rng.choice([10, 240]), np.uint8)
    ink = (200, 200, 210) if page[0, 0, 0] < 100 else (30, 30, 40)
    for y in range(20, len(page), 16):
        for x in range(20, int(rng.uniform(60, 180)), 14):
            cv2.rectangle(page, (x, y), (x + int(rng.uniform(4, 12)), y + 6), ink, -1)
    speed = rng.uniform(1, 10)
    for n in range(count):
        top = int(speed * n)
        yield page[top : top + HEIGHT].copy()


def door(scene: Scene, first: int, count: int, rng: Dice) -> Frames:
    """Half of the picture is uncovered from behind something, as by a door that opens."""
    colour, most = rng.uniform(0, 255, 3), rng.uniform(0.3, 0.5)
    for n, picture in enumerate(scene.frames(first, count)):
        width = round(WIDTH * most * (1 - np.clip((n - count // 3) / 18, 0, 1)))
        picture[:, WIDTH - width :] = colour
        yield picture


TRAPS: tuple[Trap, ...] = (
    flash, strobe, lightning, whip_pan, crash_zoom, shake, spin, pop_up, sliding_panel, inset,
    caption, caption_on_flat, letterbox, explosion, lamp, passer_by, focus_pull, grading,
    interference, confetti, scrolling, door,
)  # fmt: skip


def lit(picture: np.ndarray, factor: float, more: float = 0.0) -> np.ndarray:
    return np.clip(picture * factor + more, 0, 255).astype(np.uint8)


def _with_panel(
    scene: Scene, first: int, count: int, rng: Dice, coming: int, moving: bool
) -> Frames:
    """A panel over 12 to 45 % of the picture, which comes and goes in `coming` frames."""
    share = rng.uniform(0.12, 0.45)
    height = int(rng.uniform(share**0.5, min(1, share * 1.8) ** 0.5) * HEIGHT)
    width = min(WIDTH, int(share * WIDTH * HEIGHT / height))
    top, left = (int(rng.uniform(0, most)) for most in (HEIGHT - height + 1, WIDTH - width + 1))
    other = Scene(int(rng.integers(2**31)))
    begin, end = count // 4, count - count // 4 if rng.random() < 0.5 else count + 99
    for n, picture in enumerate(scene.frames(first, count)):
        shown = min(1.0, (n - begin) / coming, (end - n) / coming)
        if shown > 0:
            panel = other(n if moving else 0)[:height, :width]
            down = round((1 - shown) * (HEIGHT - top))
            kept = panel[: max(0, HEIGHT - top - down)]
            picture[top + down : top + down + len(kept), left : left + width] = kept
        yield picture


def _captioned(pictures: Frames, count: int, rng: Dice) -> Frames:
    words = "".join(rng.choice(list("abcdefgh klmnoprst "), 12))
    colour = tuple(map(int, rng.choice([0, 255, 230], 3)))
    at, size = (int(rng.uniform(5, 40)), int(rng.uniform(30, 100))), float(rng.uniform(0.5, 1.4))
    begin, end = count // 4, count - count // 4
    for n, picture in enumerate(pictures):
        if begin <= n < end:
            cv2.putText(picture, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, colour, 2, cv2.LINE_AA)
        yield picture
