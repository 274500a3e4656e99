"""Measures how much moves, frame by frame. Knows nothing of colour or of what is shown."""

from collections.abc import Iterable
from itertools import pairwise

import cv2
import numpy as np

from diffbgm.video.similarity import Flow, grey, length

_LIVELY = 0.35  # picture widths a second at which the energy is 1 - 1/e
_FELT = 0.6  # exponent of sensation: slow motion is felt more than in proportion (Stevens 1957)
_STILL = 0.15  # pixels a frame that noise alone may seem to move
_FARTHEST = 0.25  # picture widths a frame: the flow is lost beyond
_FLASH = 20.0  # levels of mean brightness between two frames that say nothing about motion


class MotionMeter:
    """Push every frame in turn, then ask for the `energy`."""

    def __init__(self) -> None:
        self._flow = Flow()
        self._before: np.ndarray | None = None
        self._widths: list[float] = []  # moved from the frame before; nan where unknown

    def push(self, rgb: np.ndarray) -> None:
        """`rgb` is (H, W, 3) uint8, of the same size every time."""
        now = grey(rgb)
        self._widths.append(np.nan if self._before is None else self._moved(self._before, now))
        self._before = now

    def _moved(self, before: np.ndarray, now: np.ndarray) -> float:
        if abs(float(before.mean()) - float(now.mean())) > _FLASH:
            return np.nan
        flow = self._flow(before, now)
        width = now.shape[1]
        pixels = np.clip(length(*cv2.split(flow)) - _STILL, 0, _FARTHEST * width)
        return float(np.sqrt(np.mean(pixels**2))) / width

    def energy(self, frame_rate: float, transitions: Iterable[tuple[int, int]]) -> np.ndarray:
        """(frames,) float32: 0 where nothing moves, near 1 where all rushes by.

        It grows with the root mean square of the optical flow in picture widths a second,
        whatever the film. `transitions` are spans of frames (first, first after) that begin new
        shots: what happens there is no motion, and is filled in from the shot around it.
        """
        widths = np.array(self._widths)
        edges = [0]
        for first, end in transitions:
            widths[max(first, 0) : end] = np.nan
            edges.append(min(max((first + end) // 2, 0), len(widths)))
        edges.append(len(widths))
        for first, end in pairwise(edges):
            widths[first:end] = _filled(widths[first:end])
        return (1 - np.exp(-((widths * frame_rate / _LIVELY) ** _FELT))).astype(np.float32)


def _filled(values: np.ndarray) -> np.ndarray:
    """Unknown values by interpolation from the known ones; 0 if none is known."""
    known = np.flatnonzero(~np.isnan(values))
    if not len(known):
        return np.zeros_like(values)
    return np.interp(np.arange(len(values)), known, values[known])
