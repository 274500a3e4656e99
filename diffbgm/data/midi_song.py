"""A person's own MIDI file on the grid of sixteenths, with its beats, chords and key.

The grid is the file's own: its tempo map says when beats are, its time signatures where bars
begin. Knows no film and no data set.
"""

import io
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from diffbgm.errors import DatasetError
from diffbgm.music.harmony import Key, chord_at, estimate_chords, estimate_key, half_bars
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS
from diffbgm.music.score import Note, Score, Track

if TYPE_CHECKING:
    from pretty_midi import PrettyMIDI, TimeSignature

PIANO = TRACKS.index("PIANO")
# A bar of one beat says nothing of the metre: programs write it that know none.
SHORTEST_BAR_BEATS = 2
LONGEST_BEATS = 20_000
SHORTEST_NOTE = 0.25  # sixteenths; of what is shorter, nothing is audible


@dataclass(frozen=True)
class MidiSong:
    """A song of B beats.

    `notes` (N, 5): onset, duration (sixteenths), pitch, velocity, track, without drums; what is
    named MELODY or BRIDGE is that track, all else PIANO. `beat_seconds` (B + 1,): when each beat
    is, and the end. `downbeats` (D,) in beats. `chords` (B, 14): root, 12 pitch classes, bass.
    `off_grid`: how far notes begin beside the grid, in sixteenths, on the average.
    """

    notes: np.ndarray = field(repr=False)
    beat_seconds: np.ndarray = field(repr=False)
    downbeats: np.ndarray = field(repr=False)
    chords: np.ndarray = field(repr=False)
    key: Key
    off_grid: float

    @property
    def beats(self) -> int:
        return len(self.chords)


def read_song(path: Path, seconds: float) -> MidiSong:
    """What the file plays in its first `seconds`; DatasetError names what is wrong with it."""
    midi = _read(path)
    beats = _beats(path, midi, seconds)
    table, off_grid = _notes(midi, beats)
    if not len(table):
        raise DatasetError(f"{path}: plays no pitched note while its film lasts")
    downbeats = _downbeats(path, midi, beats)
    score = _score(table)
    key = estimate_key(score)
    return MidiSong(
        notes=table,
        beat_seconds=np.array([_seconds(midi, beat) for beat in range(beats + 1)]),
        downbeats=downbeats,
        chords=_chords(score, beats, int(downbeats[0]), key),
        key=key,
        off_grid=off_grid,
    )


def check_midi(path: Path) -> None:
    """DatasetError unless the file is MIDI with a pitched note in it."""
    if not any(one.notes for one in _read(path).instruments if not one.is_drum):
        raise DatasetError(f"{path}: holds no pitched note")


def _read(path: Path) -> "PrettyMIDI":
    # Lazily: on import it may write on standard output, where programs read JSON.
    with redirect_stdout(io.StringIO()):
        import pretty_midi

    try:
        with warnings.catch_warnings():
            # Of tempo changes in other tracks than the first, which it then reads all the same.
            warnings.simplefilter("ignore", RuntimeWarning)
            return pretty_midi.PrettyMIDI(str(path))
    # mido and pretty_midi let through whatever damaged bytes lead them to.
    except Exception as exc:
        reason = " ".join(str(exc).split())[:120] or type(exc).__name__
        raise DatasetError(f"{path}: is no MIDI file that can be read ({reason})") from exc


def _beats(path: Path, midi: "PrettyMIDI", seconds: float) -> int:
    """Whole beats until the last note has ended, or those that end within `seconds`."""
    end = midi.get_end_time()
    last = midi.time_to_tick(min(end, seconds)) / midi.resolution
    inside = int(last) if seconds < end else int(np.ceil(last))
    if not 0 < inside <= LONGEST_BEATS:
        raise DatasetError(f"{path}: has {inside} beats while its film lasts; give a whole song")
    return inside


def _seconds(midi: "PrettyMIDI", beat: float) -> float:
    return midi.tick_to_time(round(beat * midi.resolution))


def _notes(midi: "PrettyMIDI", beats: int) -> tuple[np.ndarray, float]:
    """Notes (N, 5) that begin within the beats, in order, and how far they are off the grid."""
    rows, errors = [], []
    for instrument in midi.instruments:
        track = TRACKS.index(instrument.name) if instrument.name in TRACKS else PIANO
        for note in [] if instrument.is_drum else instrument.notes:
            start, end = (_sixteenths(midi, time) for time in (note.start, note.end))
            onset = round(start)
            if end - start < SHORTEST_NOTE or onset >= beats * SIXTEENTHS_PER_BEAT:
                continue
            errors.append(abs(start - onset))
            length = max(round(end) - onset, 1)
            rows.append((onset, length, note.pitch, max(note.velocity, 1), track))
    table = np.array(sorted(set(rows)), np.int64).reshape(-1, 5)
    order = np.lexsort((table[:, 4], table[:, 2], table[:, 0]))
    return table[order], float(np.mean(errors)) if errors else 0.0


def _sixteenths(midi: "PrettyMIDI", seconds: float) -> float:
    return midi.time_to_tick(seconds) / midi.resolution * SIXTEENTHS_PER_BEAT


def _downbeats(path: Path, midi: "PrettyMIDI", beats: int) -> np.ndarray:
    """The first beats of bars by the time signatures, 4/4 where they say nothing.

    DatasetError where a bar is no whole number of quarters, such as 7/8.
    """
    changes = {0: float(BEATS_PER_BAR)}
    for signature in midi.time_signature_changes:
        beat = midi.time_to_tick(signature.time) / midi.resolution
        length = _bar_beats(signature)
        if length >= SHORTEST_BAR_BEATS and beat < beats:
            changes[_whole(path, beat)] = _whole(path, length)
    edges = [*sorted(changes), beats]
    downbeats = [
        beat for begin, end in pairwise(edges) for beat in range(begin, end, int(changes[begin]))
    ]
    return np.array(downbeats)


def _bar_beats(signature: "TimeSignature") -> float:
    return signature.numerator * 4 / signature.denominator


def _whole(path: Path, beats: float) -> int:
    if abs(beats - round(beats)) > 0.01:
        raise DatasetError(
            f"{path}: its bars are no whole numbers of quarters; only such songs can be used"
        )
    return round(beats)


def _score(table: np.ndarray) -> Score:
    notes = (
        Note(onset / SIXTEENTHS_PER_BEAT, pitch, duration / SIXTEENTHS_PER_BEAT, velocity)
        for onset, duration, pitch, velocity, _ in table.tolist()
    )
    return Score((Track("ALL", 0, tuple(sorted(notes))),))


def _chords(score: Score, beats: int, first_downbeat: int, key: Key) -> np.ndarray:
    """(B, 14): the chord that sounds at each beat; chords change with half bars."""
    spans = half_bars(0, beats, first_downbeat)
    found = estimate_chords(score.tracks[0].notes, spans, key)
    rows = np.zeros((beats, 14), np.int64)
    for beat, row in enumerate(rows):
        chord = chord_at(found, beat)
        row[[0, 13]] = chord.root, chord.bass
        row[[1 + pitch_class for pitch_class in chord.pitch_classes]] = 1
    return rows
