"""Sound files of 24 bits in stereo, written and read in blocks. Knows nothing of what they hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import StorageError
from diffbgm.files import replacing

SAMPLE_RATE = 48_000
FULL_SCALE = 2**23  # levels of 24 bits
BLOCK = 2**18  # samples (5.5 s) that are worked on at a time
_NOT_WHOLE = "the file was not written whole; is the disc full?"


class LevelWriter:
    """Writes one block of levels after the other."""

    def __init__(self, path: Path, file: Any) -> None:
        self.written = 0  # samples
        self._path, self._file = path, file

    def write(self, levels: np.ndarray) -> None:
        """The next int32 levels (n, 2) of 24 bits. StorageError where the disc is full."""
        import soundfile

        try:
            self._file.write(levels << 8)
        # soundfile asserts that all samples were taken; a full disc takes fewer.
        except (soundfile.SoundFileError, AssertionError) as exc:
            raise _unwritable(self._path) from exc
        self.written += len(levels)

    def write_samples(self, samples: np.ndarray) -> None:
        """The next (n, 2) samples, which lie on the 24-bit grid."""
        self.write(to_levels(samples))


@contextmanager
def writing(path: Path) -> Iterator[LevelWriter]:
    """A writer of the file, whole or not at all; its suffix says what it is (.wav, .flac).

    StorageError where it cannot be written.
    """
    import soundfile

    with replacing(path) as unfinished:
        try:
            file = soundfile.SoundFile(unfinished, "w", SAMPLE_RATE, channels=2, subtype="PCM_24")
        except soundfile.SoundFileError as exc:
            raise _unwritable(path) from exc
        writer = LevelWriter(path, file)
        try:
            yield writer
        finally:
            _close(file, path)
        _check_whole(unfinished, writer.written)


class SampleFile:
    """What such a file holds, as if it were an array (n, 2) of float32: `len`, and slices."""

    def __init__(self, path: Path) -> None:
        """ValueError if it is no file of that kind."""
        import soundfile

        try:
            info = soundfile.info(path)
        except soundfile.SoundFileError as exc:
            raise ValueError(f"{path} is no sound file") from exc
        if (info.samplerate, info.channels, info.subtype) != (SAMPLE_RATE, 2, "PCM_24"):
            raise ValueError(f"{path} is a sound file of another kind")
        self.path, self.frames = path, info.frames

    def __len__(self) -> int:
        return self.frames

    def __getitem__(self, span: slice) -> np.ndarray:
        first, last, _ = span.indices(self.frames)
        return (self.levels(first, last) / np.float64(FULL_SCALE)).astype(np.float32)

    def levels(self, first: int, last: int) -> np.ndarray:
        """(last - first, 2) int32 of 24 bits."""
        return read_levels(self.path, first, last)


def read_levels(path: Path, first: int, last: int) -> np.ndarray:
    """(last - first, 2) int32 of 24 bits; ValueError if the file is damaged or shorter."""
    import soundfile

    try:
        with soundfile.SoundFile(path) as file:
            file.seek(first)
            levels = file.read(last - first, dtype="int32", always_2d=True)
    except soundfile.SoundFileError as exc:
        raise ValueError(f"{path} is damaged") from exc
    if len(levels) != last - first:
        raise ValueError(f"{path} is shorter than it says")
    return np.right_shift(levels, 8, out=levels)


def write_samples(path: Path, samples: np.ndarray) -> None:
    """Write (n, 2) samples of the 24-bit grid exactly. StorageError if it cannot."""
    with writing(path) as writer:
        for first in range(0, len(samples), BLOCK):
            writer.write_samples(samples[first : first + BLOCK])


def patch_wav(path: Path, first: int, samples: np.ndarray) -> None:
    """Replace the samples of a WAV file, from `first` on, by (m, 2) others of the 24-bit grid.

    StorageError where it cannot be written.
    """
    import soundfile

    try:
        with soundfile.SoundFile(path, "r+") as file:
            file.seek(first)
            file.write(to_levels(samples) << 8)
    except (soundfile.SoundFileError, AssertionError) as exc:
        raise _unwritable(path) from exc


def to_levels(samples: np.ndarray) -> np.ndarray:
    """int32 levels of 24 bits."""
    return np.rint(samples * FULL_SCALE).astype(np.int32)


def blocks(first: int, last: int, *edges: int) -> Iterator[tuple[int, int]]:
    """Spans of BLOCK samples at most, from `first` to `last`, none of them across an edge."""
    stops = sorted({first, last, *(edge for edge in edges if first < edge < last)})
    for begin, end in pairwise(stops):
        for start in range(begin, end, BLOCK):
            yield start, min(start + BLOCK, end)


def _close(file: Any, path: Path) -> None:
    import soundfile

    try:
        file.close()
    except soundfile.SoundFileError as exc:
        raise _unwritable(path) from exc


def _check_whole(path: Path, samples: int) -> None:
    """OSError if the disc was full when the last samples were flushed: closing says nothing."""
    import soundfile

    try:
        written = soundfile.info(path).frames
    except soundfile.SoundFileError as exc:
        raise OSError(_NOT_WHOLE) from exc
    if written != samples:
        raise OSError(_NOT_WHOLE)


def _unwritable(path: Path) -> StorageError:
    return StorageError(
        f"{path}: cannot be written; is there space, and may this folder be written to?"
    )
