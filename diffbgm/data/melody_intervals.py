"""How songs' melodies move, by the time between two onsets: `model/intervals.json`."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from diffbgm.music.pianoroll import KEYS, LOWEST_PITCH, TRACKS

GAPS = (1, 2, 4, 8, 16)
"""A table for each of: up to so many sixteenths between two onsets; one more for longer gaps."""

WIDEST = 24
RANGE = (-6.0, 3.0)
_MELODY = TRACKS.index("MELODY")


def fit_intervals(songs: Iterable[np.ndarray]) -> dict[str, Any]:
    """The table from the notes (N, 5) of each song.

    `log_ratio` (gaps + 1, 2 * WIDEST + 1): the logarithm of how often an interval (in semitones,
    from -WIDEST on) follows, over how often it would if the song's notes came in any order.
    """
    counts = np.zeros((2, len(GAPS) + 1, 2 * KEYS - 1))  # found, by chance
    for notes in songs:
        counts += _count(notes.astype(int))
    ratio = np.log((counts[0] + 1) / (counts[1] + 1))[:, KEYS - 1 - WIDEST : KEYS + WIDEST]
    return {"gaps": list(GAPS), "log_ratio": _no_rarer_nearer(ratio).clip(*RANGE).round(2).tolist()}


def _count(notes: np.ndarray) -> np.ndarray:
    """Intervals of one song, and those expected by chance: (2, gaps + 1, 175)."""
    counts = np.zeros((2, len(GAPS) + 1, 2 * KEYS - 1))
    melody = notes[notes[:, 4] == _MELODY]
    onsets, place = np.unique(melody[:, 0], return_inverse=True)
    if len(onsets) < 2:
        return counts
    key = np.zeros(len(onsets), int)
    np.maximum.at(key, place, melody[:, 2] - LOWEST_PITCH)
    gap = np.searchsorted(GAPS, np.diff(onsets))
    np.add.at(counts[0], (gap, np.diff(key) + KEYS - 1), 1)
    share = np.bincount(key, minlength=KEYS) / len(key)
    counts[1] = np.outer(
        np.bincount(gap, minlength=len(GAPS) + 1), np.correlate(share, share, "full")
    )
    return counts


def _no_rarer_nearer(ratio: np.ndarray) -> np.ndarray:
    """Beyond an octave too few notes are left to count: there nothing is likelier than nearer."""
    up, down = ratio[:, WIDEST + 12 :], ratio[:, WIDEST - 12 :: -1]
    ratio = ratio.copy()
    ratio[:, WIDEST + 12 :] = np.minimum.accumulate(up, axis=1)
    ratio[:, : WIDEST - 11] = np.minimum.accumulate(down, axis=1)[:, ::-1]
    return ratio
