"""A prepared data set: one compact file of notes and conditions that trains from memory.

Sections lie end to end; `note_offsets` and `beat_offsets` (S + 1,) say where each one's rows
begin. Needs numpy alone, so that it can be read where nothing else is installed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from diffbgm.errors import DatasetError
from diffbgm.files import replacing
from diffbgm.files.arrays import read_arrays

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class PreparedSet:
    """Columns of a prepared set; S sections, N notes, B beats in all.

    songs (S,) names; split (S,) index into SPLITS; notes (N, 5) onset, duration (sixteenths
    from the section's start), pitch, velocity, track; dynamic (B, 6), semantic (B, 3);
    key_signature (B,) 0..11; phrase_start (B,) bool; chord (B, 14) as `harte.chord_row` has it.
    """

    songs: np.ndarray
    split: np.ndarray
    note_offsets: np.ndarray
    beat_offsets: np.ndarray
    notes: np.ndarray
    dynamic: np.ndarray
    semantic: np.ndarray
    key_signature: np.ndarray
    phrase_start: np.ndarray
    chord: np.ndarray

    def __len__(self) -> int:
        return len(self.songs)

    def section_notes(self, section: int) -> np.ndarray:
        """Notes (N, 5) of one section."""
        return self.notes[self.note_offsets[section] : self.note_offsets[section + 1]]

    def beats(self, section: int) -> slice:
        """The rows of one section in the per-beat columns."""
        return slice(int(self.beat_offsets[section]), int(self.beat_offsets[section + 1]))

    def section(self, section: int) -> "PreparedSet":
        """One section as a set of its own."""
        rows, one = self.beats(section), slice(section, section + 1)
        notes = self.section_notes(section)
        return PreparedSet(
            self.songs[one],
            self.split[one],
            np.array([0, len(notes)]),
            np.array([0, rows.stop - rows.start]),
            notes,
            *(
                getattr(self, name)[rows]
                for name in ("dynamic", "semantic", "key_signature", "phrase_start", "chord")
            ),
        )

    def save(self, path: Path) -> None:
        """Write to `path` (.npz), whole or not at all."""
        write_columns(path, self)


def load_prepared(path: Path) -> PreparedSet:
    """The prepared set in `path`; DatasetError if it is none."""
    return read_columns(path, PreparedSet)


def join(sets: Sequence[PreparedSet]) -> PreparedSet:
    """All sections of all sets, end to end."""
    columns = {
        name: np.concatenate([getattr(one, name) for one in sets])
        for name in (field.name for field in fields(PreparedSet))
        if not name.endswith("_offsets")
    }
    for name in ("note_offsets", "beat_offsets"):
        lengths = [np.diff(getattr(one, name)) for one in sets]
        columns[name] = np.cumsum([0, *np.concatenate(lengths)])
    return PreparedSet(**columns)


Columns = TypeVar("Columns")


def read_columns(path: Path, kind: type[Columns]) -> Columns:
    """The dataclass of arrays that `write_columns` wrote; DatasetError if the file holds none."""
    names = [field.name for field in fields(kind)]  # pyright: ignore[reportArgumentType]
    try:
        columns = read_arrays(path)
        return kind(**{name: columns[name] for name in names})
    except (OSError, ValueError, KeyError) as exc:
        raise DatasetError(f"{path} is no prepared data set; run `diffbgm prepare` first") from exc


def write_columns(path: Path, columns: Any) -> None:
    """Write a dataclass of arrays to `path` (.npz), whole or not at all; else StorageError."""
    with replacing(path) as unfinished:
        arrays = {field.name: getattr(columns, field.name) for field in fields(columns)}
        np.savez_compressed(unfinished, **arrays)
