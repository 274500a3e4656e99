"""Small piano scores and cue sheets, made by hand: a progression in C with a tune over it."""

from collections.abc import Sequence

import numpy as np

from diffbgm.music.conditions import DYNAMIC, SEMANTIC
from diffbgm.music.score import Note, Score, Track
from diffbgm.music.tempo_map import TempoMap
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import Hit, Spotting

# C, A minor, F, G: root and chord of each bar.
BARS = ((48, (60, 64, 67)), (45, (57, 60, 64)), (41, (57, 60, 65)), (43, (55, 59, 62)))
TUNE = ((0, 76), (1, 74), (1.5, 72), (2, 79), (3.5, 77))


def made_piano_score(bars: int, transpose: int = 0) -> Score:
    """Bass and broken chords, a tune of five notes a bar, an answer at the end of each."""
    melody, bridge, piano = [], [], []
    for bar in range(bars):
        root, chord = BARS[bar % 4]
        begin = 4.0 * bar
        piano.append(Note(begin, root, 4.0, 70))
        piano += [Note(begin + i * 0.5, chord[i % 3], 0.5, 60 + i) for i in range(8)]
        melody += [Note(begin + at, pitch - bar % 3, 0.5, 90) for at, pitch in TUNE]
        bridge += [Note(begin + 3, chord[2], 0.5, 64), Note(begin + 3.5, chord[1], 0.5, 60)]
    return Score(
        tuple(
            Track(name, 0, tuple(moved(note, transpose) for note in sorted(notes)))
            for name, notes in (("MELODY", melody), ("BRIDGE", bridge), ("PIANO", piano))
        )
    )


def moved(note: Note, semitones: int) -> Note:
    return Note(note.start_beats, note.pitch + semitones, note.duration_beats, note.velocity)


def made_cues(
    energies: Sequence[float],
    beats_a_shot: Sequence[int],
    first_downbeat: int = 0,
    bpm: float = 100.0,
    mood: float = 0.5,
    hits: tuple[Hit, ...] = (),
) -> CueSheet:
    """Shots of the given energies and lengths at one tempo."""
    shot_of_beat = np.repeat(np.arange(len(energies)), beats_a_shot)
    beats = len(shot_of_beat)
    dynamic = np.zeros((beats, len(DYNAMIC)), np.float32)
    energy = np.asarray(energies, np.float32)[shot_of_beat]
    dynamic[:, DYNAMIC.index("density")] = energy
    dynamic[:, DYNAMIC.index("accent")] = energy
    dynamic[np.cumsum([0, *beats_a_shot[:-1]]), DYNAMIC.index("boundary")] = 1.0
    semantic = np.full((beats, len(SEMANTIC)), mood, np.float32)
    tempo_map = TempoMap.constant(beats, beats * 60 / bpm)
    return CueSheet(Spotting(tempo_map, hits, first_downbeat), dynamic, semantic, shot_of_beat)
