"""Parts: what a shot sounds on one stem, on disk and off. Knows neither notes nor loudness."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from diffbgm.errors import CompositionError
from diffbgm.sound.sample_files import (
    BLOCK,
    FULL_SCALE,
    SAMPLE_RATE,
    read_levels,
    writing,
)

__all__ = ["SAMPLE_RATE", "Part", "SoundPart", "StoredPart", "save_part"]


class SoundPart(Protocol):
    """What one shot, or a stretch of a long one, sounds on `stem`, tails included: the film's
    samples `start` to `stop`."""

    @property
    def stem(self) -> str: ...

    @property
    def start(self) -> int: ...

    @property
    def stop(self) -> int: ...

    def between(self, first: int, last: int) -> np.ndarray:
        """(last - first, 2) float32 of the film's samples `first` to `last`, all of which the
        part holds."""
        ...


@dataclass(frozen=True)
class Part:
    """A part in memory. `samples` (n, 2) float32 lie on a grid of 24 bits, so that FLAC keeps them
    to the bit."""

    stem: str
    start: int
    samples: np.ndarray

    @classmethod
    def rounded(cls, stem: str, start: int, samples: np.ndarray) -> "Part":
        """The part nearest to `samples` (n, 2) that lies on the grid."""
        step = np.float32(_step(samples))
        levels = np.asarray(samples, np.float32) / step
        np.rint(levels, out=levels)
        np.clip(levels, -FULL_SCALE, FULL_SCALE - 1, out=levels)
        levels *= step
        return cls(stem, start, levels)

    @property
    def stop(self) -> int:
        return self.start + len(self.samples)

    def between(self, first: int, last: int) -> np.ndarray:
        return self.samples[first - self.start : last - self.start]


@dataclass(frozen=True)
class StoredPart:
    """A part in a file of its own, which is read where it is asked for."""

    stem: str
    start: int
    length: int
    path: Path
    step: float

    @property
    def stop(self) -> int:
        return self.start + self.length

    def between(self, first: int, last: int) -> np.ndarray:
        """CompositionError where the file is gone or damaged."""
        try:
            levels = read_levels(self.path, first - self.start, last - self.start)
        except ValueError as exc:
            raise CompositionError(
                f"{self.path}: sound that was just rendered is missing or damaged; try again"
            ) from exc
        return (levels * self.step).astype(np.float32)


def save_part(part: Part, path: Path) -> StoredPart:
    """`part` in a FLAC file, from which it is read to the bit.

    StorageError where it cannot be written.
    """
    step = _step(part.samples)
    with writing(path) as writer:
        for first in range(0, len(part.samples), BLOCK):
            block = part.samples[first : first + BLOCK]
            writer.write(np.rint(block / step).astype(np.int32))
        # A FLAC file without samples cannot be read back.
        writer.write(np.zeros((1, 2), np.int32))
    return StoredPart(part.stem, part.start, len(part.samples), path, step)


def _step(samples: np.ndarray) -> float:
    """The grid's step: 2^-23, or more where the samples go beyond full scale."""
    peak = float(np.abs(samples).max(initial=0.0))
    return 2.0 ** max(0, np.frexp(peak)[1]) / FULL_SCALE
