"""Metrics of sets: is the own condition's real music found (P@K), how diverse, how memorised.

P@K and diversity work on embeddings, a row each, that any music encoder may give; where a user has
none, `hand_made_features` stands in (see `embeddings`).
"""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from diffbgm.evaluation.piece import PITCHES, MeasuredPiece, onsets_per_beat
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, TRACKS

WINDOW_BARS = 8
CANDIDATES = 60
TRANSPOSITIONS = range(-6, 7)


def hand_made_features(windows: Sequence[MeasuredPiece]) -> np.ndarray:
    """Counted features (N, 80) of windows of 8 bars: what is played when, and how high.

    Pitch classes (12), places in the bar (16), onsets a beat (32); share of the notes, mean pitch,
    spread of pitch and mean duration of each track (12) and of all (4); the lowest and the highest
    pitch, the number of notes and of moments at which something is struck (4).
    """
    return np.stack([_features(window) for window in windows])


def _features(window: MeasuredPiece) -> np.ndarray:
    count = max(len(window.notes), 1)
    beats = np.zeros(WINDOW_BARS * BEATS_PER_BAR)
    onsets = onsets_per_beat(window)[: len(beats)]
    beats[: len(onsets)] = onsets
    return np.concatenate(
        [
            np.bincount(window.pitch % 12, minlength=12) / count,
            np.bincount(window.onset % SIXTEENTHS_PER_BAR, minlength=16) / count,
            beats,
            *(_summary(window.notes[window.track == track], count) for track in range(len(TRACKS))),
            _summary(window.notes, count),
            [window.pitch.min(initial=PITCHES), window.pitch.max(initial=0)],
            [len(window.notes), len(np.unique(window.onset))],
        ]
    )


def _summary(notes: np.ndarray, count: int) -> list[float]:
    """Share, mean pitch, spread of pitch, mean duration; zeros for no notes."""
    if not len(notes):
        return [0.0] * 4
    pitch = notes[:, 2]
    return [len(notes) / count, pitch.mean(), pitch.std(), notes[:, 1].mean()]


def standardised(embedded: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Embeddings with the mean and the spread of real music's taken away, column by column.

    So that no feature rules by its unit; a column that never varies in real music is left out.
    """
    spread = real.std(axis=0)
    varies = spread > 1e-9
    return (embedded - real.mean(axis=0))[:, varies] / spread[varies]


def precision_at_k(
    generated: np.ndarray,
    real: np.ndarray,
    k: int = 20,
    candidates: int = CANDIDATES,
    seed: int = 0,
) -> float | None:
    """Share of the generated windows whose own real window is among the k most similar: P@K.

    Row i of `real` is what row i of `generated` was made for, both (N, D). It is ranked by cosine
    similarity among `candidates`: itself and others drawn without repetition (all, where there
    are fewer). Where candidates are equally similar, the chance of it being among the first k
    counts, so that an embedding that says nothing scores k / candidates. None without windows.
    """
    if generated.shape != real.shape:
        raise ValueError(f"{generated.shape} generated, {real.shape} real")
    if not len(real):
        return None
    similarity = _unit(generated) @ _unit(real).T  # (N, N)
    own = similarity.diagonal()[:, None]
    others = _others(len(real), candidates - 1, seed)  # (N, candidates - 1)
    rivals = np.take_along_axis(similarity, others, axis=1)
    ahead = (rivals > own + 1e-9).sum(axis=1)
    level = (np.abs(rivals - own) <= 1e-9).sum(axis=1)
    return float(np.clip((k - ahead) / (level + 1), 0, 1).mean())


def _unit(embedded: np.ndarray) -> np.ndarray:
    norm = np.linalg.norm(embedded, axis=1, keepdims=True)
    return np.divide(embedded, norm, out=np.zeros_like(embedded, float), where=norm > 0)


def _others(count: int, wanted: int, seed: int) -> np.ndarray:
    """For each of `count` windows other windows, drawn without repetition: (count, wanted)."""
    order = np.random.default_rng(seed).random((count, count - 1)).argsort(axis=1)
    drawn = order[:, :wanted]
    return drawn + (drawn >= np.arange(count)[:, None])


def diversity(embedded: np.ndarray) -> float | None:
    """Mean Euclidean distance between two embeddings (N, D); None for fewer than two."""
    if len(embedded) < 2:
        return None
    square = (embedded**2).sum(axis=1)
    distance = np.sqrt(np.maximum(square[:, None] + square - 2 * embedded @ embedded.T, 0))
    return float(distance[np.triu_indices(len(embedded), 1)].mean())


def nearest_training(
    windows: Sequence[MeasuredPiece], training: Sequence[MeasuredPiece]
) -> tuple[np.ndarray, np.ndarray]:
    """How much of each window stands in the training window most like it: memorisation.

    Likeness is 2 |A and B| / (|A| + |B|) of the struck notes, place and pitch, in the best of 13
    transpositions (training transposes by up to six semitones): 1 is a copy, 0 nothing in common.
    Returns similarity (N,) and the index of that training window (N,); bars must be the same.
    """
    if not windows or not training:
        raise ValueError("nothing to compare")
    if len({window.bars for window in (*windows, *training)}) > 1:
        raise ValueError("windows of different lengths")
    known = _notes_matrix(training, 0)
    similarity = np.zeros((len(TRANSPOSITIONS), len(windows)))
    nearest = np.zeros((len(TRANSPOSITIONS), len(windows)), int)
    for row, shift in enumerate(TRANSPOSITIONS):
        played = _notes_matrix(windows, shift)
        sizes = played.sum(axis=1)[:, None] + known.sum(axis=1)[None, :]
        shared = (played @ known.T).toarray()  # (N, training)
        share = 2 * shared / np.maximum(sizes, 1)
        nearest[row] = share.argmax(axis=1)
        similarity[row] = share.max(axis=1)
    best = similarity.argmax(axis=0), np.arange(len(windows))
    return similarity[best], nearest[best]


def _notes_matrix(windows: Sequence[MeasuredPiece], shift: int) -> csr_array:
    """Struck notes, one row a window, one column a sixteenth and pitch; 1 where struck.

    Pitches beyond the ends have columns of their own, so that no transposition loses a note.
    """
    span = PITCHES + 2 * max(TRANSPOSITIONS)
    places = [
        np.unique(window.onset * span + window.pitch + shift + max(TRANSPOSITIONS))
        for window in windows
    ]
    counts = [len(place) for place in places]
    shape = (len(windows), windows[0].sixteenths * span)
    ones = np.ones(sum(counts), np.float32)
    return csr_array((ones, np.concatenate(places), np.cumsum([0, *counts])), shape=shape)
