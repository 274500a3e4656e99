"""Chord labels as Harte et al. (ISMIR 2005) write them, such as `C#:min7/b3`, as pitch classes."""

import re

import numpy as np

CHORD_COLUMNS = 14
"""Root (-1: no chord), membership of the 12 pitch classes, bass."""

NO_CHORD = np.array([-1, *[0] * 12, -1], np.int8)

_LABEL = re.compile(r"([A-G])([b#]*)(?::([a-z0-9]*)(?:\(([b#\d,]*)\))?)?(?:/([b#]*\d+))?")
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SCALE = (0, 2, 4, 5, 7, 9, 11)  # semitones of the degrees 1 to 7
_QUALITIES = {
    "": (0, 4, 7),
    "maj": (0, 4, 7),
    "min": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "maj6": (0, 4, 7, 9),
    "min6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "min7": (0, 3, 7, 10),
    "minmaj7": (0, 3, 7, 11),
    "dim7": (0, 3, 6, 9),
    "hdim7": (0, 3, 6, 10),
    "9": (0, 4, 7, 10, 2),
    "maj9": (0, 4, 7, 11, 2),
    "min9": (0, 3, 7, 10, 2),
}


def chord_row(label: str) -> np.ndarray:
    """The row (14,) int8 of a label; NO_CHORD for `N` and for what is no such label."""
    match = _LABEL.fullmatch(label)
    if match is None or (match[3] or "") not in _QUALITIES:
        return NO_CHORD
    letter, accidentals, quality, added, bass = match.groups()
    root = (_NATURAL[letter] + _sharpness(accidentals)) % 12
    tones = [*_QUALITIES[quality or ""], *(_degree(one) for one in (added or "").split(",") if one)]
    members = np.zeros(12, np.int8)
    members[[(root + tone) % 12 for tone in tones]] = 1
    return np.array([root, *members, (root + _degree(bass or "1")) % 12], np.int8)


def _degree(text: str) -> int:
    """Semitones above the root of a degree such as `b7`."""
    number = int(text.lstrip("b#"))
    return _SCALE[(number - 1) % 7] + _sharpness(text)


def _sharpness(accidentals: str) -> int:
    return accidentals.count("#") - accidentals.count("b")
