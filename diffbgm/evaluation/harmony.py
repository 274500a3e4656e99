"""Metrics of pitch: pitch-class entropy, notes in key, chord tones on the beats.

A metric is None where there is nothing to measure.
"""

import numpy as np

from diffbgm.evaluation.piece import MeasuredPiece, pitch_classes_heard, windows
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BEAT

MAJOR_SCALE = (0, 2, 4, 5, 7, 9, 11)
TRIADS = ((0, 4, 7), (0, 3, 7), (0, 3, 6), (0, 4, 8))
"""Major, minor, diminished, augmented."""

CHORD_SIXTEENTHS = 8
"""A chord is sought for every half bar."""


def _on_every_root(classes: tuple[int, ...]) -> np.ndarray:
    """Membership (12 roots, 12 pitch classes) as 0 and 1."""
    members = np.zeros(12, int)
    members[list(classes)] = 1
    return np.stack([np.roll(members, root) for root in range(12)])


# The natural minor has its relative major's notes: 12 scales cover the 24 keys.
_SCALES = _on_every_root(MAJOR_SCALE)
_CHORDS = np.concatenate([_on_every_root(triad) for triad in TRIADS])


def pitch_class_entropy(piece: MeasuredPiece) -> float | None:
    """Entropy in bits, 0 to log2(12), of the pitch classes of all notes (Wu and Yang 2020)."""
    counts = np.bincount(piece.pitch % 12, minlength=12)
    if not counts.sum():
        return None
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


def pche(piece: MeasuredPiece, bars: int = 8) -> float | None:
    """Mean pitch-class entropy of the windows that have notes: PCHE."""
    entropies = [pitch_class_entropy(window) for window in windows(piece, bars)]
    known = [entropy for entropy in entropies if entropy is not None]
    return float(np.mean(known)) if known else None


def notes_in_key(piece: MeasuredPiece) -> float | None:
    """Share of the notes, 0 to 1, that lie in the best of the 24 keys (natural minor)."""
    counts = np.bincount(piece.pitch % 12, minlength=12)
    return float((_SCALES @ counts).max() / counts.sum()) if counts.sum() else None


def half_bar_chords(piece: MeasuredPiece) -> tuple[np.ndarray, np.ndarray]:
    """The triad that holds most of what sounds in each half bar, weighed by duration.

    Its root (halves,), and its members (halves, 12) as 0 and 1.
    """
    best = (pitch_classes_heard(piece, CHORD_SIXTEENTHS) @ _CHORDS.T).argmax(axis=1)
    return best % 12, _CHORDS[best]


def chord_members(piece: MeasuredPiece) -> np.ndarray:
    """Of every note, whether it is one of its half bar's chord: (notes,) 0 and 1."""
    _, chords = half_bar_chords(piece)
    return chords[piece.onset // CHORD_SIXTEENTHS, piece.pitch % 12]


def chord_tones_on_beats(piece: MeasuredPiece) -> np.ndarray:
    """For each half bar, the share (0 to 1) of its notes struck on a beat that are chord tones.

    Half bars without a note on a beat are left out; (0..2 * bars,) floats.
    """
    halves = piece.sixteenths // CHORD_SIXTEENTHS
    on_beat = piece.onset % SIXTEENTHS_PER_BEAT == 0
    half = piece.onset[on_beat] // CHORD_SIXTEENTHS
    fits = chord_members(piece)[on_beat]
    struck = np.bincount(half, minlength=halves)
    fitting = np.bincount(half, weights=fits, minlength=halves)
    return fitting[struck > 0] / struck[struck > 0]
