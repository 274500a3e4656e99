"""`diffbgm evaluate`: pieces on songs' own conditions, measured beside the songs themselves."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm import sketching
from diffbgm.data.prepare import song_splits
from diffbgm.data.prepared import PreparedSet, load_prepared
from diffbgm.errors import DatasetError
from diffbgm.evaluation.report import evaluate_folder
from diffbgm.model.sampling import Piece
from diffbgm.music.midi import write_midi
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    SIXTEENTHS_PER_BAR,
    from_notes,
    to_score,
)
from diffbgm.options import Sampling
from diffbgm.spotting.tempo_map import TempoMap

BARS = 16
BEATS = BARS * BEATS_PER_BAR
# All files are at 120 beats a minute.
TEMPO_MAP = TempoMap.constant(BEATS, BEATS / 2)


def evaluate(
    data: Path,
    songs: str,
    folder: Path,
    *,
    pieces: int = 100,
    seed: int = 0,
    device: str = "auto",
    checkpoint: Path | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> dict[str, Any]:
    """Write generated/*.mid, reference/*.mid and metrics.json into `folder`; return the metrics.

    `songs` names a split, or a file of song numbers, one a line; `pieces` of 16 bars are spread
    evenly over them. DatasetError if none of the songs is in the prepared set.
    """
    prepared = load_prepared(data)
    windows = _spread(_windows(prepared, _wanted(songs)), pieces)
    model = sketching.load(sketching.resolve_checkpoint(checkpoint), device)
    for kind in ("generated", "reference"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for index, (section, bar) in enumerate(windows):
        rows = _rows(prepared, section, bar)
        (roll,) = model.paint(_piece(prepared, rows), [seed + index], Sampling())
        name = f"{prepared.songs[section]}_{section:04d}_{bar:03d}.mid"
        _write(roll, folder / "generated" / name)
        _write(_real(prepared, section, bar), folder / "reference" / name)
        progress((index + 1) / len(windows))
    return evaluate_folder(folder)


def _wanted(songs: str) -> set[str]:
    if Path(songs).is_file():
        return set(Path(songs).read_text().split())
    return {song for song, split in song_splits().items() if split == songs}


def _windows(prepared: PreparedSet, wanted: set[str]) -> list[tuple[int, int]]:
    """(section, first bar) of all windows of the wanted songs that do not overlap."""
    windows = []
    for section, song in enumerate(prepared.songs.tolist()):
        rows = prepared.beats(section)
        bars = (rows.stop - rows.start) // BEATS_PER_BAR
        if song in wanted:
            windows += [(section, bar) for bar in range(0, bars - BARS + 1, BARS)]
    if not windows:
        raise DatasetError("none of the songs has a window of 16 bars in this prepared set")
    return windows


def _spread(windows: list[tuple[int, int]], count: int) -> list[tuple[int, int]]:
    chosen = np.linspace(0, len(windows) - 1, min(count, len(windows))).round().astype(int)
    return [windows[index] for index in chosen]


def _rows(prepared: PreparedSet, section: int, bar: int) -> slice:
    first = prepared.beats(section).start + bar * BEATS_PER_BAR
    return slice(first, first + BEATS)


def _piece(prepared: PreparedSet, rows: slice) -> Piece:
    return Piece(
        prepared.dynamic[rows].astype(np.float32),
        prepared.semantic[rows].astype(np.float32),
        np.cumsum(prepared.phrase_start[rows]),
        int(np.bincount(prepared.key_signature[rows]).argmax()),
    )


def _real(prepared: PreparedSet, section: int, bar: int) -> np.ndarray:
    notes = prepared.section_notes(section).astype(int)
    notes[:, 0] -= bar * SIXTEENTHS_PER_BAR
    return from_notes(notes, BARS * SIXTEENTHS_PER_BAR)


def _write(roll: np.ndarray, path: Path) -> None:
    write_midi(to_score(roll), TEMPO_MAP, path)
