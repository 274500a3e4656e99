"""A sound as it is drawn: its lowest and highest sample of every column. Draws nothing."""

from typing import Protocol

import numpy as np

_READ = 2**20  # samples at a time, about


class Sound(Protocol):
    """(n, 2) samples that are there one slice at a time."""

    def __len__(self) -> int: ...

    def __getitem__(self, span: slice, /) -> np.ndarray: ...


def columns(sound: Sound, width: int) -> tuple[np.ndarray, np.ndarray]:
    """(columns,) lowest and highest of every `width` samples, the last column of the rest."""
    lowest, highest = [np.zeros(0)], [np.zeros(0)]
    step = max(1, _READ // width) * width
    for first in range(0, len(sound), step):
        block = sound[first : min(first + step, len(sound))]
        starts = np.arange(0, len(block), width)
        lowest.append(np.minimum.reduceat(block, starts).min(axis=1))
        highest.append(np.maximum.reduceat(block, starts).max(axis=1))
    return np.concatenate(lowest), np.concatenate(highest)
