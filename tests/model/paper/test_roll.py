"""Our roll in the paper's two channels, and back."""

import numpy as np

from diffbgm.model.paper.roll import from_channels, to_channels, to_tokens
from diffbgm.music.pianoroll import HELD, from_notes, to_notes

MELODY, BRIDGE, PIANO = range(3)


def roll(*notes: tuple[int, int, int, int]) -> np.ndarray:
    """A bar of notes (onset, duration, pitch, track)."""
    rows = [(onset, duration, pitch, 70, track) for onset, duration, pitch, track in notes]
    return from_notes(np.array(rows, int).reshape(-1, 5), 16)


def notes_of(prediction: np.ndarray) -> set[tuple[int, int, int, int]]:
    return {(o, d, p, track) for o, d, p, _, track in to_notes(from_channels(prediction)).tolist()}


def test_tracks_are_merged_into_onset_and_sustain() -> None:
    channels = to_channels(roll((0, 3, 60, MELODY), (2, 2, 60, PIANO), (0, 16, 21, BRIDGE)))
    assert channels.shape == (2, 16, 128)
    assert np.flatnonzero(channels[0, :, 60]).tolist() == [0, 2]
    assert np.flatnonzero(channels[1, :, 60]).tolist() == [1, 3]
    assert channels[:, :, 21].sum(axis=1).tolist() == [1, 15]
    assert set(np.unique(channels)) == {0, 1}


def test_the_highest_voice_is_the_melody() -> None:
    written = [
        (0, 4, 72, MELODY), (0, 8, 64, PIANO), (0, 8, 48, PIANO),
        (2, 2, 69, PIANO),  # the highest that is struck, but below what the melody holds
        (4, 4, 67, MELODY),
        (6, 2, 76, MELODY),  # above what it holds
        (8, 8, 50, PIANO),  # the highest, but a bass note
    ]  # fmt: skip
    assert notes_of(to_channels(roll(*written))) == set(written)


def test_a_note_that_is_struck_again_is_two_notes() -> None:
    assert notes_of(to_channels(roll((0, 4, 60, 0), (4, 4, 60, 0)))) == {
        (0, 4, 60, 0),
        (4, 4, 60, 0),
    }


def test_what_was_never_struck_and_what_no_piano_has_is_silent() -> None:
    prediction = np.zeros((2, 16, 128), np.float32)
    prediction[1, :, 60] = 1
    prediction[0, 3, [5, 120]] = 1
    assert notes_of(prediction) == set()
    assert not (from_channels(prediction) == HELD).any()
    assert from_channels(np.zeros((2, 16, 128))).shape == (16, 3, 88)


def test_cells_are_on_from_a_half_up() -> None:
    prediction = np.zeros((2, 16, 128), np.float32)
    prediction[0, 0, 60], prediction[1, 1:3, 60], prediction[1, 3, 60] = 0.6, 0.51, 0.49
    assert notes_of(prediction) == {(0, 3, 60, MELODY)}


def test_streams_fill_the_width_and_their_average_says_nothing() -> None:
    stream = np.array([[0.0, 0.5, 1.0], [0.5, 0.5, 0.5]])
    tokens = to_tokens(stream, 768)
    assert tokens.shape == (2, 768)
    assert tokens[0, :6].tolist() == [-1, 0, 1, -1, 0, 1]
    assert not tokens[1].any()
    assert to_tokens(stream, 3).tolist() == stream.tolist()
