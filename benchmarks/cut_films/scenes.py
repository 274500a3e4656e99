"""Moving pictures drawn from a seed: a place, a camera, things that move, light."""

from collections.abc import Callable, Iterator

import cv2
import numpy as np

WIDTH, HEIGHT = 192, 108
PLACE = (324, 576)  # height and width of what a camera looks around in

View = Callable[[int], tuple[float, float, float, float]]
"""Of a frame: the middle of what is seen (x, y), how near it is, and by how many degrees turned."""


class Scene:
    """One shot without end; `scene(n)` is its frame n, (108, 192, 3) uint8 RGB."""

    def __init__(self, seed: int, view: View | None = None, things: int | None = None) -> None:
        self._rng = np.random.default_rng(seed)
        self.place = _place(self._rng)
        self._view = view or _camera(self._rng)
        count = int(self._rng.integers(0, 5)) if things is None else things
        self._things = [_Thing(self._rng) for _ in range(count)]
        self._drift = self._rng.uniform(-0.0008, 0.0008)
        self._noise = float(self._rng.choice([0, 0, 1.5, 4]))

    def __call__(self, frame: int) -> np.ndarray:
        picture = seen(self.place, *self._view(frame))
        for thing in self._things:
            thing.draw(picture, frame)
        light = 1 + self._drift * (frame % 500)
        grain = self._rng.normal(0, self._noise, picture.shape[:2])[..., None]
        return np.clip(picture * light + grain, 0, 255).astype(np.uint8)

    def frames(self, first: int, count: int) -> Iterator[np.ndarray]:
        return (self(number) for number in range(first, first + count))


def seen(place: np.ndarray, x: float, y: float, near: float, degrees: float) -> np.ndarray:
    """What a camera sees of a place, mirrored beyond its edges."""
    turn = cv2.getRotationMatrix2D((x, y), degrees, near)
    turn[:, 2] += (WIDTH / 2 - x, HEIGHT / 2 - y)
    mode = cv2.INTER_AREA if near < 1 else cv2.INTER_LINEAR
    return cv2.warpAffine(place, turn, (WIDTH, HEIGHT), flags=mode, borderMode=cv2.BORDER_REFLECT)


class _Thing:
    """Something that walks, swings or flies through the picture."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._size = rng.uniform(6, 34, 2)
        self._start = rng.uniform((0, 0), (WIDTH, HEIGHT))
        self._speed = rng.normal(0, (2.2, 0.8))
        self._swing, self._pace = rng.uniform(0, 12), rng.uniform(0.05, 0.4)
        self._colours = [tuple(map(int, rng.uniform(0, 255, 3))) for _ in range(2)]
        self._is_box = rng.random() < 0.4

    def draw(self, picture: np.ndarray, frame: int) -> None:
        around = (WIDTH + 80, HEIGHT + 80)
        x, y = (self._start + self._speed * frame) % around - 40
        y += self._swing * np.sin(self._pace * frame)
        width, height = self._size
        if self._is_box:
            corner, opposite = (int(x), int(y)), (int(x + width), int(y + height))
            cv2.rectangle(picture, corner, opposite, self._colours[0], -1)
            cv2.line(picture, corner, opposite, self._colours[1], 2)
        else:
            middle, radii = (int(x), int(y)), (int(width), int(height))
            cv2.ellipse(picture, middle, radii, 3 * frame, 0, 360, self._colours[0], -1)
            inner = (radii[0] // 2, radii[1] // 3)
            cv2.ellipse(picture, middle, inner, 0, 0, 360, self._colours[1], -1)


def _camera(rng: np.random.Generator) -> View:
    """Still, held by hand, panning or coming nearer; seldom turning."""
    kind = rng.choice(["still", "hand", "pan", "near", "turn"], p=[0.3, 0.25, 0.25, 0.15, 0.05])
    x, y = rng.uniform((150, 90), (426, 234))
    near, degrees = rng.uniform(0.6, 1.4), rng.uniform(-4, 4)
    speed = rng.uniform(0.3, 3.0) * rng.choice([-1, 1]) if kind == "pan" else 0.0
    tilt = speed * rng.uniform(-0.3, 0.3)
    nearer = rng.uniform(-0.004, 0.005) if kind == "near" else 0.0
    turning = rng.uniform(-0.5, 0.5) if kind == "turn" else 0.0
    shake = rng.uniform(0.4, 1.6) if kind == "hand" else 0.0
    paces = rng.uniform(0.05, 0.5, 4)

    def view(frame: int) -> tuple[float, float, float, float]:
        hand = shake * np.sin(paces * frame * 2 + 1).reshape(2, 2).sum(1)
        return (
            x + speed * frame + hand[0],
            y + tilt * frame + hand[1],
            float(np.clip(near * np.exp(nearer * frame), 0.4, 3)),
            degrees + turning * frame,
        )

    return view


def _place(rng: np.random.Generator) -> np.ndarray:
    """Clouds, hills, houses or crowds of shapes, in few colours or many; (324, 576, 3) uint8."""
    height, width = PLACE
    palette = rng.uniform(0, 255, (5, 3)) * rng.uniform(0.4, 1)
    field = _clouds(rng)
    if rng.random() < 0.5:
        field = 0.5 * field + 0.5 * np.linspace(0, 1, height)[:, None]
    levels = np.interp(field, np.linspace(0, 1, 5), np.arange(5.0))
    picture = np.stack([np.interp(levels, range(5), channel) for channel in palette.T], 2)
    picture += 40 * (_clouds(rng, 0.6)[..., None] - 0.5)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(int(rng.choice([0, 6, 25, 80]))):
        colour = tuple(map(int, rng.uniform(0, 255, 3)))
        x, y = (int(value) for value in rng.uniform((0, 0), (width, height)))
        size = int(rng.uniform(4, 60))
        if rng.random() < 0.5:
            corner = (x + size, y + int(size * rng.uniform(0.3, 2.5)))
            cv2.rectangle(picture, (x, y), corner, colour, -1)
        else:
            cv2.circle(picture, (x, y), size // 2, colour, -1)
    return picture


def _clouds(rng: np.random.Generator, roughness: float = 1.0) -> np.ndarray:
    """Noise of all sizes, the larger the stronger, from 0 to 1."""
    total = np.zeros(PLACE, np.float32)
    for octave in range(1, 8):
        size = (min(576, 3 * 2**octave), min(324, 2 * 2**octave))
        noise = rng.normal(0, 1, size[::-1]).astype(np.float32)
        total += cv2.resize(noise, PLACE[::-1], interpolation=cv2.INTER_CUBIC) / 2 ** (
            octave * roughness
        )
    low, high = np.percentile(total, [1, 99])
    return np.clip((total - low) / (high - low), 0, 1)
