"""Dissimilarity of two pictures, whatever moved or flickered between them. Knows no time."""

import cv2
import numpy as np

_FULL_TEXTURE = 8.0  # mean gradient, in grey levels, from which on structure alone decides
_FULL_STEP = 100.0  # levels between two plain pictures that make them wholly dissimilar
_FULL_AREA = 0.35  # share of a picture that changes in a cut at least
_CHANGED = 10  # levels
_GREY = 40 / 3  # levels added to each colour: what is dark has next to no hue
_FULL_HUE = 0.25  # the same in chromaticity, which brightness leaves alone


class Flow:
    """Dense optical flow (Kroeger et al. 2016, DIS) between grey pictures, (H, W) uint8."""

    def __init__(self) -> None:
        preset = cv2.DISOPTICAL_FLOW_PRESET_FAST
        self._dis = cv2.DISOpticalFlow_create(preset)  # pyright: ignore[reportAttributeAccessIssue]

    def __call__(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """Where each pixel of `before` went: (H, W, 2) float32, x and y in pixels."""
        return self._dis.calc(before, after, None)  # pyright: ignore

    def traced(self, before: np.ndarray, after: np.ndarray) -> np.ndarray:
        """`after`, moved back to where its things were in `before`; both (H, W, 3) RGB."""
        where = _grid(*before.shape[:2]) + self(grey(before), grey(after))
        return _moved(after, where)


def grey(rgb: np.ndarray) -> np.ndarray:
    """Luma, (H, W) uint8."""
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)


def dissimilarity(before: np.ndarray, after: np.ndarray, flow: Flow) -> float:
    """0 where `after` is `before` moved and lit otherwise, 1 where it shows something else.

    Pictures are (H, W, 3) uint8 RGB. Structure decides where there is any: the share of it whose
    flow there does not lead back, times what the flow leaves unexplained once contrast is evened
    out. Plain pictures have no structure: for them the step in colour decides.
    """
    grey_before, grey_after = grey(before), grey(after)
    edges_before, edges_after = _edges(grey_before), _edges(grey_after)
    trust = min(1.0, min(float(edges_before.mean()), float(edges_after.mean())) / _FULL_TEXTURE)
    step = _step(before, after)
    if trust == 0:
        return step
    forth, back = flow(grey_before, grey_after), flow(grey_after, grey_before)
    where = _grid(*grey_before.shape) + forth
    lost = _inconsistent(forth, _moved(back, where))
    broken = float((lost * (edges_before + 1)).sum() / (edges_before + 1).sum())
    structure = broken * _unexplained(grey_before, _moved(grey_after, where))
    structure *= min(1.0, _changed(before, after) / _FULL_AREA)
    return trust * min(1.0, structure) + (1 - trust) * step


def _changed(before: np.ndarray, after: np.ndarray) -> float:
    """The share of the picture that is not as it was: little, when just a thing leaps in it."""
    levels = cv2.absdiff(cv2.blur(before, (5, 5)), cv2.blur(after, (5, 5))).max(2)
    return float((levels > _CHANGED).mean())


def _step(before: np.ndarray, after: np.ndarray) -> float:
    """How far the colour jumped, place by place; a change of brightness alone counts less."""
    a, b = (cv2.blur(picture, (5, 5)).astype(np.float32) for picture in (before, after))
    levels = float(np.abs(a - b).mean())
    a, b = ((x + _GREY) / (x.sum(2, keepdims=True) + 3 * _GREY) for x in (a, b))
    hue = float(np.abs(a - b).sum(2).mean()) / 2
    return min(1.0, max(levels / _FULL_STEP, hue / _FULL_HUE))


def _edges(picture: np.ndarray) -> np.ndarray:
    return length(cv2.Sobel(picture, cv2.CV_32F, 1, 0), cv2.Sobel(picture, cv2.CV_32F, 0, 1))


def _grid(height: int, width: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x, y], 2).astype(np.float32)


def _moved(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    return cv2.remap(picture, where, None, cv2.INTER_LINEAR)  # pyright: ignore


def _inconsistent(forth: np.ndarray, back: np.ndarray) -> np.ndarray:
    """True where going there and back does not end near the beginning."""
    return length(*cv2.split(forth + back)) > 1 + 0.1 * length(*cv2.split(forth))


def length(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The same in every process: what cv2.magnitude rounds hangs on where its arrays lie."""
    return np.sqrt(x * x + y * y)


def _unexplained(picture: np.ndarray, guess: np.ndarray) -> float:
    """What remains of `picture` when `guess`, its contrast fitted, is taken off; about 0..1."""
    a, b = picture.astype(np.float32), guess.astype(np.float32)
    a, b = a - a.mean(), b - b.mean()
    contrast = float((a * b).mean() / ((b * b).mean() + 2.5))
    rest = np.abs(a - np.clip(contrast, 0.3, 3) * b).mean()
    return float(rest / (a.std() + 4))
