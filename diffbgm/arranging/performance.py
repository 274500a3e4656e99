"""From written to played: loudness that follows the cues, swing, small human errors."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from diffbgm.arranging.shot_cues import ShotCues
from diffbgm.arranging.styles import Humanise
from diffbgm.arranging.voices import SHORTEST_BEATS
from diffbgm.music.score import Note

# Velocity of each part where nothing moves: the melody is in front.
SOFTEST = {"melody": 62, "bridge": 50, "accompaniment": 46, "bass": 54, "drums": 48}
ENERGY_SPAN = 40
# Below 1: calm shots differ from each other as much as busy ones do.
CURVE = 0.6
BEAT_SHARE = 0.3  # of the energy that shapes a note: its beat's; the rest is its shot's
EXPRESSION = 0.4  # of the shading that is written
ACCENT_SPAN = 14
METRE = {0.0: 5, 2.0: 3, 1.0: 1, 3.0: 1}
OFF_BEAT = -3
FURTHEST = 2.0  # standard deviations that timing may stray


def shape_velocity(notes: Sequence[Note], part: str, cues: ShotCues) -> list[Note]:
    """Velocities from the shot's energy, the beat's density and accent, metre, written shading."""
    if not notes:
        return []
    mean = sum(note.velocity for note in notes) / len(notes)

    def velocity(note: Note) -> float:
        beat = note.start_beats
        energy = (1 - BEAT_SHARE) * cues.energy + BEAT_SHARE * cues.at(cues.density, beat)
        accent = ACCENT_SPAN * (cues.at(cues.accent, beat) - 0.5)
        metre = METRE.get(cues.beat_in_bar(beat), OFF_BEAT)
        shading = EXPRESSION * (note.velocity - mean)
        return SOFTEST[part] + ENERGY_SPAN * energy**CURVE + accent + metre + shading

    return [replace(note, velocity=_playable(velocity(note))) for note in notes]


def swing(notes: Iterable[Note], amount: float, exact_beats: frozenset[float]) -> list[Note]:
    """Off-beat eighths later by up to a sixth of a beat; what meets a cut stays where it is."""
    middle = 0.5 + amount / 6

    def swung(beat: float) -> float:
        if beat in exact_beats:
            return beat
        whole = np.floor(beat)
        return float(whole + np.interp(beat - whole, (0, 0.5, 1), (0, middle, 1)))

    def play(note: Note) -> Note:
        start = swung(note.start_beats)
        return replace(note, start_beats=start, duration_beats=swung(note.end_beats) - start)

    return [play(note) for note in notes] if amount else list(notes)


def humanise(
    notes: Sequence[Note], amount: Humanise, cues: ShotCues, rng: np.random.Generator
) -> list[Note]:
    """Small errors of time (one for what is struck together) and velocity.

    Downbeats, the shot's first beat, the last chord and what meets a cut are exactly in time.
    """
    spread = amount.timing_ms / 1000 * cues.bpm / 60
    onsets = sorted({note.start_beats for note in notes})
    errors = np.clip(rng.standard_normal(len(onsets)), -FURTHEST, FURTHEST) * spread
    late = {
        beat: 0.0 if _is_exact(beat, cues) else float(error)
        for beat, error in zip(onsets, errors, strict=True)
    }
    louder = rng.standard_normal(len(notes)) * amount.velocity
    last_onset = cues.end - SHORTEST_BEATS

    def play(note: Note, gain: float) -> Note:
        start = min(max(note.start_beats + late[note.start_beats], cues.start), last_onset)
        return Note(start, note.pitch, note.end_beats - start, _playable(note.velocity + gain))

    return [play(note, float(gain)) for note, gain in zip(notes, louder, strict=True)]


def _is_exact(beat: float, cues: ShotCues) -> bool:
    return beat in cues.exact_beats or cues.beat_in_bar(beat) == 0


def _playable(velocity: float) -> int:
    return int(min(max(round(velocity), 1), 127))
