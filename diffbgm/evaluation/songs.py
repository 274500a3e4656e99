"""Which songs a model is measured on, and which windows of them. Knows no model."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffbgm.data.prepare_pop909 import prepare_songs, song_splits
from diffbgm.data.prepared import SPLITS, PreparedSet, join, load_prepared
from diffbgm.errors import DatasetError, OptionError
from diffbgm.evaluation import piece
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, from_notes
from diffbgm.progress import Advance, no_advance

BARS = 16
# Training windows are sought for copies in windows of 8 bars that begin at every bar.
COPY_BARS = 8
# Where songs are too few for as many windows, windows overlap more and more.
HOPS = (16, 8, 4, 2, 1)


@dataclass(frozen=True)
class Window:
    """So many bars of a section, from a bar on."""

    section: int
    bar: int
    bars: int = BARS


@dataclass(frozen=True)
class SongSet:
    """Songs to measure on, prepared; `left_out` says of wanted songs why they are not in it."""

    prepared: PreparedSet
    left_out: dict[str, str]

    def windows(self, count: int) -> list[Window]:
        """So many windows of 16 bars, spread evenly over the songs; fewer if there are not more."""
        all_windows: list[Window] = []
        for hop in HOPS:
            all_windows = list(_every(self.prepared, range(len(self.prepared)), BARS, hop))
            if len(all_windows) >= count:
                break
        if not all_windows:
            raise DatasetError(f"none of the songs has a window of {BARS} bars")
        chosen = np.linspace(0, len(all_windows) - 1, min(count, len(all_windows))).round()
        return [all_windows[index] for index in chosen.astype(int)]

    def beats(self, window: Window) -> slice:
        """The rows of a window in the per-beat columns."""
        first = self.prepared.beats(window.section).start + window.bar * BEATS_PER_BAR
        return slice(first, first + window.bars * BEATS_PER_BAR)

    def roll(self, window: Window) -> np.ndarray:
        """What is really played there, (T, 3, 88); what began before is left out."""
        return from_notes(_notes(self.prepared, window), window.bars * SIXTEENTHS_PER_BAR)

    def name(self, window: Window) -> str:
        return f"{self.prepared.songs[window.section]}_{window.section:04d}_{window.bar:03d}"


def read_set(data: Path, songs: str, progress: Advance = no_advance) -> SongSet:
    """The songs that `songs` names, of a prepared file or of POP909's own folders.

    `songs` is a split, or a file of song numbers, one a line. OptionError if it is neither,
    DatasetError if none of the songs is there or can be used.
    """
    wanted = wanted_songs(songs)
    if data.is_dir():
        parts = prepare_songs(data, wanted, progress=progress)
        found = join([part.prepared for part in parts]) if parts else None
        left_out = {part.song: part.rejected for part in parts if part.rejected}
    else:
        whole = load_prepared(data)
        found, left_out = _only(whole, [song in wanted for song in whole.songs.tolist()]), {}
    named = set(found.songs.tolist()) if found else set()
    left_out |= dict.fromkeys(sorted(wanted - named - set(left_out)), f"not in {data.name}")
    if found is None or not len(found):
        raise DatasetError(f"{data}: none of the {len(wanted)} songs is there and can be used")
    return SongSet(found, left_out)


def wanted_songs(songs: str) -> set[str]:
    """Song numbers of three digits, of a split or of a file."""
    if songs in SPLITS and songs != "train":
        return {song for song, split in song_splits().items() if split == songs}
    try:
        lines = Path(songs).read_text().split()
    except (OSError, ValueError) as exc:
        raise OptionError(
            f"{songs} is neither a split (validation, test) nor a file of song numbers, one a line"
        ) from exc
    wrong = [line for line in lines if not line.isdigit()]
    if wrong or not lines:
        held = repr(wrong[0]) if wrong else "nothing"
        raise OptionError(f"{songs}: holds {held}, not song numbers, one a line")
    return {line.zfill(3) for line in lines}


def training_windows(prepared: PreparedSet, held_out: Iterable[str]) -> list[piece.MeasuredPiece]:
    """Windows of 8 bars from every bar of the train split's songs, but of those `held_out`."""
    avoided = set(held_out)
    sections = [
        section
        for section in np.flatnonzero(prepared.split == SPLITS.index("train")).tolist()
        if prepared.songs[section] not in avoided
    ]
    return [
        piece.from_notes(
            str(prepared.songs[window.section]),
            _notes(prepared, window)[:, [0, 1, 2, 4]],
            COPY_BARS,
        )
        for window in _every(prepared, sections, COPY_BARS, 1)
    ]


def _every(prepared: PreparedSet, sections: Iterable[int], bars: int, hop: int):
    for section in sections:
        beats = prepared.beats(section)
        last = (beats.stop - beats.start) // BEATS_PER_BAR - bars
        yield from (Window(section, bar, bars) for bar in range(0, last + 1, hop))


def _notes(prepared: PreparedSet, window: Window) -> np.ndarray:
    """Notes (N, 5) that begin in a window, in sixteenths from its start."""
    notes = prepared.section_notes(window.section)  # ordered by onset
    first = window.bar * SIXTEENTHS_PER_BAR
    edges = np.searchsorted(notes[:, 0], [first, first + window.bars * SIXTEENTHS_PER_BAR])
    own = notes[slice(*edges)].astype(int)
    own[:, 0] -= first
    return own


def _only(prepared: PreparedSet, wanted: list[bool]) -> PreparedSet | None:
    """The wanted sections, None if there are none."""
    chosen = [section for section, is_wanted in enumerate(wanted) if is_wanted]
    return join([prepared.section(index) for index in chosen]) if chosen else None
