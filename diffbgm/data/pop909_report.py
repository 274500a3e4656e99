"""The report on a prepared POP909: what is used, what is not and why, beside lists made by hand."""

import json
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files

import numpy as np

from diffbgm.data.pop909 import LIMITS
from diffbgm.data.prepared import SPLITS, PreparedSet
from diffbgm.data.song_part import SongPart
from diffbgm.music.pianoroll import BEATS_PER_BAR

WINDOW_BARS = 16


def summarise(songs: Sequence[SongPart], prepared: PreparedSet) -> dict:
    """Songs used and why others are not, phases, sections and windows; ready for JSON."""
    used = [song for song in songs if song.rejected is None]
    bars = np.diff(prepared.beat_offsets) // BEATS_PER_BAR
    windows = np.maximum(bars - WINDOW_BARS + 1, 0)
    return {
        "songs_read": len(songs),
        "songs_used": len(used),
        "rejected": dict(Counter(song.rejected for song in songs if song.rejected)),
        "rejected_songs": {
            reason: [song.song for song in songs if song.rejected == reason]
            for reason in sorted({song.rejected for song in songs if song.rejected})
        },
        "compared_with_lists": {
            name: compare(name, listed, songs) for name, listed in _lists().items()
        },
        "phase_from": dict(Counter(song.phase_source for song in used)),
        "phase_moved_beats": dict(Counter(str(song.phase_moved_beats) for song in used)),
        "sections": len(prepared),
        "bars": int(bars.sum()),
        "notes": len(prepared.notes),
        f"windows_of_{WINDOW_BARS}_bars": {
            name: int(windows[prepared.split == index].sum()) for index, name in enumerate(SPLITS)
        },
    }


def compare(reason: str, listed: set[str], songs: Sequence[SongPart]) -> dict:
    """How measuring agrees with a list made by hand; what differs is explained song by song."""
    of_song = {song.song: song for song in songs}
    measured = {song.song for song in songs if song.rejected == reason}
    listed = listed & set(of_song)
    return {
        "listed": len(listed),
        "agreed": len(listed & measured),
        "only_listed": {
            name: _why_not(of_song[name], reason) for name in sorted(listed - measured)
        },
        "only_measured": {
            name: _measure_of(of_song[name], reason) for name in sorted(measured - listed)
        },
    }


def _why_not(song: SongPart, reason: str) -> str:
    if song.rejected:
        return f"left out before that: {song.rejected} {_measure_of(song, song.rejected)}".strip()
    return f"used: {_measure_of(song, reason)}"


def _measure_of(song: SongPart, reason: str) -> str:
    if reason not in song.measured:
        return ""
    return f"measures {song.measured[reason]:.3f}, the limit is {LIMITS[reason]:g}"


def _lists() -> dict[str, set[str]]:
    """Reason → songs that people found unsuitable for it. They leave nothing out here."""
    listed = json.loads(files("diffbgm.data").joinpath("pop909_listed.json").read_text())
    return {reason: set(songs) for reason, songs in listed.items()}
