"""Parts: what one shot sounds on one stem, on disk and off. Knows neither notes nor loudness."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffbgm.errors import CompositionError, StorageError
from diffbgm.files import replacing

SAMPLE_RATE = 48_000
_FULL_SCALE = 2**23  # of 24 bits


@dataclass(frozen=True)
class Part:
    """What one shot sounds on `stem`, tails included, from the film's sample `start` on.

    `samples` (n, 2) float32 lie on a grid of 24 bits, so that FLAC keeps them to the bit.
    """

    stem: str
    start: int
    samples: np.ndarray

    @classmethod
    def rounded(cls, stem: str, start: int, samples: np.ndarray) -> "Part":
        """The part nearest to `samples` (n, 2) that lies on the grid."""
        step = np.float32(_step(samples))
        levels = np.asarray(samples, np.float32) / step
        np.rint(levels, out=levels)
        np.clip(levels, -_FULL_SCALE, _FULL_SCALE - 1, out=levels)
        levels *= step
        return cls(stem, start, levels)

    @property
    def stop(self) -> int:
        return self.start + len(self.samples)


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
    levels = [
        np.rint(part.samples / step).astype(np.int32)
        for part, step in zip(parts, steps, strict=True)
    ]
    # A FLAC file without samples cannot be read back.
    samples = np.concatenate([*levels, np.zeros((1, 2), np.int32)])
    write_levels(path, samples, comment=json.dumps(index))


def load_parts(path: Path) -> tuple[Part, ...]:
    """The parts that `save_parts` wrote, to the bit. CompositionError if there are none."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            index = json.loads(file.comment)
            levels = np.right_shift(file.read(dtype="int32", always_2d=True), 8)
        return tuple(_unpack(index, levels))
    except (soundfile.SoundFileError, ValueError, KeyError, TypeError) as exc:
        raise CompositionError(
            f"{path}: the sound of a take is missing or damaged; recompose the shot"
        ) from exc


def write_levels(path: Path, levels: np.ndarray, comment: str = "") -> None:
    """Write int32 `levels` (n, 2) of 24 bits as the suffix of `path` says (.wav, .flac), 48 kHz.

    StorageError where it cannot be written whole.
    """
    import soundfile

    with replacing(path) as unfinished:
        try:
            with soundfile.SoundFile(
                unfinished, "w", SAMPLE_RATE, channels=2, subtype="PCM_24"
            ) as file:
                if comment:
                    file.comment = comment
                file.write(levels << 8)
        # soundfile asserts that all samples were taken; a full disc takes fewer.
        except (soundfile.SoundFileError, AssertionError) as exc:
            raise StorageError(
                f"{path}: cannot be written; is there space, and may this folder be written to?"
            ) from exc
        _check_whole(unfinished, len(levels))


def patch_levels(path: Path, first: int, levels: np.ndarray) -> None:
    """Replace int32 `levels` (m, 2) of 24 bits from sample `first` on in a file that lies there.

    StorageError where it cannot be written.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path, "r+") as file:
            file.seek(first)
            file.write(levels << 8)
    except (soundfile.SoundFileError, AssertionError) as exc:
        raise StorageError(f"{path}: cannot be written; is there space left?") from exc


def _check_whole(path: Path, samples: int) -> None:
    """OSError if the disc was full when the last samples were flushed: closing says nothing."""
    import soundfile

    try:
        written = soundfile.info(path).frames
    except soundfile.SoundFileError as exc:
        raise OSError("the file was not written whole; is the disc full?") from exc
    if written != samples:
        raise OSError("the file was not written whole; is the disc full?")


def _step(samples: np.ndarray) -> float:
    """The grid's step: 2^-23, or more where the samples go beyond full scale."""
    peak = float(np.abs(samples).max(initial=0.0))
    return 2.0 ** max(0, np.frexp(peak)[1]) / _FULL_SCALE


def _unpack(index: list[dict], levels: np.ndarray) -> Iterable[Part]:
    first = 0
    for entry in index:
        last = first + entry["samples"]
        if last > len(levels):
            raise ValueError("shorter than its index says")
        samples = (levels[first:last] * entry["step"]).astype(np.float32)
        yield Part(entry["stem"], entry["start"], samples)
        first = last
