"""How songs' chords follow one another, and in which mood: `spotting/chord_statistics.json`.

Counted a half bar at a time, and named as in C major or A minor, whatever a song's key: `G` is the
dominant of the one and leads back in the other.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from diffbgm.lead_sheet import NO_CHORD, QUALITIES, PlannedChord
from diffbgm.music.chord_plan import HALF_BAR_BEATS

PLANNED = ("", "m", "dim", "sus4", "maj7", "m7", "7", "sus2")
"""Qualities that are counted; others count as the nearest of them."""

LEAST_COUNT = 20
MOODS = {"valence": 0, "tension": 2}
"""Columns of the semantic stream by which chords are counted."""

MOOD_BINS = 4


@dataclass(frozen=True)
class ChordedSong:
    """A song's rows a beat: chord (B, 14), key_signature (B,), semantic (B, 3), phrase_start (B,)
    as `data.prepared` has them."""

    chord: np.ndarray
    key_signature: np.ndarray
    semantic: np.ndarray
    phrase_start: np.ndarray


def count_chords(songs: Iterable[ChordedSong]) -> dict[str, Any]:
    """Counts by chord: `chords`; `in_bar`, `over_bar_line` and `to_next_phrase` of what follows;
    of the last half bar of a phrase (`phrase_end`) and of a song (`song_end`); and of each MOODS,
    in MOOD_BINS equal parts of 0..1. Chords rarer than LEAST_COUNT are left out."""
    table: dict[str, Any] = defaultdict(Counter)
    for song in songs:
        _count(song, table)
    kept = {name for name, count in table["chords"].items() if count >= LEAST_COUNT}
    return {name: _nested(counts, kept) for name, counts in table.items()}


def _count(song: ChordedSong, table: dict[str, Counter]) -> None:
    names = [
        _name(row, int(key))
        for row, key in zip(
            song.chord[::HALF_BAR_BEATS], song.key_signature[::HALF_BAR_BEATS], strict=True
        )
    ]
    starts = song.phrase_start[::HALF_BAR_BEATS]
    mood = song.semantic.astype(float).reshape(-1, HALF_BAR_BEATS, 3).mean(axis=1)
    bins = np.minimum((mood * MOOD_BINS).astype(int), MOOD_BINS - 1)
    for half, name in enumerate(names):
        if name == NO_CHORD:
            continue
        table["chords"][name] += 1
        for column, place in MOODS.items():
            table[column][name, str(bins[half, place])] += 1
        if half + 1 == len(names):
            table["song_end"][name] += 1
        elif names[half + 1] != NO_CHORD:
            table[_kind(half + 1, bool(starts[half + 1]))][name, names[half + 1]] += 1
        if half + 1 == len(names) or starts[half + 1]:
            table["phrase_end"][name] += 1


def _kind(half: int, is_phrase_start: bool) -> str:
    if is_phrase_start:
        return "to_next_phrase"
    return "in_bar" if half % 2 else "over_bar_line"


def _name(row: np.ndarray, key_signature: int) -> str:
    """The name in C major of a chord row (14,), its bass aside."""
    root = int(row[0])
    if root < 0:
        return NO_CHORD
    members = set(((np.flatnonzero(row[1:13]) - root) % 12).tolist())
    quality = min(PLANNED, key=lambda one: len(members ^ set(QUALITIES[one])))
    return PlannedChord(root, quality, root).transposed(-key_signature).name


def _nested(counts: Counter, kept: set[str]) -> dict[str, Any]:
    """Counts of the names `kept`, and of pairs as a dictionary of dictionaries."""
    nested: dict[str, Any] = {}
    for key, count in sorted(counts.items()):
        if isinstance(key, str):
            nested |= {key: count} if key in kept else {}
        elif key[0] in kept and (key[1] in kept or key[1].isdigit()):
            nested.setdefault(key[0], {})[key[1]] = count
    return nested
