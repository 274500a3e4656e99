"""Pictures and films for the tests of the video room."""

import numpy as np


def plain(colour: tuple[int, int, int], size: tuple[int, int] = (96, 160)) -> np.ndarray:
    return np.full((*size, 3), colour, np.uint8)


def texture(seed: int, size: tuple[int, int] = (108, 192)) -> np.ndarray:
    """A still life of coloured blobs, another for every seed; (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : size[0], 0 : size[1]]
    picture = np.zeros((*size, 3))
    for _ in range(60):
        centre_y, centre_x = rng.uniform(0, size[0]), rng.uniform(0, size[1])
        inside = np.hypot(y - centre_y, x - centre_x) < rng.uniform(4, size[0] / 5)
        picture[inside] = rng.uniform(0, 255, 3)
    return picture.astype(np.uint8)


def shifted(picture: np.ndarray, x: int, y: int = 0) -> np.ndarray:
    """The picture, moved right and down; what leaves on one side comes in on the other."""
    return np.roll(picture, (y, x), (0, 1))


def blend(a: np.ndarray, b: np.ndarray, share: float) -> np.ndarray:
    return np.round(a * (1 - share) + b * share).astype(np.uint8)


def lit(picture: np.ndarray, factor: float) -> np.ndarray:
    return np.clip(picture * factor, 0, 255).astype(np.uint8)
