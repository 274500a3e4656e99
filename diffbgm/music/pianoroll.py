"""The piano roll that the model samples: three tracks on a grid of sixteenths. No seconds here.

A roll is one uint8 array (T, 3, 88), T in sixteenths: 0 where a key is up, 1-127 where it is
struck (the value is the velocity), HELD where it is held down from an earlier sixteenth.
"""

import numpy as np

from diffbgm.music.score import Note, Score, Track

TRACKS = ("MELODY", "BRIDGE", "PIANO")
LOWEST_PITCH = 21
KEYS = 88
SIXTEENTHS_PER_BEAT = 4
BEATS_PER_BAR = 4
SIXTEENTHS_PER_BAR = SIXTEENTHS_PER_BEAT * BEATS_PER_BAR
HELD = 128


def from_notes(notes: np.ndarray, sixteenths: int) -> np.ndarray:
    """Roll (T, 3, 88) of notes (N, 5): onset, duration (sixteenths), pitch, velocity, track.

    What lies outside the grid or the 88 keys is left out; a note that begins before the grid
    is left out whole. A new onset on a key ends the note before it on that key.
    """
    roll = np.zeros((sixteenths, len(TRACKS), KEYS), np.uint8)
    key = notes[:, 2] - LOWEST_PITCH
    fits = (notes[:, 0] >= 0) & (notes[:, 0] < sixteenths) & (key >= 0) & (key < KEYS)
    kept = notes[fits]
    in_order = kept[np.lexsort((kept[:, 1], kept[:, 0]))]
    for onset, duration, pitch, velocity, track in in_order.tolist():
        lane = roll[onset:, track, pitch - LOWEST_PITCH]
        lane[:] = 0
        lane[:duration] = HELD
        lane[0] = min(max(velocity, 1), 127)
    return roll


def to_notes(roll: np.ndarray) -> np.ndarray:
    """Notes (N, 5) of a roll, as `from_notes` takes them, ordered by onset, track and pitch.

    Held keys that nothing struck are silent.
    """
    struck = (roll > 0) & (roll < HELD)
    held = np.pad(roll == HELD, ((0, 1), (0, 0), (0, 0)))
    ends = np.where(held, len(held), np.arange(len(held))[:, None, None])
    # The first sixteenth, from each on, at which a key is no longer held.
    until = np.minimum.accumulate(ends[::-1], axis=0)[::-1]
    onset, track, key = np.nonzero(struck)
    duration = until[onset + 1, track, key] - onset
    velocity = roll[onset, track, key]
    return np.stack([onset, duration, key + LOWEST_PITCH, velocity, track], axis=1).astype(int)


def from_score(piano_score: Score, beats: int) -> np.ndarray:
    """Roll of a score whose tracks are named MELODY, BRIDGE, PIANO; others are ignored."""
    rows = [
        (
            round(note.start_beats * SIXTEENTHS_PER_BEAT),
            max(1, round(note.duration_beats * SIXTEENTHS_PER_BEAT)),
            note.pitch,
            note.velocity,
            TRACKS.index(track.name),
        )
        for track in piano_score.tracks
        if track.name in TRACKS
        for note in track.notes
    ]
    return from_notes(np.array(rows, int).reshape(-1, 5), beats * SIXTEENTHS_PER_BEAT)


def to_score(roll: np.ndarray) -> Score:
    """The piano score that a roll holds: its three tracks, times in beats."""
    notes = to_notes(roll)
    return Score(tuple(_track(index, notes) for index in range(len(TRACKS))))


def _track(index: int, notes: np.ndarray) -> Track:
    own = notes[notes[:, 4] == index]
    return Track(
        TRACKS[index],
        0,
        tuple(
            Note(onset / SIXTEENTHS_PER_BEAT, pitch, duration / SIXTEENTHS_PER_BEAT, velocity)
            for onset, duration, pitch, velocity, _ in own.tolist()
        ),
    )
