"""What is kept of one song while a set is prepared, so that a killed run goes on."""

import json
import zlib
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np

from diffbgm.data.prepared import PreparedSet
from diffbgm.files import replacing
from diffbgm.files.arrays import read_arrays

# Another number where songs are read otherwise: parts of the earlier reading are then not used.
READING = 1


@dataclass(frozen=True)
class SongPart:
    """A song prepared by itself: its sections, or why it is not used (`pop909.SongReport`)."""

    song: str
    rejected: str | None
    measured: dict[str, float]
    phase_source: str
    phase_moved_beats: int
    prepared: PreparedSet


def fingerprint(*folders: Path | None) -> str:
    """Tells whether files in the folders have changed, by their names, sizes and times."""
    stats = [
        (path.name, path.stat().st_size, path.stat().st_mtime_ns)
        for folder in folders
        if folder is not None
        for path in sorted(folder.iterdir())
    ]
    return f"{READING}-{zlib.crc32(repr(stats).encode()):08x}"


def write_part(path: Path, song: SongPart, mark: str) -> None:
    """Write a part, whole or not at all, marked with the `fingerprint` of what it was read from."""
    columns = {field.name: getattr(song.prepared, field.name) for field in fields(PreparedSet)}
    facts = {name: value for name, value in asdict(song).items() if name != "prepared"}
    with replacing(path) as unfinished:
        np.savez(unfinished, facts=np.array(json.dumps(facts)), mark=np.array(mark), **columns)


def read_part(path: Path, mark: str) -> SongPart | None:
    """The part in `path`; None if there is none, or if it was read from other files."""
    try:
        columns = read_arrays(path)
        if str(columns["mark"]) != mark:
            return None
        prepared = {field.name: columns[field.name] for field in fields(PreparedSet)}
        facts = json.loads(str(columns["facts"]))
    except (OSError, ValueError, KeyError):
        return None
    return SongPart(**facts, prepared=PreparedSet(**prepared))
