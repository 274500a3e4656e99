"""Structureness (SI): how well some part of a piece explains the rest of it by repetition.

The fitness scape plot of Müller, Jiang and Grosche (2013), whose highest value among stretches
of some length is the structureness indicator of Wu and Yang (2020). They listen to audio; here
the chroma is counted from the notes, so that values compare with each other and with real music
measured the same way, and not to the decimal with those of audio.
"""

import numpy as np

from diffbgm.evaluation.piece import SIXTEENTHS_PER_SECOND, MeasuredPiece, pitch_classes_heard

RANGES = {"3-8 s": (3, 8), "8-15 s": (8, 15), "over 15 s": (15, None)}
"""Lengths of stretches in seconds, from and to, both included."""

SMOOTHING_SECONDS = 4
KEPT_SHARE = 0.15
PENALTY = -2.0


def structureness(piece: MeasuredPiece) -> dict[str, float | None]:
    """SI, 0 to 1, for each of RANGES; None where the piece is shorter than the range, or silent."""
    features = chroma(piece)
    seconds = len(features)
    if not len(piece.notes) or seconds < RANGES["3-8 s"][0]:
        return dict.fromkeys(RANGES)
    fitness = fitness_scape(self_similarity(features))
    return {
        name: float(fitness[least - 1 : most].max()) if seconds >= least else None
        for name, (least, most) in RANGES.items()
    }


def chroma(piece: MeasuredPiece) -> np.ndarray:
    """How long each pitch class sounds in each second, each row of length 1: (seconds, 12).

    Seconds of silence are zero; a last incomplete second is left out.
    """
    classes = pitch_classes_heard(piece, SIXTEENTHS_PER_SECOND).astype(float)
    norm = np.linalg.norm(classes, axis=1, keepdims=True)
    return np.divide(classes, norm, out=np.zeros_like(classes), where=norm > 0)


def self_similarity(features: np.ndarray) -> np.ndarray:
    """Similarity (N, N) of all pairs of seconds: smoothed along diagonals, the strongest kept.

    The best KEPT_SHARE of all pairs is scaled to 0..1, the rest gets PENALTY, and every second is
    like itself by 1: as the scape plot requires.
    """
    similarity = features @ features.T
    forward = _smoothed(similarity)
    backward = _smoothed(similarity[::-1, ::-1])[::-1, ::-1]
    return _strongest(np.maximum(forward, backward))


def _smoothed(similarity: np.ndarray) -> np.ndarray:
    """Mean over the next seconds of both, where they are there."""
    size = len(similarity)
    total = np.zeros_like(similarity)
    for later in range(min(SMOOTHING_SECONDS, size)):
        total[: size - later, : size - later] += similarity[later:, later:]
    return total / SMOOTHING_SECONDS


def _strongest(similarity: np.ndarray) -> np.ndarray:
    ranked = np.sort(similarity, axis=None)
    threshold = ranked[min(round(similarity.size * (1 - KEPT_SHARE)), similarity.size - 1)]
    kept = (similarity >= threshold) & (similarity > 0)
    least, most = similarity[kept].min(initial=np.inf), similarity[kept].max(initial=-np.inf)
    scaled = (similarity - least) / (most - least) if most > least else similarity
    result = np.where(kept, scaled, PENALTY)
    np.fill_diagonal(result, 1)
    return result


def fitness_scape(similarity: np.ndarray) -> np.ndarray:
    """Fitness (N, N) of every segment: row length - 1, column its start; 0 elsewhere.

    `similarity` is at most 1, and 1 on its diagonal. Fitness is the harmonic mean of normalised
    score and normalised coverage of the best family of paths over the segment.
    """
    size = len(similarity)
    fitness = np.zeros((size, size))
    for length in range(1, size + 1):
        fitness[length - 1, : size - length + 1] = _fitness_of_length(similarity, length)
    return fitness


def _fitness_of_length(similarity: np.ndarray, length: int) -> np.ndarray:
    """Fitness (N - length + 1,) of all stretches of one length."""
    size = len(similarity)
    # (N rows, starts, length): each start sees its own columns.
    columns = np.lib.stride_tricks.sliding_window_view(similarity, length, axis=1)
    score, cells, covered = _best_families(columns)
    score_share = (score - length) / np.maximum(cells, 1)
    covered_share = (covered - length) / size
    total = score_share + covered_share
    product = 2 * score_share * covered_share
    return np.divide(product, total, out=np.zeros_like(total), where=total != 0)


def _best_families(columns: np.ndarray) -> np.ndarray:
    """Score, cells and covered rows (3, starts) of each segment's best family of paths.

    Accumulated scores as in Müller, Fundamentals of Music Processing, section 4.3.1, for all
    starts at once, row by row. No family is traced back: its cells and the rows that it covers
    are carried along. `idle` is what lies between two paths, (3, starts): score, cells, rows
    covered. `now` is a path that has come to a column of this row, (4, starts, length): score,
    cells, rows covered before this path, its first row.
    """
    rows, starts, length = columns.shape
    idle = np.zeros((3, starts))
    before = np.zeros((4, starts, length))
    before[0] = -np.inf
    now = before.copy()
    now[:, :, 0] = _begun(idle, columns[0], 0)
    for row in range(1, rows):
        ended = _ended(now, row - 1)
        following = _continued(now, before, idle, columns[row], row)
        idle = np.where(ended[0] > idle[0], ended, idle)
        following[:, :, 0] = _begun(idle, columns[row], row)
        before, now = now, following
    ended = _ended(now, rows - 1)
    return np.where(ended[0] >= idle[0], ended, idle)


def _begun(idle: np.ndarray, columns: np.ndarray, row: int) -> np.ndarray:
    """Paths that begin in this row: (4, starts)."""
    score, cells, covered = idle
    return np.stack([score + columns[:, 0], cells + 1, covered, np.full_like(score, row)])


def _ended(now: np.ndarray, row: int) -> np.ndarray:
    """Families whose last path ends in this row: (3, starts)."""
    score, cells, covered, first = now[:, :, -1]
    return np.stack([score, cells, covered + row - first + 1])


def _continued(
    now: np.ndarray, before: np.ndarray, idle: np.ndarray, columns: np.ndarray, row: int
) -> np.ndarray:
    """Paths that come to this row from the row before or the one before that: (4, starts, length).

    They come by steps of (1, 1), (2, 1) or (1, 2) rows and columns; at equal scores the first of
    these wins. As in the reference, a score may enter at the second column, but the path carried
    along begins at the first.
    """
    reached = np.zeros_like(now)
    reached[0] = -np.inf
    steps = np.stack([reached, reached, reached])  # (3 steps, 4, starts, length)
    steps[0, :, :, 1:] = now[:, :, :-1]
    steps[1, :, :, 1:] = before[:, :, :-1]
    steps[2, :, :, 2:] = now[:, :, :-2]
    best = steps[:, 0].max(axis=0)  # (starts, length)
    best[:, 1:2] = np.maximum(best[:, 1:2], idle[0][:, None])
    if row <= 2:
        steps[1, 0] = -np.inf
    choice = steps[:, 0].argmax(axis=0)
    following = np.take_along_axis(steps, choice[None, None], axis=0)[0]
    following[0] = best + columns
    following[1] += 1
    return following
