"""POP909 as the public repositories lay it out, read into bar-aligned sections. No torch here.

Bars are trustworthy only after a correction: in a third of the songs the downbeats of
`beat_midi.txt` are off by some beats, and in some they move within the song. The hand-aligned
`melody.txt` of the structure labels, matched to the MELODY track, says where bars begin.
"""

import io
import re
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from diffbgm.data.harte import CHORD_COLUMNS, NO_CHORD, chord_row
from diffbgm.errors import DatasetError
from diffbgm.music.pianoroll import (
    BEATS_PER_BAR,
    SIXTEENTHS_PER_BAR,
    SIXTEENTHS_PER_BEAT,
    TRACKS,
)

MINIMUM_BARS = 8
# What a song may measure at most, found on 857 songs: each lies in a gap of its distribution.
# Share of the onsets on thirds of a beat; similarity three beats away less that four beats away;
# mean distance of onsets from the grid, in sixteenths.
LIMITS = {"triplet feel": 0.25, "triple metre": 0.045, "loose timing": 0.1}
# A melody that is found has nearly all its notes at one offset; chance gives a tenth.
MATCHED_SHARE = 0.4
AUDIO_AGREEMENT = 0.7
PHRASE = re.compile(r"([A-Za-z])(\d+)")


class RejectedSong(Exception):
    """Why a song is not used, in a few words that the report counts."""


@dataclass(frozen=True)
class Section:
    """A part of a song in which the bars run on; it begins with a downbeat.

    `notes` (N, 5): onset, duration (sixteenths), pitch, velocity, track. `phrase_starts`:
    beats at which a labelled phrase begins. `chords` (B, 14), as `harte.chord_row` has them, a row
    a beat; no rows where none are annotated.
    """

    song: str
    bars: int
    notes: np.ndarray
    phrase_starts: np.ndarray
    chords: np.ndarray = field(default_factory=lambda: np.zeros((0, CHORD_COLUMNS), np.int8))


@dataclass(frozen=True)
class SongReport:
    """What became of one song: `rejected` says why it is not used, `measured` how far it is
    from that by each of LIMITS."""

    song: str
    rejected: str | None = None
    measured: dict[str, float] = field(default_factory=dict)
    phase_source: str = ""
    phase_moved_beats: int = 0
    sections: tuple[Section, ...] = field(default=(), repr=False)


class _Song(NamedTuple):
    onset: np.ndarray  # (N,) beats
    end: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    track: np.ndarray
    beat_times: np.ndarray  # (beats + 1,) seconds

    @property
    def beats(self) -> int:
        return len(self.beat_times) - 1


def song_folders(source: Path) -> list[Path]:
    """The folders of the songs under SRC, wherever `POP909/NNN/NNN.mid` begins below it."""
    folders = sorted({path.parent for path in source.glob("**/[0-9][0-9][0-9]/[0-9]*.mid")})
    songs = [path for path in folders if (path / f"{path.name}.mid").exists()]
    if not songs:
        raise DatasetError(f"{source} holds no POP909/NNN/NNN.mid; point SRC at POP909-Dataset")
    return songs


def structure_folders(source: Path) -> dict[str, Path]:
    """Song number → folder of its structure labels, for all found under SRC."""
    return {path.parent.name: path.parent for path in source.glob("**/[0-9]*/melody.txt")}


def read_song(folder: Path, structure: Path | None) -> SongReport:
    """Sections of one song, or why it is not used."""
    measured: dict[str, float] = {}
    try:
        song = _read_notes(folder)
        measured = _measured(song)
        for reason, limit in LIMITS.items():
            if measured[reason] > limit:
                raise RejectedSong(reason)
        offsets, source = _bar_offsets(song, folder, structure)
        sections = tuple(_sections(song, folder, offsets, structure))
        if not sections:
            raise RejectedSong("shorter than eight steady bars")
    except RejectedSong as reason:
        return SongReport(folder.name, str(reason), measured)
    moved = _beats_moved(offsets, folder)
    return SongReport(folder.name, None, measured, source, moved, sections)


def _read_notes(folder: Path) -> _Song:
    # Lazily: on import it may write on standard output, where programs read JSON.
    with redirect_stdout(io.StringIO()):
        import pretty_midi

    try:
        midi = pretty_midi.PrettyMIDI(str(folder / f"{folder.name}.mid"))
        times = np.loadtxt(folder / "beat_midi.txt", ndmin=2)[:, 0]
    except (OSError, ValueError, EOFError, KeyError, IndexError) as exc:
        raise RejectedSong("unreadable") from exc
    rows = [
        (note.start, note.end, note.pitch, note.velocity, TRACKS.index(instrument.name))
        for instrument in midi.instruments
        if instrument.name in TRACKS
        for note in instrument.notes
    ]
    if not rows or len(times) < MINIMUM_BARS * 4:
        raise RejectedSong("no notes or no beats")
    notes = np.array(rows)
    first_to_last = (notes[:, 0] >= times[0]) & (notes[:, 0] < times[-1])
    notes = notes[first_to_last]
    if len(notes) == 0:
        raise RejectedSong("no notes or no beats")
    onset, end = (np.interp(notes[:, column], times, np.arange(len(times))) for column in (0, 1))
    return _Song(onset, end, *notes[:, 2:].astype(int).T, beat_times=times)


def _measured(song: _Song) -> dict[str, float]:
    """What LIMITS limits."""
    phase = song.onset % 1
    thirds = np.abs(phase[:, None] - [1 / 3, 2 / 3]).min(axis=1) < 0.04
    grid = song.onset * SIXTEENTHS_PER_BEAT
    return {
        "triplet feel": float(thirds.mean()),
        "triple metre": _triple_metre_excess(song),
        "loose timing": float(np.abs(grid - np.round(grid)).mean()),
    }


def _triple_metre_excess(song: _Song) -> float:
    """How much more a beat resembles those 3, 6, 9 beats away than those 4, 8, 16 away."""
    beat = np.minimum((song.onset + 0.125).astype(int), song.beats - 1)
    within = np.round(song.onset * SIXTEENTHS_PER_BEAT).astype(int) % SIXTEENTHS_PER_BEAT
    features = np.zeros((song.beats, 16))
    np.add.at(features, (beat, within), 1)
    features = np.minimum(features, 4)
    piano = song.track == TRACKS.index("PIANO")
    np.add.at(features, (beat[piano], 4 + song.pitch[piano] % 12), 1)
    features -= features.mean(axis=0)
    features /= np.linalg.norm(features, axis=1, keepdims=True) + 1e-6

    def similarity(lags: tuple[int, ...]) -> float:
        return float(np.mean([(features[k:] * features[:-k]).sum(1).mean() for k in lags]))

    return similarity((3, 6, 9)) - similarity((4, 8, 16))


def _bar_offsets(song: _Song, folder: Path, structure: Path | None) -> tuple[np.ndarray, str]:
    """Per beat, the sixteenth at which bar 0 of the labels would lie there; and how we know.

    Only the remainder modulo a bar says where downbeats are; the rest numbers the bars.
    """
    by_melody = _melody_offsets(song, structure) if structure else None
    if by_melody is not None:
        return by_melody, "melody"
    for name, is_downbeat in (("beat_audio", _is_one), ("beat_midi", _is_four_beat_downbeat)):
        phase = _majority_phase(song, folder, name, is_downbeat)
        if phase is not None:
            return np.full(song.beats, phase * SIXTEENTHS_PER_BEAT), name
    raise RejectedSong("no trustworthy downbeats")


def _is_one(table: np.ndarray) -> np.ndarray:
    return table[:, 1] == 1


def _is_four_beat_downbeat(table: np.ndarray) -> np.ndarray:
    return table[:, 2] == 1


def _majority_phase(song: _Song, folder: Path, name: str, is_downbeat) -> int | None:
    """Beats (0..3) that most downbeats of an annotation share modulo 4; None if few agree."""
    try:
        table = np.loadtxt(folder / f"{name}.txt", ndmin=2)
        times = np.loadtxt(folder / "beat_midi.txt", ndmin=2)[:, 0]
        downbeats = table[is_downbeat(table), 0]
    except (OSError, ValueError, IndexError):
        return None
    beats = np.round(np.interp(downbeats, times, np.arange(len(times)))).astype(int)
    votes = np.bincount(beats % 4, minlength=4)
    agreed = votes.max() > AUDIO_AGREEMENT * max(votes.sum(), 1)
    return int(votes.argmax()) if agreed else None


def _melody_offsets(song: _Song, structure: Path) -> np.ndarray | None:
    """Per beat, the offset (sixteenths) of the labels, by matching melodies note for note."""
    try:
        labelled = np.loadtxt(structure / "melody.txt", ndmin=2).astype(int)
    except (OSError, ValueError):
        return None
    position = np.cumsum(labelled[:, 1]) - labelled[:, 1]
    position, pitch = (column[labelled[:, 0] > 0] for column in (position, labelled[:, 0]))
    own = song.track == TRACKS.index("MELODY")
    onset = np.round(song.onset[own] * SIXTEENTHS_PER_BEAT).astype(int)
    played, written = np.nonzero(song.pitch[own][:, None] == pitch[None, :])
    votes = onset[played] - position[written]
    if len(votes) == 0:
        return None
    counts = Counter(votes.tolist())
    if counts.most_common(1)[0][1] < MATCHED_SHARE * len(pitch):
        return None
    strong = [offset for offset, count in counts.items() if count >= 0.1 * len(pitch)]
    return _local_winner(onset[played], votes, strong, song.beats)


def _local_winner(
    onset: np.ndarray, votes: np.ndarray, strong: list[int], beats: int
) -> np.ndarray:
    """Per beat, the strong offset with most votes within eight beats; held where none votes."""
    ballots = np.zeros((len(strong), beats))
    for row, offset in enumerate(strong):
        where = onset[votes == offset] // SIXTEENTHS_PER_BEAT
        np.add.at(ballots[row], np.clip(where, 0, beats - 1), 1)
    nearby = np.stack([np.convolve(row, np.ones(17), "same") for row in ballots])
    best, voted = nearby.argmax(axis=0), np.flatnonzero(nearby.max(axis=0) > 0)
    nearest = voted[np.abs(np.arange(beats)[:, None] - voted[None, :]).argmin(axis=1)]
    return np.array(strong)[best[nearest]]


def _sections(song: _Song, folder: Path, offsets: np.ndarray, structure: Path | None):
    """Runs of beats whose bars agree, cut to whole bars, with notes from their first downbeat."""
    phase = offsets % SIXTEENTHS_PER_BAR
    edges = np.flatnonzero(np.diff(phase)) + 1
    for start, end in zip([0, *edges], [*edges, song.beats], strict=True):
        first = -(-(start * SIXTEENTHS_PER_BEAT - phase[start]) // SIXTEENTHS_PER_BAR)
        first = first * SIXTEENTHS_PER_BAR + phase[start]
        bars = int((end * SIXTEENTHS_PER_BEAT - first) // SIXTEENTHS_PER_BAR)
        if bars >= MINIMUM_BARS:
            notes = _quantised(song, first, bars)
            phrases = _phrases(structure, offsets, first, bars)
            yield Section(folder.name, bars, notes, phrases, _chords(song, folder, first, bars))


def _quantised(song: _Song, first: int, bars: int) -> np.ndarray:
    onset = np.round(song.onset * SIXTEENTHS_PER_BEAT).astype(int) - first
    end = np.round(song.end * SIXTEENTHS_PER_BEAT).astype(int) - first
    inside = (onset >= 0) & (onset < bars * SIXTEENTHS_PER_BAR)
    duration = np.maximum(end - onset, 1)
    table = np.stack([onset, duration, song.pitch, song.velocity, song.track], axis=1)[inside]
    return table[np.lexsort((table[:, 4], table[:, 2], table[:, 0]))]


def _phrases(structure: Path | None, offsets: np.ndarray, first: int, bars: int) -> np.ndarray:
    """Beats of the section at which a phrase of human_label1.txt begins."""
    label = structure / "human_label1.txt" if structure else None
    if label is None or not label.exists():
        return np.zeros(0, int)
    lengths = [int(count) for _, count in PHRASE.findall(label.read_text())]
    starts = np.cumsum([0, *lengths[:-1]]) * SIXTEENTHS_PER_BAR
    beats = offsets[None, :] + starts[:, None]  # where each phrase would lie, by each beat's view
    own = beats // SIXTEENTHS_PER_BEAT == np.arange(len(offsets))[None, :]
    where = np.unique(beats[own]) - first
    inside = (where >= 0) & (where < bars * SIXTEENTHS_PER_BAR)
    return where[inside & (where % SIXTEENTHS_PER_BAR == 0)] // SIXTEENTHS_PER_BEAT


def _chords(song: _Song, folder: Path, first: int, bars: int) -> np.ndarray:
    """The chord of chord_midi.txt in the middle of each beat (B, 14); (0, 14) without that file."""
    try:
        rows = [line.split() for line in (folder / "chord_midi.txt").read_text().splitlines()]
        starts = np.array([float(row[0]) for row in rows])
        labelled = np.array([NO_CHORD, *(chord_row(row[2]) for row in rows)])
    except (OSError, ValueError, IndexError):
        return np.zeros((0, CHORD_COLUMNS), np.int8)
    middle = first / SIXTEENTHS_PER_BEAT + np.arange(bars * BEATS_PER_BAR) + 0.5  # beats
    seconds = np.interp(middle, np.arange(song.beats + 1), song.beat_times)
    return labelled[np.searchsorted(starts, seconds, side="right")]


def _beats_moved(offsets: np.ndarray, folder: Path) -> int:
    """By how many beats (0..3) the first bar line moved from where beat_midi.txt has it."""
    table = np.loadtxt(folder / "beat_midi.txt", ndmin=2)
    downbeats = np.flatnonzero(table[:, 2] == 1)
    if len(downbeats) == 0:
        return 0
    theirs = np.bincount(downbeats % 4, minlength=4).argmax()
    ours = Counter((offsets // SIXTEENTHS_PER_BEAT % 4).tolist()).most_common(1)[0][0]
    return int((ours - theirs) % 4)
