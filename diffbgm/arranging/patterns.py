"""Playing patterns over chords: accompaniment figures, bass lines, drums. Knows no score."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

import numpy as np

from diffbgm.arranging.fillers import pickup_beats
from diffbgm.arranging.shot_cues import SIXTEENTH, ShotCues
from diffbgm.arranging.styles import DRUM_KEYS, HOLD, REST, DrumPattern, Drums, Instrument, Pattern
from diffbgm.music.harmony import Chord, chord_at, voice_chord
from diffbgm.music.score import Note

NEUTRAL = 80  # velocity before the cues shape it
EMPHASIS = {"X": 14, "o": -18}
BASS_INTERVALS = {"3": 1, "5": 2, "7": 3}  # which of the chord's intervals
STRONG_CUT = 0.5
# What a fill is played on: the first of these that the pattern has anyway.
FILL_DRUMS = ("snare", "low_tom", "side_stick", "clap", "tambourine", "shaker", "closed_hat")
AnyPattern = TypeVar("AnyPattern", Pattern, DrumPattern)


@dataclass(frozen=True)
class Step:
    """One letter of a pattern, with the beats from which and until which it sounds."""

    letter: str
    start: float
    end: float


def pattern_for(patterns: Sequence[AnyPattern], energy: float) -> AnyPattern | None:
    """The pattern of the highest energy that `energy` reaches."""
    return next((p for p in reversed(patterns) if p.energy <= energy), None)


def walk(steps: str, start: float, end: float, first_downbeat: int) -> Iterator[Step]:
    """The letters that sound between two beats; the bar lines come from the first downbeat.

    A letter that is held over `start` is struck again there, so that a shot starts with a sound.
    """
    slots = int((end - start) / SIXTEENTH)
    phase = round((start - first_downbeat) / SIXTEENTH)
    letters = [steps[(phase + i) % len(steps)] for i in range(slots)]
    if letters and letters[0] == HOLD:
        earlier = [steps[(phase - i) % len(steps)] for i in range(1, len(steps))]
        letters[0] = next((letter for letter in earlier if letter != HOLD), REST)
    onsets = [i for i, letter in enumerate(letters) if letter != HOLD]
    for i, following in pairwise([*onsets, slots]):
        if letters[i] != REST:
            yield Step(letters[i], start + i * SIXTEENTH, start + following * SIXTEENTH)


def voicings(chords: Sequence[Chord], player: Instrument, cues: ShotCues) -> list[tuple[int, ...]]:
    """A voicing for every chord, each led from the one before; higher where the mood is bright."""
    low, high = player.range
    home = (low + high) / 2 + 12 * player.octave
    home += 6 * (cues.valence - 0.5) + 4 * (cues.energy - 0.5)
    spread = np.arange(player.voices) - (player.voices - 1) / 2
    rest = home + 4 * spread
    near, result = rest, []
    for chord in chords:
        voicing = voice_chord(_by_importance(chord), player.range, player.voices, near.tolist())
        result.append(voicing)
        if len(voicing) == len(near):
            near = 0.75 * np.array(voicing) + 0.25 * rest
    return result


def _by_importance(chord: Chord) -> list[int]:
    """Root, third, seventh, then the fifth, which is missed least."""
    pitch_classes = list(chord.pitch_classes)
    return [*pitch_classes[:2], *pitch_classes[3:], pitch_classes[2]]


def play_chords(chords: Sequence[Chord], player: Instrument, cues: ShotCues) -> list[Note]:
    """The accompaniment pattern of a player over the shot's chords."""
    pattern = pattern_for(player.patterns, cues.energy)
    if not pattern or not chords:
        return []
    voiced = dict(zip(chords, voicings(chords, player, cues), strict=True))
    notes = []
    for step in walk(pattern.steps, cues.start, cues.body_end, cues.first_downbeat):
        for piece, chord in _split(step, chords, held=voiced):
            notes += _strike(piece, _voices_of(piece.letter, voiced[chord], player.range[1]))
    return notes


def _voices_of(letter: str, voicing: tuple[int, ...], highest: int) -> tuple[int, ...]:
    if not letter.isdigit() or not voicing:
        return voicing
    octaves, voice = divmod(int(letter), len(voicing))
    pitch = voicing[voice] + 12 * octaves
    return (pitch if pitch <= highest else pitch - 12,)


def play_bass(chords: Sequence[Chord], player: Instrument, cues: ShotCues) -> list[Note]:
    """The bass pattern of a player: roots led smoothly, low where the picture is tense."""
    pattern = pattern_for(player.patterns, cues.energy)
    if not pattern or not chords:
        return []
    roots = _bass_roots(chords, player, cues)
    notes = []
    for step in walk(pattern.steps, cues.start, cues.body_end, cues.first_downbeat):
        for piece, chord in _split(step, chords, held=roots):
            pitch = _bass_pitch(piece, chord, chords, roots)
            notes += _strike(piece, (pitch if pitch <= player.range[1] else pitch - 12,))
    return notes


def _bass_roots(chords: Sequence[Chord], player: Instrument, cues: ShotCues) -> dict[Chord, int]:
    low, high = player.range
    home = low + 8 - 5 * cues.tension
    near, roots = home, {}
    for chord in chords:
        octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == chord.bass]
        roots[chord] = min(octaves, key=lambda pitch, near=near: abs(pitch - near))
        near = 0.5 * roots[chord] + 0.5 * home
    return roots


def _bass_pitch(step: Step, chord: Chord, chords: Sequence[Chord], roots: dict[Chord, int]) -> int:
    root = roots[chord]
    if step.letter == "8":
        return root + 12
    if step.letter == "a":
        following = roots[chord_at(chords, step.end)]
        return following + (2 if following <= root else -1)
    if step.letter in BASS_INTERVALS:
        intervals = [*chord.intervals, 12]
        above = chord.root + intervals[BASS_INTERVALS[step.letter]] - root
        return root + above % 12
    return root


def _split(
    step: Step, chords: Sequence[Chord], held: Mapping[Chord, object]
) -> Iterator[tuple[Step, Chord]]:
    """The step cut where the harmony under it changes what it plays (`held`, by chord)."""
    chord = chord_at(chords, step.start)
    start = step.start
    for following in chords:
        if start < following.start_beats < step.end and held[following] != held[chord]:
            yield replace(step, start=start, end=following.start_beats), chord
            start, chord = following.start_beats, following
    yield replace(step, start=start), chord


def play_drums(drums: Drums, cues: ShotCues) -> list[Note]:
    """The drum pattern for the shot's energy, and a stroke where a strong cut begins it."""
    pattern = pattern_for(drums.patterns, cues.energy)
    if not pattern or cues.start >= cues.body_end:
        return []
    notes = []
    for drum, steps in pattern.lines.items():
        for step in walk(steps, cues.start, cues.body_end, cues.first_downbeat):
            notes += _strike(replace(step, end=step.start + SIXTEENTH), (DRUM_KEYS[drum],))
    if drums.on_cut and cues.cut_strength >= STRONG_CUT:
        notes += _strike(Step("x", cues.start, cues.start + 1), (DRUM_KEYS[drums.on_cut],))
    return _with_fill(notes, pattern, cues)


def _with_fill(notes: list[Note], pattern: DrumPattern, cues: ShotCues) -> list[Note]:
    """The pick-up into the first hit: strokes that grow, on the drum that fits best."""
    beats = pickup_beats(cues)
    drum = next((DRUM_KEYS[name] for name in FILL_DRUMS if name in pattern.lines), None)
    if not beats or drum is None:
        return notes
    others = [note for note in notes if note.pitch != drum or note.start_beats < beats[0]]
    loud = ["o"] * (len(beats) - 2) + ["x", "X"]
    strokes = (
        _strike(Step(letter, beat, beat + SIXTEENTH), (drum,))
        for letter, beat in zip(loud, beats, strict=True)
    )
    return others + [note for stroke in strokes for note in stroke]


def _strike(step: Step, pitches: Sequence[int]) -> list[Note]:
    velocity = NEUTRAL + EMPHASIS.get(step.letter, 0)
    return [Note(step.start, pitch, step.end - step.start, velocity) for pitch in pitches]
