"""Chord labels whose tones a musician knows."""

import pytest

from diffbgm.data.harte import NO_CHORD, chord_row


@pytest.mark.parametrize(
    ("label", "root", "tones", "bass"),
    [
        ("C:maj", 0, {0, 4, 7}, 0),
        ("A", 9, {9, 1, 4}, 9),
        ("C#:min7/b3", 1, {1, 4, 8, 11}, 4),
        ("Gb:sus4(b7)", 6, {6, 11, 1, 4}, 6),
        ("F:maj/5", 5, {5, 9, 0}, 0),
        ("B:hdim7", 11, {11, 2, 5, 9}, 11),
        ("Bb:aug", 10, {10, 2, 6}, 10),
        ("D:7/b7", 2, {2, 6, 9, 0}, 0),
    ],
)
def test_labels_mean_their_tones(label, root, tones, bass):
    row = chord_row(label)
    assert row[0] == root
    assert set(row[1:13].nonzero()[0]) == tones
    assert row[13] == bass


@pytest.mark.parametrize("label", ["N", "X", "", "H:maj", "C:mystery", "C:maj(x)"])
def test_what_is_no_chord_is_none(label):
    assert (chord_row(label) == NO_CHORD).all()
