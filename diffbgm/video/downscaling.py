"""Pictures of 32 x 18 pixels, of which even a long film can be kept whole."""

from typing import Protocol

import cv2
import numpy as np

from diffbgm.video.similarity import Flow, dissimilarity

WIDTH, HEIGHT = 32, 18

_ENLARGED = (128, 72)  # for the flow, which wants some pixels


class Downscaled(Protocol):
    """(frames, 18, 32, 3) uint8, the pictures of a film, which are there one slice at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> np.ndarray: ...


def downscale(rgb: np.ndarray) -> np.ndarray:
    """The picture, (18, 32, 3) uint8, whatever its shape."""
    return cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def flat(downscaled: np.ndarray) -> np.ndarray:
    """(pixels,) float32 of one downscaled picture, (frames, pixels) of many."""
    values = downscaled.astype(np.float32)
    return values.reshape(len(downscaled), -1) if downscaled.ndim == 4 else values.reshape(-1)


def downscaled_dissimilarity(before: np.ndarray, after: np.ndarray, flow: Flow) -> float:
    """0 where two downscaled pictures may show the same, moved or lit otherwise; 1 where not."""
    return dissimilarity(_enlarged(before), _enlarged(after), flow)


def _enlarged(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, _ENLARGED, interpolation=cv2.INTER_CUBIC)
