"""A piece in the terms of the paper's network: tokens a beat, a roll of two channels; and back.

Its network was trained on features of CLIP2Video (the picture, 512 wide) and of BERT (captions,
768). Where CLIP looked, its embeddings of the picture and of a caption stand in, which are kin of
these. Else the streams do: the dynamic one for the picture, the semantic one for the captions, so
that the selector still lets mood rule early and movement late; public weights then learn when
something changes, and how much, but not what it is.
"""

import numpy as np

from diffbgm.music.pianoroll import HELD, KEYS, LOWEST_PITCH, TRACKS, from_notes, to_notes

WINDOW_BARS = 8
PITCHES = 128
# The roll has no velocities; the arrangement shapes them from the film.
VELOCITY = 80
# A melody does not go below middle C: what is highest there is accompaniment.
LOWEST_MELODY = 60

_OUR_KEYS = slice(LOWEST_PITCH, LOWEST_PITCH + KEYS)
_MELODY, _ACCOMPANIMENT = TRACKS.index("MELODY"), TRACKS.index("PIANO")


def to_tokens(stream: np.ndarray, width: int) -> np.ndarray:
    """A stream (B, n) of 0..1 as tokens (B, width) float32.

    As it is if a network takes it so; else repeated over the width, as -1..1: what is average
    is 0.
    """
    if stream.shape[1] == width:
        return stream.astype(np.float32)
    return widened(2 * stream - 1, width)


def widened(rows: np.ndarray, width: int) -> np.ndarray:
    """Rows (B, n) repeated over `width` columns, float32."""
    return rows[:, np.arange(width) % rows.shape[1]].astype(np.float32)


def to_channels(roll: np.ndarray) -> np.ndarray:
    """Our roll (T, 3, 88) with its tracks merged: onset and sustain (2, T, 128), 0 or 1."""
    struck = ((roll > 0) & (roll < HELD)).any(axis=1)
    held = (roll == HELD).any(axis=1) & ~struck
    channels = np.zeros((2, len(roll), PITCHES), np.float32)
    channels[0, :, _OUR_KEYS], channels[1, :, _OUR_KEYS] = struck, held
    return channels


def from_channels(prediction: np.ndarray) -> np.ndarray:
    """Our roll (T, 3, 88) of onset and sustain (2, T, 128); a cell is on from a half up.

    The highest note that is struck, from middle C up, is the melody, unless a higher note of the
    melody still sounds; all else is the piano's. Held keys that nothing struck are silent.
    """
    struck, held = prediction[:, :, _OUR_KEYS] > 0.5
    merged = np.where(struck, VELOCITY, np.where(held, HELD, 0)).astype(np.uint8)
    notes = to_notes(merged[:, None])
    notes[:, 4] = np.where(_is_melody(notes), _MELODY, _ACCOMPANIMENT)
    return from_notes(notes, len(merged))


def _is_melody(notes: np.ndarray) -> np.ndarray:
    """Which of the notes (N, 5), ordered by onset and pitch, are the melody's: (N,) booleans."""
    is_highest = np.append(np.diff(notes[:, 0]) > 0, True)[: len(notes)]
    melody = np.zeros(len(notes), bool)
    sung, until = 0, 0
    for index in np.flatnonzero(is_highest):
        onset, duration, pitch = notes[index, :3]
        if pitch >= LOWEST_MELODY and (onset >= until or pitch > sung):
            melody[index] = True
            sung, until = pitch, onset + duration
    return melody
