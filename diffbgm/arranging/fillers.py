"""What the arranger adds to a shot's notes: chords where nothing sounds, a pick-up into a hit.

Knows neither instruments nor styles.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from diffbgm.arranging.shot_cues import ShotCues
from diffbgm.music.harmony import Chord, Key, half_bars, voice_chord
from diffbgm.music.score import Note

HELD_RANGE = (48, 69)
HELD_NEAR = (50.0, 57.0, 64.0)
HELD_VELOCITY = 60
# Where the notes of a pick-up lie before the hit, by the energy from which on they do.
PICKUP_BEATS = (
    (0.7, (-1.0, -0.75, -0.5, -0.25)),
    (0.35, (-1.5, -1.0, -0.5)),
    (0.0, (-1.0, -0.5)),
)
# A shot shorter than this goes straight into the hit.
ROOM_BEATS = 3.0
# Of the first and the last note of a pick-up, against the melody before it.
CRESCENDO = (-10, 6)
# Where a pick-up starts from if there was no melody: C5.
NEUTRAL, LOUDNESS = 72, 80


def chords_at_rest(key: Key, cues: ShotCues) -> tuple[Chord, ...]:
    """The tonic throughout, for a shot in which nothing is written."""
    root, third, fifth = key.triad
    intervals = (0, (third - root) % 12, (fifth - root) % 12)
    spans = half_bars(cues.start, cues.body_end, cues.first_downbeat)
    return tuple(Chord(*span, root, intervals, root) for span in spans if span[0] < span[1])


def held_chords(notes: Sequence[Note], chords: Sequence[Chord]) -> list[Note]:
    """Chords for the half bars in which no note sounds, but for a rest of half a bar.

    A calm shot may be sparse; it is never empty.
    """
    silent = [
        all(
            note.end_beats <= chord.start_beats or note.start_beats >= chord.end_beats
            for note in notes
        )
        for chord in chords
    ]
    return [
        Note(chord.start_beats, pitch, chord.end_beats - chord.start_beats, HELD_VELOCITY)
        for i, chord in enumerate(chords)
        if silent[i] and (i == 0 or silent[i - 1])
        for pitch in voice_chord(chord.pitch_classes, HELD_RANGE, 3, HELD_NEAR)
    ]


def pickup_beats(cues: ShotCues) -> list[float]:
    """Where the shot leads into the first hit of the piece; empty if it does not end there."""
    if cues.pickup_to is None or cues.pickup_to - cues.start < ROOM_BEATS:
        return []
    offsets = next(beats for energy, beats in PICKUP_BEATS if cues.energy >= energy)
    return [cues.pickup_to + offset for offset in offsets]


def with_pickup(lead: Sequence[Note], key: Key, cues: ShotCues) -> tuple[Note, ...]:
    """The melody, with a few steps of the scale up into the first hit if it strikes none itself.

    They lead to the note of the tonic chord next to where the melody was: what it goes on with
    is the next shot's, and may be done again.
    """
    beats = pickup_beats(cues)
    if not beats or any(note.start_beats >= beats[0] for note in lead):
        return tuple(lead)
    before = [
        replace(note, duration_beats=min(note.duration_beats, beats[0] - note.start_beats))
        for note in lead
    ]
    pitch, velocity = (lead[-1].pitch, lead[-1].velocity) if lead else (NEUTRAL, LOUDNESS)
    ends = [*beats[1:], beats[-1] + beats[1] - beats[0]]
    louder = np.linspace(*CRESCENDO, len(beats)).round().astype(int).tolist()
    steps = zip(beats, ends, _leading_to(pitch, key, len(beats)), louder, strict=True)
    rising = [Note(start, step, end - start, velocity + more) for start, end, step, more in steps]
    return (*before, *rising)


def _leading_to(pitch: int, key: Key, count: int) -> list[int]:
    """The `count` steps of the scale below the note of the tonic chord that is nearest."""
    chord = [near for near in range(pitch - 6, pitch + 7) if near % 12 in key.triad]
    goal = min(chord, key=lambda near: abs(near - pitch))
    return [step for step in range(goal - 12, goal) if step % 12 in key.scale][-count:]
