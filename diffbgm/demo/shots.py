"""Draws the shots of the demo film. Knows nothing of their order, of files or of codecs.

Each function returns one picture, (HEIGHT, WIDTH, 3) uint8 RGB, from the seconds since its shot
began. All that looks random comes from fixed seeds, so a picture is always the same.
"""

from functools import cache

import cv2
import numpy as np

WIDTH, HEIGHT = 1280, 720

Colour = tuple[int, int, int]

_SHIFT = 4  # OpenCV draws at 1/16 of a pixel, so that slow things glide


# --- brushes ---------------------------------------------------------------------------------


@cache
def _gradient(*colours: Colour, height: int = HEIGHT) -> np.ndarray:
    """A sky of evenly spaced colours from top to bottom, with a little grain against banding."""
    where = np.linspace(0, len(colours) - 1, height)
    bands = [np.interp(where, range(len(colours)), channel) for channel in np.transpose(colours)]
    grain = np.random.default_rng(0).uniform(-0.5, 0.5, (height, WIDTH, 1))
    return np.clip(np.stack(bands, 1)[:, None] + grain + 0.5, 0, 255).astype(np.uint8)


@cache
def _glow(radius: int, colour: Colour, sharpness: float = 2.0) -> np.ndarray:
    """A round light that fades to its rim; to be added."""
    y, x = np.mgrid[-radius:radius, -radius:radius]
    light = np.clip(1 - np.hypot(x, y) / radius, 0, 1) ** sharpness
    return (light[..., None] * colour).astype(np.uint8)


def _shine(canvas: np.ndarray, light: np.ndarray, x: float, y: float) -> None:
    """Add `light`, centred on (x, y), as far as it lies inside the canvas."""
    height, width = light.shape[:2]
    left, top = round(x) - width // 2, round(y) - height // 2
    inside = canvas[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)]
    part = light[max(-top, 0) :, max(-left, 0) :][: inside.shape[0], : inside.shape[1]]
    if part.size:
        inside[:] = cv2.add(inside, part)


def _fixed(points: np.ndarray) -> np.ndarray:
    return np.round(np.asarray(points) * (1 << _SHIFT)).astype(np.int32)


def _polygon(canvas: np.ndarray, points: np.ndarray, colour: Colour) -> None:
    cv2.fillPoly(canvas, [_fixed(points)], colour, cv2.LINE_AA, _SHIFT)


def _disc(canvas: np.ndarray, x: float, y: float, radius: float, colour: Colour) -> None:
    centre = _fixed(np.array([x, y]))
    cv2.circle(
        canvas, centre.tolist(), int(radius * (1 << _SHIFT)), colour, -1, cv2.LINE_AA, _SHIFT
    )


def _lines(canvas: np.ndarray, ends: np.ndarray, colour: Colour, width: int = 1) -> None:
    """Strokes; `ends` is (strokes, points, 2)."""
    cv2.polylines(canvas, list(_fixed(ends)), False, colour, width, cv2.LINE_AA, _SHIFT)


def _ridge(
    canvas: np.ndarray, seed: int, shift: float, top: float, height: float, colour: Colour
) -> None:
    """A range of hills, moved `shift` pixels to the left."""
    rng = np.random.default_rng(seed)
    x = np.linspace(0, WIDTH, 161)
    y = np.zeros_like(x)
    for octave in range(5):
        wave = 2 * np.pi * rng.uniform(0.8, 1.3) * 2**octave / 1500
        y += np.sin((x + shift) * wave + rng.uniform(0, 6.3)) / 1.9**octave
    outline = np.stack([x, top - height * y / 2], 1)
    _polygon(canvas, np.vstack([outline, [[WIDTH, HEIGHT], [0, HEIGHT]]]), colour)


def _between(a: Colour, b: Colour, share: float) -> Colour:
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # pyright: ignore


# --- shots -----------------------------------------------------------------------------------


def dawn(t: float) -> np.ndarray:
    """The sun rises behind drifting hills."""
    sky = ((46, 52, 110), (150, 90, 140), (250, 140, 110), (255, 205, 130))
    canvas = _gradient(*sky).copy()
    height = 430 - 28 * t
    _shine(canvas, _glow(420, (130, 90, 40)), 830, height)
    _disc(canvas, 830, height, 62, (255, 240, 200))
    for layer in range(5):
        colour = _between((190, 110, 120), (28, 22, 48), layer / 4)
        _ridge(canvas, layer, 500 + t * 6 * 2**layer, 430 + 55 * layer, 90 - 6 * layer, colour)
    for bird in range(6):
        x, y = 180 + 55 * bird + 46 * t, 190 + 23 * (bird * 5 % 4) - 5 * t
        wing = 7 * np.sin(9 * t + bird)
        stroke = [[(x - 13, y - wing), (x, y), (x + 13, y - wing)]]
        _lines(canvas, np.array(stroke), (50, 36, 60), 2)
    return canvas


def sea(t: float) -> np.ndarray:
    """A boat under clouds, the water glittering."""
    canvas = _gradient((70, 150, 220), (120, 190, 240), (205, 232, 250)).copy()
    canvas[400:] = _gradient((40, 140, 190), (16, 84, 140), (8, 50, 96), height=HEIGHT - 400)
    rng = np.random.default_rng(2)
    for cloud in range(5):
        x, y = 300 * cloud - 60 + 9 * t, 80 + 50 * (cloud * 3 % 5)
        for _ in range(7):
            puff = _glow(60 + 10 * int(rng.integers(5)), (70, 60, 48), 1.2)
            _shine(canvas, puff, x + rng.uniform(-90, 90), y + rng.uniform(-16, 16))
    depth = rng.uniform(0, 1, 420) ** 1.5
    x = (rng.uniform(0, WIDTH, 420) + 30 * t * (0.3 + depth)) % WIDTH
    y = 404 + depth * 310 + 4 * np.sin(2 * t + 9 * x / WIDTH)
    length = (4 + 34 * depth) * (0.6 + 0.4 * np.sin(3.5 * t + np.arange(420)))
    _lines(
        canvas, np.stack([x - length, y, x + length, y], 1).reshape(-1, 2, 2), (130, 205, 232), 2
    )
    sway = 0.05 * np.sin(1.6 * t)
    turn = np.array([[np.cos(sway), np.sin(sway)], [-np.sin(sway), np.cos(sway)]])
    place = np.array([470 + 26 * t, 470 + 4 * np.sin(1.6 * t + 1)])
    for shape, colour in (
        ([(0, -12), (0, -210), (104, -24)], (255, 250, 240)),
        ([(-8, -20), (-8, -170), (-72, -22)], (240, 96, 80)),
        ([(-96, -8), (116, -8), (84, 26), (-70, 26)], (110, 50, 40)),
    ):
        _polygon(canvas, np.array(shape) @ turn + place, colour)
    return canvas


def train_window(t: float) -> np.ndarray:
    """Fields rush by: trees, poles and a fence at the speed of an express."""
    canvas = _gradient((96, 170, 220), (240, 225, 170), (250, 200, 120)).copy()
    _ridge(canvas, 11, 90 * t, 370, 90, (120, 150, 140))
    _ridge(canvas, 12, 260 * t, 440, 60, (104, 146, 70))
    canvas[520:] = _gradient((150, 170, 60), (90, 130, 40), height=HEIGHT - 520)
    for tree in range(9):
        x = (tree * 211 + 90 * (tree % 3) - 900 * t) % 1900 - 200
        _disc(canvas, x, 452, 64, (46, 96, 44))
        _disc(canvas, x + 36, 470, 48, (60, 118, 50))
        cv2.rectangle(canvas, (round(x) - 8, 500), (round(x) + 8, 570), (70, 50, 36), -1)
    for wire in (70, 96):
        x = np.linspace(0, WIDTH, 81)
        sag = 60 * np.sin(np.pi * ((x + 1900 * t + 187) % 760) / 760)  # up at the poles
        _lines(canvas, np.stack([x, wire + sag], 1)[None], (60, 56, 60), 2)
    for pole in range(3):
        x = round((pole * 760 - 1900 * t) % 2280) - 200
        cv2.rectangle(canvas, (x, 40), (x + 26, HEIGHT), (64, 48, 40), -1)
    for post in range(12):
        x = round((post * 180 - 2600 * t) % 2160) - 200
        cv2.rectangle(canvas, (x, 610), (x + 40, HEIGHT), (120, 92, 66), -1)
    cv2.rectangle(canvas, (0, 640), (WIDTH, 664), (134, 104, 76), -1)
    return canvas


def wheels(t: float) -> np.ndarray:
    """The engine's wheels, their rod and sparks."""
    canvas = _gradient((30, 10, 14), (90, 24, 20), (180, 70, 30)).copy()
    angle = 11 * t
    crank = 78 * np.array([np.cos(angle), np.sin(angle)])
    for wheel in range(4):
        x, y = 110 + 360 * wheel, 380
        _disc(canvas, x, y, 172, (16, 14, 18))
        _disc(canvas, x, y, 148, (150, 34, 30))
        _disc(canvas, x, y, 128, (38, 18, 20))
        spokes = angle + np.arange(10) * np.pi / 5
        rim = np.stack([x + 138 * np.cos(spokes), y + 138 * np.sin(spokes)], 1)
        _lines(canvas, np.stack([np.full_like(rim, (x, y)), rim], 1), (190, 60, 44), 11)
        _disc(canvas, x, y, 34, (214, 170, 90))
    _lines(canvas, np.array([[(110, 380), (1190, 380)]]) + crank, (216, 214, 220), 26)
    cv2.rectangle(canvas, (0, 552), (WIDTH, 576), (130, 124, 130), -1)
    cv2.rectangle(canvas, (0, 576), (WIDTH, HEIGHT), (26, 18, 22), -1)
    rng = np.random.default_rng(4)
    age = (rng.uniform(0, 1, 90) + 2.4 * t) % 1
    x = 110 + 360 * rng.integers(0, 4, 90) - age * rng.uniform(120, 420, 90)
    y = 550 - rng.uniform(60, 330, 90) * age + 360 * age**2
    tail = np.stack([x, y, x + 20, y + 8 - 18 * age], 1).reshape(-1, 2, 2)
    _lines(canvas, tail, (255, 200, 90), 2)
    return canvas


def rain(t: float) -> np.ndarray:
    """Rain before blurred street lamps."""
    canvas = _gradient((34, 46, 60), (52, 68, 84), (40, 52, 64), (20, 28, 38)).copy()
    rng = np.random.default_rng(5)
    for lamp in range(11):
        x, y = rng.uniform(0, WIDTH), rng.uniform(150, 470)
        colour = ((120, 90, 40), (60, 90, 110), (110, 60, 50))[lamp % 3]
        _shine(canvas, _glow(50 + 12 * int(rng.integers(5)), colour, 0.4), x - 4 * t, y)
    for near in range(3):
        count = (160, 90, 40)[near]
        fall = (rng.uniform(0, 1, count) + t * (1.1 + 0.5 * near)) % 1 * 900 - 90
        x = (rng.uniform(-100, 1400, count) - 0.12 * fall) % 1500 - 100
        tail = np.stack([x, fall, x - 5 - 3 * near, fall + 38 + 26 * near], 1).reshape(-1, 2, 2)
        _lines(canvas, tail, (120 + 24 * near, 140 + 22 * near, 160 + 20 * near), 1 + near // 2)
    for _ in range(26):
        x, y, age = rng.uniform(0, WIDTH), rng.uniform(580, 715), (rng.uniform() + 1.3 * t) % 1
        colour = _between((140, 156, 170), (26, 34, 44), age)
        axes = (int(6 + 44 * age), int(2 + 10 * age))
        cv2.ellipse(canvas, (int(x), int(y)), axes, 0, 0, 360, colour, 1, cv2.LINE_AA)
    return canvas


@cache
def _skyline(seed: int, wall: Colour, tallest: int) -> tuple[np.ndarray, np.ndarray]:
    """Houses with lit windows, wider than the picture, and the mask of where they stand."""
    rng = np.random.default_rng(seed)
    houses = np.zeros((HEIGHT, WIDTH + 400, 3), np.uint8)
    mask = np.zeros(houses.shape[:2], np.uint8)
    x = 0
    while x < houses.shape[1]:
        width, top = int(rng.integers(70, 150)), HEIGHT - 110 - int(rng.integers(80, tallest))
        houses[top:, x : x + width], mask[top:, x : x + width - 4] = wall, 255
        for wy in range(top + 14, HEIGHT - 120, 22):
            for wx in range(x + 10, x + width - 20, 18):
                if rng.uniform() < 0.42:
                    warm = _between((255, 214, 130), (150, 190, 230), rng.uniform() ** 3)
                    houses[wy : wy + 11, wx : wx + 9] = warm
        x += width
    return houses, mask


def city(t: float) -> np.ndarray:
    """A city by night; cars draw their lights along the quay."""
    canvas = _gradient((10, 8, 34), (34, 20, 74), (110, 46, 110), (30, 20, 50)).copy()
    for seed, wall, tallest, speed in ((61, (30, 24, 62), 420, 8), (62, (14, 12, 32), 300, 24)):
        houses, mask = _skyline(seed, wall, tallest)
        left = round(speed * t)
        cv2.copyTo(houses[:, left : left + WIDTH], mask[:, left : left + WIDTH], canvas)
    canvas[610:] = _gradient((24, 20, 34), (8, 8, 16), height=HEIGHT - 610)
    for car in range(9):
        x = (car * 197 + 330 * t) % 1500 - 100
        _shine(canvas, _glow(46, (255, 240, 200)), x, 676)
        _shine(canvas, _glow(26, (255, 30, 30)), 1380 - (car * 229 + 270 * t) % 1500, 636)
    return canvas


def tunnel(t: float) -> np.ndarray:
    """A dive through gates of neon."""
    canvas = _gradient((16, 4, 40), (40, 6, 60), (16, 4, 40)).copy()
    centre = np.array([640 + 50 * np.sin(2 * t), 360 + 30 * np.cos(3 * t)])
    rng = np.random.default_rng(7)
    turn, phase = rng.uniform(0, 2 * np.pi, 260), rng.uniform(0, 1, 260)
    far = 24 / (1.02 - (phase + 1.5 * t) % 1)
    way = np.stack([np.cos(turn), np.sin(turn)], 1)
    ends = np.stack([way * far[:, None], way * far[:, None] * 1.22], 1) + centre
    for hue, colour in enumerate(((90, 240, 255), (255, 80, 200), (255, 220, 110))):
        _lines(canvas, ends[hue::3], colour, 2)
    for gate in range(7):
        depth = (gate / 7 + 0.9 * t) % 1
        corners = np.arange(7) * np.pi / 3 + 0.7 * t + gate
        ring = np.stack([np.cos(corners), np.sin(corners)], 1) * (26 / (1.03 - depth)) + centre
        colour = _between((60, 20, 110), ((80, 255, 240), (255, 70, 190))[gate % 2], depth)
        _lines(canvas, ring[None], colour, 1 + int(9 * depth**2))
    return canvas


def fireworks(t: float) -> np.ndarray:
    """Bursts over the roofs."""
    canvas = _gradient((6, 8, 28), (18, 16, 56), (60, 36, 80)).copy()
    rng = np.random.default_rng(8)
    for burst in range(8):
        age = t - 0.36 * burst + 0.5
        x, y = 160 + 960 * (burst * 5 % 8) / 7, 150 + 150 * rng.uniform()
        turn, speed = rng.uniform(0, 2 * np.pi, 90), 250 * np.sqrt(rng.uniform(0.1, 1, 90))
        colour = ((255, 120, 80), (120, 220, 255), (255, 220, 120), (220, 120, 255))[burst % 4]
        if not 0 < age < 1.6:
            continue
        reach = speed * (1 - np.exp(-2.2 * age)) / 1.1
        before = speed * (1 - np.exp(-2.2 * max(age - 0.09, 0))) / 1.1
        way = np.stack([np.cos(turn), np.sin(turn)], 1)
        drop = np.array([x, y + 60 * age**2])
        trail = np.stack([way * before[:, None], way * reach[:, None]], 1) + drop
        flash = cv2.convertScaleAbs(_glow(260, (90, 80, 90)), alpha=max(1 - age / 0.8, 0))
        _shine(canvas, flash, x, y)
        _lines(canvas, trail, _between(colour, (20, 18, 50), (age / 1.6) ** 2), 3)
    houses, mask = _skyline(62, (10, 10, 24), 200)
    return cv2.copyTo(houses[:, :WIDTH], mask[:, :WIDTH], canvas)


def stars(t: float) -> np.ndarray:
    """Moon and stars over a lake that mirrors them."""
    canvas = _gradient((8, 14, 40), (20, 40, 84), (60, 96, 140)).copy()
    rng = np.random.default_rng(9)
    x, y = (rng.uniform(0, WIDTH, 260) + 5 * t) % WIDTH, rng.uniform(0, 400, 260)
    bright = np.clip(rng.uniform(0.3, 1, 260) + 0.2 * np.sin(2 * t + np.arange(260)), 0, 1)
    for sx, sy, light in zip(x, y, bright, strict=True):
        _disc(canvas, sx, sy, 0.6 + 1.3 * light**3, _between((40, 60, 100), (250, 250, 255), light))
    _shine(canvas, _glow(240, (90, 100, 110)), 920, 150 + 3 * t)
    _disc(canvas, 920, 150 + 3 * t, 44, (250, 246, 225))
    for layer in range(3):
        colour = _between((52, 80, 118), (8, 16, 34), layer / 2)
        _ridge(canvas, 30 + layer, 3 * t * (layer + 1), 400 + 22 * layer, 70 - 18 * layer, colour)
    rows = np.arange(HEIGHT - 460)
    ripple = 3 * np.sin(rows / (3 + rows / 40) - 2.2 * t) * (0.4 + rows / 90)
    mirror = np.clip(459 - rows * 1.6 + ripple, 0, 459).astype(int)
    canvas[460:] = cv2.addWeighted(canvas[mirror], 0.62, canvas[mirror], 0, 4)
    return canvas
