"""A small prepared set made on the spot, and a run on it that takes seconds."""

from pathlib import Path

import numpy as np

from diffbgm.data.harte import NO_CHORD, chord_row
from diffbgm.data.pop909 import Section
from diffbgm.data.prepare_pop909 import prepare_sections, song_splits
from diffbgm.training import TrainingConfig
from tests.model.small_network import SMALL


def section(song: str, bars: int = 8) -> Section:
    rng = np.random.default_rng(int(song))
    onsets = np.arange(0, bars * 16, 4)
    pitches = rng.choice([60, 64, 67, 72], len(onsets))
    columns = [onsets, onsets * 0 + 3, pitches, onsets * 0 + 80, onsets % 3]
    notes, chords = np.stack(columns, axis=1), np.tile(chord_row("C"), (4 * bars, 1))
    chords[::4] = NO_CHORD
    return Section(song, bars, notes, np.array([0, 16]), chords)


def song_of(split: str) -> str:
    """Some song of a split, as pop909_splits.json has it."""
    return next(song for song, own in song_splits().items() if own == split)


def write_set(path: Path) -> Path:
    """Three songs of 8 bars: two train, one validates."""
    prepare_sections([section("9001"), section("9002"), section(song_of("validation"))]).save(path)
    return path


def small_run(data: Path, out: Path, **changes) -> TrainingConfig:
    settings = {"steps": 3, "batch_windows": 4, "network": SMALL, **changes}
    return TrainingConfig(data=str(data), out=str(out), **settings)
