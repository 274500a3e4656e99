"""Parts: what one shot sounds on one stem, on disk and off. Knows neither notes nor loudness."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from diffbgm.errors import CompositionError
from diffbgm.sound.sample_files import (
    BLOCK,
    FULL_SCALE,
    SAMPLE_RATE,
    read_comment,
    read_levels,
    writing,
)

__all__ = ["SAMPLE_RATE", "Part", "SoundPart", "StoredPart", "load_parts", "save_parts"]


class SoundPart(Protocol):
    """What one shot sounds on `stem`, tails included: the film's samples `start` to `stop`."""

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
    """A part in a file, which is read where it is asked for; there it begins at `offset`."""

    stem: str
    start: int
    length: int
    path: Path
    offset: int
    step: float

    @property
    def stop(self) -> int:
        return self.start + self.length

    def between(self, first: int, last: int) -> np.ndarray:
        """CompositionError where the file is gone or damaged."""
        begin = self.offset + first - self.start
        try:
            levels = read_levels(self.path, begin, begin + last - first)
        except ValueError as exc:
            raise _unreadable(self.path) from exc
        return (levels * self.step).astype(np.float32)


def save_parts(parts: Iterable[Part], path: Path) -> None:
    """Write `parts` into one FLAC file, one after the other; its comment says which is which.

    StorageError where it cannot be written.
    """
    parts = tuple(parts)
    steps = [_step(part.samples) for part in parts]
    index = [
        {"stem": part.stem, "start": part.start, "samples": len(part.samples), "step": step}
        for part, step in zip(parts, steps, strict=True)
    ]
    with writing(path, comment=json.dumps(index)) as writer:
        for part, step in zip(parts, steps, strict=True):
            for first in range(0, len(part.samples), BLOCK):
                block = part.samples[first : first + BLOCK]
                writer.write(np.rint(block / step).astype(np.int32))
        # A FLAC file without samples cannot be read back.
        writer.write(np.zeros((1, 2), np.int32))


def load_parts(path: Path) -> tuple[StoredPart, ...]:
    """The parts that `save_parts` wrote, to be read to the bit where they are asked for.

    CompositionError if there are none.
    """
    try:
        return tuple(_stored(json.loads(read_comment(path)), path))
    except (ValueError, KeyError, TypeError) as exc:
        raise _unreadable(path) from exc


def _stored(index: list[dict[str, Any]], path: Path) -> Iterable[StoredPart]:
    offset = 0
    for entry in index:
        length = entry["samples"]
        yield StoredPart(entry["stem"], entry["start"], length, path, offset, entry["step"])
        offset += length


def _step(samples: np.ndarray) -> float:
    """The grid's step: 2^-23, or more where the samples go beyond full scale."""
    peak = float(np.abs(samples).max(initial=0.0))
    return 2.0 ** max(0, np.frexp(peak)[1]) / FULL_SCALE


def _unreadable(path: Path) -> CompositionError:
    return CompositionError(
        f"{path}: sound that was just rendered is missing or damaged; try again"
    )
