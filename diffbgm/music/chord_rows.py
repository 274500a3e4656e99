"""Chords as rows of numbers: of the prepared data, and of what a network is conditioned on.

A data row (14,) holds the root (-1: no chord), membership of the 12 pitch classes, and the bass.
A condition row (37,) holds the root, the members and the bass as 12 values of 0 or 1 each, then
1 where a chord is known; all of it is 0 where none is. Knows no names of chords.
"""

import numpy as np

CHORD_WIDTH = 37
_CLASSES = np.arange(12)


def condition_rows(data_rows: np.ndarray) -> np.ndarray:
    """Condition rows (N, 37) float32 of data rows (N, 14)."""
    root, members, bass = data_rows[:, :1], data_rows[:, 1:13], data_rows[:, 13:]
    known = root >= 0
    rows = [root == _CLASSES, (members > 0) & known, (bass == _CLASSES) & known, known]
    return np.concatenate(rows, axis=1).astype(np.float32)
