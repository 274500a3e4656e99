"""Overlapping area: how much the distributions of two sets of pieces have in common.

Histograms over all notes of a set, each scaled to area 1; their common area lies between 0
(nothing in common) and 1 (the same). After Yang and Lerch 2018 and SongMASS (2012.05168).
"""

from collections.abc import Callable, Sequence

import numpy as np

from diffbgm.evaluation.harmony import chord_tones_on_beats
from diffbgm.evaluation.piece import MeasuredPiece, onsets_per_bar


def _pitches(piece: MeasuredPiece) -> np.ndarray:
    return piece.pitch


def _durations(piece: MeasuredPiece) -> np.ndarray:
    return piece.duration


def _inter_onset_intervals(piece: MeasuredPiece) -> np.ndarray:
    """Sixteenths between one moment at which something is struck and the next."""
    return np.diff(np.unique(piece.onset))


# What is gathered from each piece, and the edges of its bins; what lies beyond joins the last.
FEATURES: dict[str, tuple[Callable[[MeasuredPiece], np.ndarray], np.ndarray]] = {
    "pitch": (_pitches, np.arange(129)),
    "duration": (_durations, np.arange(1, 66)),
    "inter_onset_interval": (_inter_onset_intervals, np.arange(1, 34)),
    "density": (onsets_per_bar, np.arange(0, 66, 2)),
    "chord_tones_on_beats": (chord_tones_on_beats, np.linspace(0, 1, 11)),
}


def overlapping_areas(
    generated: Sequence[MeasuredPiece], real: Sequence[MeasuredPiece]
) -> dict[str, float | None]:
    """The area of each feature, and their `mean`; None where a set has nothing to measure."""
    areas = {
        name: overlapping_area(_histogram(generated, name), _histogram(real, name))
        for name in FEATURES
    }
    known = [area for area in areas.values() if area is not None]
    return areas | {"mean": float(np.mean(known)) if len(known) == len(FEATURES) else None}


def overlapping_area(first: np.ndarray, second: np.ndarray) -> float | None:
    """Common area of two histograms of the same bins; None if either is empty."""
    if not first.sum() or not second.sum():
        return None
    return float(np.minimum(first / first.sum(), second / second.sum()).sum())


def _histogram(pieces: Sequence[MeasuredPiece], name: str) -> np.ndarray:
    gather, edges = FEATURES[name]
    values = np.concatenate([np.zeros(0), *(gather(piece) for piece in pieces)])
    # A step below the last edge: it belongs to the last bin, whatever lies beyond too.
    return np.histogram(np.clip(values, edges[0], np.nextafter(edges[-1], -np.inf)), edges)[0]
