"""A prepared set of songs with their films: one compact file that trains from memory.

Songs lie end to end; `note_offsets`, `beat_offsets` and `window_offsets` (S + 1,) say where each
one's rows begin. Needs numpy alone, so that it can be read where nothing else is installed.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffbgm.data.prepared import SPLITS, PreparedSet, load_prepared, read_columns, write_columns
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR

WINDOW_BARS = 8


@dataclass(frozen=True)
class PairedSet:
    """Columns of a prepared set of pairs; S songs, N notes, B beats, W windows in all.

    songs (S,) names; split (S,) index into SPLITS; notes (N, 5) onset, duration (sixteenths
    from the song's start), pitch, velocity, track; visual (B, V) and language (B, L), a row a
    beat; windows (W,) the sixteenths at which 8 bars of 4/4 begin.
    """

    songs: np.ndarray
    split: np.ndarray
    note_offsets: np.ndarray
    beat_offsets: np.ndarray
    window_offsets: np.ndarray
    notes: np.ndarray
    visual: np.ndarray
    language: np.ndarray
    windows: np.ndarray

    def __len__(self) -> int:
        return len(self.songs)

    def song_notes(self, song: int) -> np.ndarray:
        """Notes (N, 5) of one song."""
        return self.notes[self.note_offsets[song] : self.note_offsets[song + 1]]

    def song_windows(self, song: int) -> np.ndarray:
        """Where the windows of one song begin, in its sixteenths."""
        return self.windows[self.window_offsets[song] : self.window_offsets[song + 1]]

    def songs_of(self, split: str) -> list[int]:
        """The songs (indices) of a split."""
        return np.flatnonzero(self.split == SPLITS.index(split)).tolist()

    def save(self, path: Path) -> None:
        """Write to `path` (.npz), whole or not at all."""
        write_columns(path, self)


def load_pairs(path: Path) -> PairedSet:
    """The prepared pairs in `path`; DatasetError if it holds none.

    A prepared set of music alone is read as pairs, too: what was counted in each score takes the
    place of what its film would show, the dynamic stream of `visual`, the semantic one of
    `language`.
    """
    if _has_column(path, "dynamic"):
        return _of_scores(load_prepared(path))
    return read_columns(path, PairedSet)


def holds_pairs(path: Path) -> bool:
    """Whether `path` is a prepared set of songs with their films."""
    return _has_column(path, "visual")


def _has_column(path: Path, name: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return f"{name}.npy" in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _of_scores(prepared: PreparedSet) -> PairedSet:
    bars = np.diff(prepared.beat_offsets) // BEATS_PER_BAR
    windows = [
        np.arange(max(count - WINDOW_BARS + 1, 0)) * SIXTEENTHS_PER_BAR for count in bars.tolist()
    ]
    return PairedSet(
        songs=prepared.songs,
        split=prepared.split,
        note_offsets=prepared.note_offsets,
        beat_offsets=prepared.beat_offsets,
        window_offsets=np.cumsum([0, *map(len, windows)]),
        notes=prepared.notes,
        visual=prepared.dynamic,
        language=prepared.semantic,
        windows=np.concatenate(windows),
    )
