"""BGM909 as it is published: POP909's songs with what was measured of a film for each.

    new_raw_video_feats/NNN.pth    a tensor, frames x 512
    caption_feats/NNN.npy          frames x 768
    detection/NNN_scenes.txt       a line a shot
    (any folder)/NNN.npz           the song on a grid of sixteenths: `read_music` says what is in it

The folders may lie anywhere below the one that is named. Nothing in the files is executed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from diffbgm.data.npz import read_npy, read_npz, read_tensor
from diffbgm.data.paired import WINDOW_BARS
from diffbgm.errors import DatasetError
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    SIXTEENTHS_PER_BAR,
    SIXTEENTHS_PER_BEAT,
    TRACKS,
)

VISUAL_FOLDER, LANGUAGE_FOLDER, SHOTS_FOLDER = "new_raw_video_feats", "caption_feats", "detection"
VISUAL_WIDTH, LANGUAGE_WIDTH = 512, 768
CHORD_COLUMNS = 14  # root, 12 pitch classes, bass
NOTE_COLUMNS = 5  # onset, pitch, duration, velocity, program
SKIPPED_SONGS = frozenset({"034", "203", "215", "254", "280", "328"})
"""In triple metre or without a complete window; the paper leaves them out."""

_LONGEST_BEATS = 100_000
_NAMED_AT_MOST = 5


class PairFiles(NamedTuple):
    """Where a song and what was measured of its film lie."""

    song: str
    music: Path
    visual: Path
    language: Path
    shots: Path


@dataclass(frozen=True)
class Music:
    """A song on its grid.

    `notes` (N, 5): onset, duration (sixteenths), pitch, velocity, track. `chords` (C, 14), a row
    a beat: root, 12 pitch classes, bass; they may end before the song. `windows` (W,): the
    sixteenths at which 8 bars of 4/4 begin. `irregular`: windows that the set names as complete,
    but that hold another bar.
    """

    notes: np.ndarray
    chords: np.ndarray
    windows: np.ndarray
    irregular: int

    @property
    def beats(self) -> int:
        """The song's length: its chords and its windows lie inside."""
        window_ends = self.windows // SIXTEENTHS_PER_BEAT + WINDOW_BARS * BEATS_PER_BAR
        return max([len(self.chords), *window_ends.tolist()])


@dataclass(frozen=True)
class Pair:
    """A song and its film: `visual` (frames, 512), `language` (captions, 768), both float32."""

    song: str
    music: Music
    visual: np.ndarray = field(repr=False)
    language: np.ndarray = field(repr=False)
    shots: int


class Found(NamedTuple):
    """The pairs of a set in order, and the songs in it that the paper skips."""

    pairs: list[PairFiles]
    skipped: list[str]


def find_pairs(source: Path) -> Found:
    """The files of every song below `source`.

    DatasetError names songs without a film, films without a song, and what else is missing.
    """
    music = _numbered(source.glob("**/*.npz"))
    folders = [_folder(source, name) for name in (VISUAL_FOLDER, LANGUAGE_FOLDER, SHOTS_FOLDER)]
    patterns = ("*.pth", "*.npy", "*_scenes.txt")
    measured = [
        _numbered(folder.glob(pattern)) for folder, pattern in zip(folders, patterns, strict=True)
    ]
    if not music:
        raise DatasetError(f"{source}: holds no song (NNN.npz); put POP909's npz files into it")
    present = set(music).union(*measured)
    songs = sorted(present - SKIPPED_SONGS)
    faults = [fault for song in songs if (fault := _incomplete(song, music, measured, folders))]
    if faults:
        more = f"; and {len(faults) - _NAMED_AT_MOST} more" if len(faults) > _NAMED_AT_MOST else ""
        listed = "; ".join(faults[:_NAMED_AT_MOST])
        raise DatasetError(f"{source}: {listed}{more}; complete the pairs or remove them")
    if not songs:
        raise DatasetError(f"{source}: holds no song but those that are skipped")
    pairs = [PairFiles(song, music[song], *(files[song] for files in measured)) for song in songs]
    return Found(pairs, sorted(present & SKIPPED_SONGS))


def read_pair(files: PairFiles) -> Pair:
    """A song with its film; DatasetError names the file that is damaged or of another shape."""
    return Pair(
        files.song,
        read_music(files.music),
        _features(files.visual, read_tensor(files.visual), VISUAL_WIDTH),
        _features(files.language, read_npy(files.language), LANGUAGE_WIDTH),
        _count_shots(files.shots),
    )


def read_music(path: Path) -> Music:
    """The song in an .npz; DatasetError names what is wrong with it.

    `notes`: three tracks of rows onset, pitch, duration, velocity, program, in sixteenths;
    `db_pos`: the downbeats in sixteenths; `db_pos_filter`: whether a complete window begins at
    each; `chord`: a row a beat of root, 12 pitch classes, bass. Its `start_table` (downbeat to
    row of `notes`) follows from these and is not read.
    """
    table = read_npz(path, ("notes", "db_pos", "db_pos_filter", "chord"))
    chords = _whole_numbers(path, "chord", table["chord"], CHORD_COLUMNS)
    if not 0 < len(chords) <= _LONGEST_BEATS:
        raise DatasetError(f"{path}: chord has {len(chords)} beats; a song has some hundreds")
    downbeats = _whole_numbers(path, "db_pos", table["db_pos"])
    complete = np.asarray(table["db_pos_filter"])
    if complete.shape != downbeats.shape or complete.dtype != bool:
        raise DatasetError(f"{path}: db_pos_filter is no yes or no for each of db_pos")
    if (np.diff(downbeats, prepend=-1) <= 0).any() or (downbeats % SIXTEENTHS_PER_BEAT).any():
        raise DatasetError(f"{path}: db_pos is no rising list of beats, counted in sixteenths")
    named, windows = downbeats[complete], _regular(downbeats, complete)
    return Music(_notes(path, table["notes"]), chords, windows, len(named) - len(windows))


def stretched(features: np.ndarray, beats: int) -> np.ndarray:
    """Features (frames, width) stretched by index over a song, as the paper does: (beats, width).

    Beat i has the features of frame floor(i * frames / beats).
    """
    return features[np.arange(beats) * len(features) // beats]


def _numbered(paths: Iterable[Path]) -> dict[str, Path]:
    """Song number -> file, of the files that are named by one."""
    found: dict[str, Path] = {}
    for path in sorted(paths):
        song = path.stem.removesuffix("_scenes")
        if not song.isdecimal():
            continue
        if song in found:
            raise DatasetError(f"{found[song]} and {path}: both are song {song}; remove one")
        found[song] = path
    return found


def _folder(source: Path, name: str) -> Path:
    folders = [path for path in sorted(source.glob(f"**/{name}")) if path.is_dir()]
    if not folders:
        raise DatasetError(f"{source}: holds no folder {name}; point SRC at BGM909")
    if len(folders) > 1:
        raise DatasetError(f"{folders[0]} and {folders[1]}: both are there; remove one")
    return folders[0]


def _incomplete(
    song: str, music: dict[str, Path], measured: list[dict[str, Path]], folders: list[Path]
) -> str:
    """What a pair lacks, or nothing."""
    if song not in music:
        return f"film {song} has no song ({song}.npz)"
    lacking = [
        folder.name for folder, files in zip(folders, measured, strict=True) if song not in files
    ]
    return f"song {song} has no film ({', '.join(lacking)})" if lacking else ""


def _features(path: Path, features: np.ndarray, width: int) -> np.ndarray:
    if features.ndim != 2 or features.shape[1] != width or not len(features):
        found = " x ".join(map(str, features.shape)) or "a single number"
        raise DatasetError(f"{path}: must be frames x {width}, but is {found}")
    if features.dtype.kind not in "fiu" or not np.isfinite(features).all():
        raise DatasetError(f"{path}: holds what is no finite number")
    return features.astype(np.float32)


def _count_shots(path: Path) -> int:
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as exc:
        raise DatasetError(f"{path}: is no text with a line a shot") from exc
    shots = sum(1 for line in lines if line.strip())
    if not shots:
        raise DatasetError(f"{path}: has no shot; a film has one line at least")
    return shots


def _regular(downbeats: np.ndarray, complete: np.ndarray) -> np.ndarray:
    """The complete windows in which every bar is of four beats.

    The public filter looks at the first bar alone; the last bar ends where the next one would
    begin, as far as that is known.
    """
    is_whole = np.append(np.diff(downbeats) == SIXTEENTHS_PER_BAR, True)
    padded = np.append(is_whole, np.zeros(WINDOW_BARS - 1, bool))
    all_whole = np.lib.stride_tricks.sliding_window_view(padded, WINDOW_BARS).all(axis=1)
    return downbeats[complete & all_whole]


def _notes(path: Path, tracks: Any) -> np.ndarray:
    """Notes (N, 5) of the three tracks: onset, duration, pitch, velocity, track; in order."""
    if len(tracks) != len(TRACKS):
        raise DatasetError(f"{path}: notes has {len(tracks)} tracks, not {len(TRACKS)}")
    tables = []
    for index, rows in enumerate(tracks):
        rows = rows if len(rows) else np.zeros((0, NOTE_COLUMNS), int)
        table = _whole_numbers(path, "notes", rows, NOTE_COLUMNS)
        onset, pitch, duration, velocity, _ = table.T
        tables.append(np.stack([onset, duration, pitch, velocity, np.full_like(onset, index)], 1))
    notes = np.concatenate(tables)
    onset, duration, pitch = notes[:, :3].T
    if ((onset < 0) | (duration < 1) | (pitch < 0) | (pitch > 127)).any():
        raise DatasetError(f"{path}: notes has a note outside the song or the keys")
    return notes[np.lexsort((notes[:, 4], notes[:, 2], notes[:, 0]))]


def _whole_numbers(path: Path, name: str, rows: Any, columns: int | None = None) -> np.ndarray:
    """`rows` as int64, (N, columns) or (N,); DatasetError if it is something else."""
    try:
        table = np.asarray(rows)
        whole = table.astype(np.int64)
    except (ValueError, TypeError, OverflowError) as exc:
        raise DatasetError(f"{path}: {name} is no table of numbers") from exc
    shape = (len(whole),) if columns is None and whole.ndim else (len(whole), columns)
    if whole.shape != shape or table.dtype.kind not in "iuf" or not np.array_equal(whole, table):
        wanted = f"{columns} whole numbers a row" if columns else "whole numbers"
        raise DatasetError(f"{path}: {name} must hold {wanted}; copy it again")
    return whole
