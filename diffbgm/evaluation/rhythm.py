"""Metrics of time: grooving similarity, and how well a requested density is kept.

A metric is None where there is nothing to measure.
"""

import numpy as np

from diffbgm.evaluation.piece import MeasuredPiece
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BAR


def onset_vectors(piece: MeasuredPiece) -> np.ndarray:
    """Whether anything is struck in each sixteenth of each bar: (bars, 16) booleans."""
    struck = np.zeros(piece.sixteenths, bool)
    struck[piece.onset] = True
    return struck.reshape(piece.bars, SIXTEENTHS_PER_BAR)


def grooving_similarity(piece: MeasuredPiece) -> float | None:
    """1 - mean difference (XOR) of the onset vectors over all pairs of bars: GPS.

    Wu and Yang 2020, on a grid of sixteenths. None for fewer than two bars, and for silence,
    whose bars are all alike without any groove.
    """
    if piece.bars < 2 or not len(piece.notes):
        return None
    bars = onset_vectors(piece).astype(int)
    struck = bars.sum(axis=1)
    differing = struck[:, None] + struck[None, :] - 2 * bars @ bars.T  # (bars, bars)
    pairs = np.triu_indices(piece.bars, 1)
    return float(1 - differing[pairs].mean() / SIXTEENTHS_PER_BAR)


def rank_correlation(requested: np.ndarray, realised: np.ndarray) -> float | None:
    """Spearman's rank correlation, -1 to 1, equal values sharing their mean rank.

    None where either is constant or empty. ValueError if their lengths differ.
    """
    if requested.shape != realised.shape:
        raise ValueError(f"{requested.shape} requested, {realised.shape} realised")
    if not len(requested) or np.ptp(requested) == 0 or np.ptp(realised) == 0:
        return None
    return float(np.corrcoef(_mean_ranks(requested), _mean_ranks(realised))[0, 1])


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return (last - (counts - 1) / 2)[place]
