"""Shares of what no pianist would play or leave out: empty bars, stuck notes, too many keys."""

import numpy as np

from diffbgm.evaluation.piece import MeasuredPiece, sounding_roll
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BAR

LONGEST_NOTE_BARS = 4
MOST_KEYS = 12


def empty_bars(piece: MeasuredPiece) -> float | None:
    """Share of the bars, 0 to 1, in which nothing sounds; None without bars."""
    if not piece.bars:
        return None
    sounds = sounding_roll(piece).any(axis=1).reshape(piece.bars, SIXTEENTHS_PER_BAR)
    return float(1 - sounds.any(axis=1).mean())


def stuck_notes(piece: MeasuredPiece) -> float | None:
    """Share of the notes, 0 to 1, that last longer than 4 bars; None without notes."""
    if not len(piece.notes):
        return None
    return float((piece.duration > LONGEST_NOTE_BARS * SIXTEENTHS_PER_BAR).mean())


def crowded(piece: MeasuredPiece) -> float | None:
    """Share of the sixteenths, 0 to 1, in which more than 12 keys are down; None without bars."""
    if not piece.bars:
        return None
    return float(np.mean(sounding_roll(piece).sum(axis=1) > MOST_KEYS))
