"""Metrics of what carries the melody: how chords change, who plays them, how voices move.

The chord of a half bar is the triad that holds most of what sounds in it (`harmony`). A metric is
None where there is nothing to measure.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import numpy as np

from diffbgm.evaluation.harmony import CHORD_SIXTEENTHS, half_bar_chords
from diffbgm.evaluation.melody import melody_of
from diffbgm.evaluation.piece import MeasuredPiece
from diffbgm.music.chord_plan import HALF_BAR_BEATS
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS

NEIGHBOUR = 2
"""Semitones within which a note that is no chord tone resolves."""


def chord_changes(piece: MeasuredPiece) -> float | None:
    """Share of the half bars, but the first, whose chord is not that of the half bar before."""
    root = half_bar_chords(piece)[0]
    return float(_changes(root).mean()) if len(root) > 1 else None


def changes_on_bar_lines(piece: MeasuredPiece) -> float | None:
    """Share of the changes of chord that fall on a bar line."""
    halves_a_bar = SIXTEENTHS_PER_BAR // CHORD_SIXTEENTHS
    changed = np.flatnonzero(_changes(half_bar_chords(piece)[0])) + 1
    return float((changed % halves_a_bar == 0).mean()) if len(changed) else None


def _changes(chord: np.ndarray) -> np.ndarray:
    return chord[1:] != chord[:-1]


def chord_tones(track: str) -> Callable[[MeasuredPiece], float | None]:
    """Share of a track's notes that are tones of the chord they are struck in."""
    own = TRACKS.index(track)

    def share(piece: MeasuredPiece) -> float | None:
        notes = piece.notes[piece.track == own]
        members = half_bar_chords(piece)[1]
        half = notes[:, 0] // CHORD_SIXTEENTHS
        return float(members[half, notes[:, 2] % 12].mean()) if len(notes) else None

    return share


def unresolved(piece: MeasuredPiece) -> float | None:
    """Share of the melody's notes on the first or third beat that are no chord tone and are not
    left by a step: the next note is farther away than a tone."""
    melody = melody_of(piece)[:-1]
    onset, pitch = melody[:, 0], melody[:, 2]
    is_strong = onset % (HALF_BAR_BEATS * SIXTEENTHS_PER_BEAT) == 0
    if not is_strong.any():
        return None
    fits = half_bar_chords(piece)[1][onset // CHORD_SIXTEENTHS, pitch % 12]
    leap = np.abs(np.diff(melody_of(piece)[:, 2])) > NEIGHBOUR
    return float((~fits.astype(bool) & leap)[is_strong].mean())


def voice_motion(piece: MeasuredPiece) -> float | None:
    """Semitones from each key that the accompaniment strikes in a half bar to the nearest of the
    half bar before, on average."""
    own = piece.notes[piece.track == TRACKS.index("PIANO")]
    half = own[:, 0] // CHORD_SIXTEENTHS
    played = [np.unique(own[half == one, 2]) for one in range(half.max(initial=-1) + 1)]
    moved = [
        np.abs(after[:, None] - before[None, :]).min(axis=1).mean()
        for before, after in pairwise(played)
        if len(before) and len(after)
    ]
    return float(np.mean(moved)) if moved else None


def asked_chords_played(piece: MeasuredPiece, asked: np.ndarray) -> np.ndarray:
    """For each half bar for which a chord was asked, whether it is the one that is played.

    `asked` (B, 37) as `music.chord_rows` has it. Root and third count; where what was asked has
    neither a minor nor a major third (or both), the root alone.
    """
    root, members = half_bar_chords(piece)
    rows = asked[::HALF_BAR_BEATS][: len(root)]
    third = [_has(rows[:, 12:24], rows[:, :12].argmax(axis=1), size) for size in (3, 4)]
    played = [_has(members, root, size) for size in (3, 4)]
    fits = (third[0] == third[1]) | ((third[0] == played[0]) & (third[1] == played[1]))
    return ((root == rows[:, :12].argmax(axis=1)) & fits)[rows[:, 36] > 0]


def share_played(pieces: Iterable[MeasuredPiece], asked: Mapping[str, np.ndarray]) -> float | None:
    """Share of all half bars of the pieces that play what was `asked` of the piece of that name."""
    played = [asked_chords_played(piece, asked[piece.name]) for piece in pieces]
    every = np.concatenate([np.zeros(0), *played])
    return float(every.mean()) if len(every) else None


def _has(members: np.ndarray, root: np.ndarray, interval: int) -> np.ndarray:
    return members[np.arange(len(root)), (root + interval) % 12] > 0


ACCOMPANIMENT_METRICS: dict[str, Callable[[MeasuredPiece], float | None]] = {
    "chord changes": chord_changes,
    "chord changes on bar lines": changes_on_bar_lines,
    **{f"chord tones: {track}": chord_tones(track) for track in TRACKS},
    "strong notes unresolved": unresolved,
    "voice motion": voice_motion,
}
