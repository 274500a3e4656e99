"""A piece to be measured: notes on a grid of sixteenths, whoever wrote it. Knows no model.

Every bar is 4/4. Where a metric speaks of seconds, a piece runs at 120 beats a minute.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from diffbgm.errors import CompositionError, DatasetError
from diffbgm.music.midi import read_midi
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    SIXTEENTHS_PER_BAR,
    SIXTEENTHS_PER_BEAT,
    TRACKS,
)
from diffbgm.music.score import Score

SIXTEENTHS_PER_SECOND = 8
PITCHES = 128


@dataclass(frozen=True, eq=False)
class MeasuredPiece:
    """`notes` (N, 4) integers: onset, duration (sixteenths, at least 1), pitch, track.

    Sorted by onset; `bars` may be more than the notes fill.
    """

    name: str
    notes: np.ndarray
    bars: int

    @property
    def onset(self) -> np.ndarray:
        return self.notes[:, 0]

    @property
    def duration(self) -> np.ndarray:
        return self.notes[:, 1]

    @property
    def pitch(self) -> np.ndarray:
        return self.notes[:, 2]

    @property
    def track(self) -> np.ndarray:
        return self.notes[:, 3]

    @property
    def sixteenths(self) -> int:
        return self.bars * SIXTEENTHS_PER_BAR


def from_notes(name: str, notes: np.ndarray, bars: int | None = None) -> MeasuredPiece:
    """A piece of notes (N, 4) in any order; by default as many bars as the notes fill.

    With `bars`, what begins outside them is left out and what hangs over is cut.
    """
    notes = np.asarray(notes, int).reshape(-1, 4)
    if bars is None:
        ends = notes[:, 0] + notes[:, 1]
        bars = -(-int(ends.max(initial=0)) // SIXTEENTHS_PER_BAR)
    last = bars * SIXTEENTHS_PER_BAR
    notes = notes[(notes[:, 0] >= 0) & (notes[:, 0] < last)]
    notes = notes[np.lexsort((notes[:, 2], notes[:, 3], notes[:, 0]))]
    notes[:, 1] = np.minimum(np.maximum(notes[:, 1], 1), last - notes[:, 0])
    return MeasuredPiece(name, notes, bars)


def piece_of_score(name: str, score: Score, bars: int | None = None) -> MeasuredPiece:
    """The piece that a score's tracks MELODY, BRIDGE and PIANO are; others are left out."""
    rows = [
        (
            round(note.start_beats * SIXTEENTHS_PER_BEAT),
            round(note.duration_beats * SIXTEENTHS_PER_BEAT),
            note.pitch,
            TRACKS.index(track.name),
        )
        for track in score.tracks
        if track.name in TRACKS
        for note in track.notes
    ]
    return from_notes(name, np.array(rows, int), bars)


def read_piece(path: Path) -> MeasuredPiece:
    """The piece in a MIDI file; DatasetError if it cannot be read or has other tracks alone."""
    try:
        score = read_midi(path)
    except CompositionError as exc:
        raise DatasetError(str(exc)) from exc
    if score.tracks and not any(track.name in TRACKS for track in score.tracks):
        raise DatasetError(f"{path}: none of its tracks is named {', '.join(TRACKS)}")
    return piece_of_score(path.stem, score)


def lengthened(piece: MeasuredPiece, bars: int) -> MeasuredPiece:
    """The same notes in at least that many bars."""
    return replace(piece, bars=max(piece.bars, bars))


def windows(piece: MeasuredPiece, bars: int) -> Iterator[MeasuredPiece]:
    """The piece cut into whole windows, one after another; itself if it is shorter than one.

    A note belongs to the window that it begins in, and is cut at its end.
    """
    if piece.bars <= bars:
        yield piece
        return
    for number in range(piece.bars // bars):
        moved = piece.notes - [number * bars * SIXTEENTHS_PER_BAR, 0, 0, 0]
        yield from_notes(f"{piece.name}:{number}", moved, bars)


def onset_roll(piece: MeasuredPiece) -> np.ndarray:
    """Where a key is struck: (sixteenths, 128) booleans."""
    roll = np.zeros((piece.sixteenths, PITCHES), bool)
    roll[piece.onset, piece.pitch] = True
    return roll


def sounding_roll(piece: MeasuredPiece) -> np.ndarray:
    """Where a key is down: (sixteenths, 128) booleans."""
    change = np.zeros((piece.sixteenths + 1, PITCHES), int)
    np.add.at(change, (piece.onset, piece.pitch), 1)
    np.add.at(change, (piece.onset + piece.duration, piece.pitch), -1)
    return change[:-1].cumsum(axis=0) > 0


def pitch_classes_heard(piece: MeasuredPiece, span: int) -> np.ndarray:
    """Sixteenths that the notes of each pitch class sound in each span: (spans, 12) integers.

    `span` in sixteenths; a last incomplete span is left out.
    """
    change = np.zeros((piece.sixteenths + 1, 12), int)
    np.add.at(change, (piece.onset, piece.pitch % 12), 1)
    np.add.at(change, (piece.onset + piece.duration, piece.pitch % 12), -1)
    spans = piece.sixteenths // span
    return change.cumsum(axis=0)[: spans * span].reshape(spans, span, 12).sum(axis=1)


def onsets_per_beat(piece: MeasuredPiece) -> np.ndarray:
    """Notes struck in each beat: (beats,) integers."""
    return np.bincount(piece.onset // SIXTEENTHS_PER_BEAT, minlength=piece.bars * BEATS_PER_BAR)


def onsets_per_bar(piece: MeasuredPiece) -> np.ndarray:
    """Notes struck in each bar: (bars,) integers."""
    return np.bincount(piece.onset // SIXTEENTHS_PER_BAR, minlength=piece.bars)
