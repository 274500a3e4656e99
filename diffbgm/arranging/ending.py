"""How a piece closes: a cadence into the tonic chord that rings until the picture ends."""

from collections.abc import Sequence
from dataclasses import replace

from diffbgm.arranging.shot_cues import ShotCues
from diffbgm.arranging.styles import DRUM_KEYS, Drums, Instrument
from diffbgm.music.harmony import Chord, Key, voice_chord
from diffbgm.music.score import Note

CLOSING_VELOCITY = 84
# The last chord is let go before the end, so that instruments and room can fade in time.
LONGEST_RELEASE_BEATS = 1.0
TONIC_PULL = 2  # semitones further that a melody goes to end on the tonic


def closes(cues: ShotCues) -> bool:
    """Whether the last chord, or its echo, sounds in this shot."""
    return cues.body_end < cues.end


def with_cadence(chords: Sequence[Chord], key: Key, cues: ShotCues) -> tuple[Chord, ...]:
    """The chords, the one before the close over the dominant where that makes no clash."""
    if not chords or not closes(cues):
        return tuple(chords)
    dominant = key.triad[2]
    clash = {(dominant - 1) % 12, (dominant + 1) % 12} & set(chords[-1].pitch_classes)
    return (*chords[:-1], chords[-1] if clash else replace(chords[-1], bass=dominant))


def closing_notes(
    player: Instrument, played: Sequence[Note], key: Key, cues: ShotCues
) -> list[Note]:
    """The player's part of the last chord, led from what it `played` in this shot before."""
    if player.role == "bridge" and not played:
        return []
    start, end = cues.body_end, _release(cues)
    pitches = _closing_pitches(player, played, key)
    return [Note(start, pitch, end - start, CLOSING_VELOCITY) for pitch in pitches]


def closing_stroke(drums: Drums, cues: ShotCues) -> list[Note]:
    """Kick and cymbal under the last chord; its echoes in later shots have none."""
    if (
        not closes(cues)
        or cues.body_end != cues.final_beat
        or cues.energy < drums.patterns[0].energy
    ):
        return []
    names = ["kick", *([drums.on_cut] if drums.on_cut else [])]
    return [Note(cues.body_end, DRUM_KEYS[name], 1.0, CLOSING_VELOCITY) for name in names]


def _closing_pitches(player: Instrument, played: Sequence[Note], key: Key) -> tuple[int, ...]:
    low, high = player.range
    last = max((note.start_beats for note in played), default=0.0)
    before = sorted(note.pitch for note in played if note.start_beats >= last - 1)
    if player.role == "bass":
        return (_nearest([key.tonic], player.range, min(before, default=low)),)
    if player.voices == 1 or player.role in ("melody", "bridge"):
        return (_resolve(key, player, before[-1] if before else (low + high) // 2),)
    count = min(player.voices, 4)
    home = (low + high) / 2 + 12 * player.octave
    centre = sum(before) / len(before) if before else home
    near = [centre + 5 * (i - (count - 1) / 2) for i in range(count)]
    root = _nearest([key.tonic], (low, max(low + 11, high - 8)), near[0])
    return root, *voice_chord(key.triad[1:], (root + 3, high), count - 1, near[1:])


def _resolve(key: Key, player: Instrument, last: int) -> int:
    """The tonic if it is near, else the third or the fifth."""
    tonic = _nearest([key.tonic], player.range, last)
    other = _nearest(key.triad[1:], player.range, last)
    return tonic if abs(tonic - last) <= abs(other - last) + TONIC_PULL else other


def _nearest(pitch_classes: Sequence[int], limits: tuple[int, int], near: float) -> int:
    pitches = [p for p in range(limits[0], limits[1] + 1) if p % 12 in pitch_classes]
    return min(pitches, key=lambda pitch: abs(pitch - near))


def _release(cues: ShotCues) -> float:
    if cues.end < cues.last_end:
        return cues.end
    return cues.end - min(LONGEST_RELEASE_BEATS, (cues.end - cues.body_end) / 4)
