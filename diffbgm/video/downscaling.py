"""Pictures of postage-stamp size, of which even a long film can be kept whole."""

from typing import Protocol

import cv2
import numpy as np

from diffbgm.video.similarity import Flow, dissimilarity

STAMP_WIDTH, STAMP_HEIGHT = 32, 18

_ENLARGED = (128, 72)  # for the flow, which wants some pixels


class Stamps(Protocol):
    """(frames, 18, 32, 3) uint8, the stamps of a film, which are there one slice at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> np.ndarray: ...


def stamp(rgb: np.ndarray) -> np.ndarray:
    """The picture, (18, 32, 3) uint8, whatever its shape."""
    return cv2.resize(rgb, (STAMP_WIDTH, STAMP_HEIGHT), interpolation=cv2.INTER_AREA)


def flat(stamps: np.ndarray) -> np.ndarray:
    """(pixels,) float32 of one stamp, (frames, pixels) of many."""
    values = stamps.astype(np.float32)
    return values.reshape(len(stamps), -1) if stamps.ndim == 4 else values.reshape(-1)


def stamps_unlike(before: np.ndarray, after: np.ndarray, flow: Flow) -> float:
    """0 where two stamps may show the same moved and lit otherwise, 1 where they do not."""
    return dissimilarity(_enlarged(before), _enlarged(after), flow)


def _enlarged(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, _ENLARGED, interpolation=cv2.INTER_CUBIC)
