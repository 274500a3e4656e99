"""Metrics of what one sings: the melody's steps, its range, its breath and what comes again.

A melody is the highest note of its track at every onset. A step leads from one onset to the next
if they are at most half a bar apart. A metric is None where there is nothing to measure.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from diffbgm.evaluation.piece import MeasuredPiece
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS

LONGEST_STEP = 8
"""Sixteenths between two onsets; what is farther apart is a new phrase."""

MOTIF_STEPS = 3
_MELODY = TRACKS.index("MELODY")

# Sizes of steps in semitones, from and to, both included.
_SIZES = {
    "unisons": (0, 0),
    "seconds": (1, 2),
    "thirds": (3, 4),
    "fourths and fifths": (5, 7),
    "wider than a fifth": (8, 127),
    "an octave or more": (12, 127),
}


def melody_of(piece: MeasuredPiece) -> np.ndarray:
    """The melody's notes (N, 3): onset, end, pitch."""
    own = piece.notes[piece.track == _MELODY]
    own = own[np.lexsort((-own[:, 2], own[:, 0]))]
    _, highest = np.unique(own[:, 0], return_index=True)
    return np.stack([own[:, 0], own[:, 0] + own[:, 1], own[:, 2]], axis=1)[highest]


def steps(piece: MeasuredPiece) -> np.ndarray:
    """Semitones of each step of the melody, down below 0."""
    melody = melody_of(piece)
    return np.diff(melody[:, 2])[np.diff(melody[:, 0]) <= LONGEST_STEP]


def melodic_range(piece: MeasuredPiece) -> float | None:
    """Semitones from the lowest to the highest note."""
    pitch = melody_of(piece)[:, 2]
    return float(np.ptp(pitch)) if len(pitch) else None


def turns(piece: MeasuredPiece) -> float | None:
    """Share of the steps that go on in the other direction than the one before; unisons aside."""
    moving = np.sign(steps(piece))
    moving = moving[moving != 0]
    return float((moving[1:] != moving[:-1]).mean()) if len(moving) > 1 else None


def motifs_repeated(piece: MeasuredPiece) -> float | None:
    """Share of the motifs, three steps with their rhythm each, that come more than once.

    A motif may come again on another pitch.
    """
    melody = melody_of(piece)
    moves = np.diff(melody[:, [0, 2]], axis=0)
    if len(moves) < MOTIF_STEPS:
        return None
    motifs = np.lib.stride_tricks.sliding_window_view(moves, MOTIF_STEPS, axis=0)
    inside = motifs[:, 0].max(axis=1) <= LONGEST_STEP
    times = Counter(motif.tobytes() for motif in motifs[inside])
    total = times.total()
    return sum(count for count in times.values() if count > 1) / total if total else None


def breaths(piece: MeasuredPiece) -> float | None:
    """Rests of a beat or more in the melody, per bar; what precedes it and follows it is none."""
    melody = melody_of(piece)
    if not len(melody) or not piece.bars:
        return None
    return float((melody[1:, 0] - melody[:-1, 1] >= SIXTEENTHS_PER_BEAT).sum() / piece.bars)


def rests_at_phrase_ends(
    pieces: Iterable[MeasuredPiece], phrase_starts: Mapping[str, np.ndarray]
) -> float | None:
    """Share of the phrases at whose end the melody rests: it is silent for a beat that lies in the
    last bar, or begins there.

    `phrase_starts` are the beats on which phrases begin in the piece of that name; what ends with
    the piece is left out.
    """
    found = []
    for piece in pieces:
        is_silent = np.ones(piece.sixteenths, bool)
        for onset, end, _ in melody_of(piece):
            is_silent[onset:end] = False
        for start in phrase_starts[piece.name] * SIXTEENTHS_PER_BEAT:
            if start:
                around = is_silent[start - SIXTEENTHS_PER_BAR : start + SIXTEENTHS_PER_BEAT]
                runs = np.convolve(around, np.ones(SIXTEENTHS_PER_BEAT), "valid")
                found.append(bool(runs.max(initial=0) >= SIXTEENTHS_PER_BEAT))
    return float(np.mean(found)) if found else None


def _share(least: int, most: int) -> Callable[[MeasuredPiece], float | None]:
    def share(piece: MeasuredPiece) -> float | None:
        size = np.abs(steps(piece))
        return float(((size >= least) & (size <= most)).mean()) if len(size) else None

    return share


MELODY_METRICS: dict[str, Callable[[MeasuredPiece], float | None]] = {
    **{f"melody steps: {name}": _share(*sizes) for name, sizes in _SIZES.items()},
    "melodic range": melodic_range,
    "turns of direction": turns,
    "motifs that come again": motifs_repeated,
    "breaths a bar": breaths,
}
