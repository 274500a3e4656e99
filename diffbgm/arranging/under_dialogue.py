"""What players leave out while somebody speaks, so that words stay clear. Knows no sound."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import ceil

from diffbgm.arranging.shot_cues import ShotCues
from diffbgm.arranging.styles import DRUM_KEYS, Instrument
from diffbgm.music.score import Note

# Who enters only above this energy rests under speech.
CALM = 0.3
# Pitches (MIDI) whose fundamentals lie where speech has its vowels and consonants, 300 to 3000 Hz.
SPEECH_REGISTER = (63, 102)
# Beats between two onsets that are left: of a melody or what lies lower, of accompaniment in it.
STEP, STEP_IN_REGISTER = 1.0, 2.0
# Drums without the noise that consonants are made of.
DEEP_DRUMS = frozenset(DRUM_KEYS[name] for name in ("kick", "low_tom"))


def resting_players(players: Sequence[Instrument]) -> frozenset[str]:
    """Who of the active players rests under speech: doublings, second voices, extra layers.

    Of accompaniment and bass each, one player goes on.
    """
    resting = {player.name for player in players if _is_extra(player)}
    for role in ("accompaniment", "bass"):
        names = [player.name for player in players if player.role == role]
        if names and resting.issuperset(names):
            resting.remove(names[0])
    return frozenset(resting)


def make_room(notes: Iterable[Note], player: Instrument, rests: bool, cues: ShotCues) -> list[Note]:
    """The player's notes without those that are too many under speech.

    The rest last longer, and what accompanies leaves the register of speech if the player can go
    lower. Who `rests` lets go when somebody begins to speak. Without speech all stay as they are.
    """
    kept = []
    for note in notes:
        if not cues.is_spoken(note.start_beats):
            kept.append(_let_go(note, cues) if rests else note)
        elif not rests and _is_kept(note, _step(note, player), cues):
            longer = max(note.duration_beats, _step(note, player))
            kept.append(replace(note, pitch=_clear(note, player), duration_beats=longer))
    return kept


def make_room_in_drums(notes: Iterable[Note], cues: ShotCues) -> list[Note]:
    """The strokes without those that are too many, or too noisy, under speech."""
    return [
        note
        for note in notes
        if not cues.is_spoken(note.start_beats)
        or (note.pitch in DEEP_DRUMS and _is_kept(note, STEP_IN_REGISTER, cues))
    ]


def _is_extra(player: Instrument) -> bool:
    doubles = player.role == "melody" and player.octave != 0
    return doubles or player.role == "bridge" or player.energy[0] > CALM


def _step(note: Note, player: Instrument) -> float:
    return STEP_IN_REGISTER if _is_between_words(note, player) else STEP


def _clear(note: Note, player: Instrument) -> int:
    """The note's pitch, or the octave of it below the register of speech that is in range."""
    if not _is_between_words(note, player):
        return note.pitch
    lower = note.pitch - 12 * ((note.pitch - SPEECH_REGISTER[0]) // 12 + 1)
    return lower if lower >= player.range[0] else note.pitch


def _is_between_words(note: Note, player: Instrument) -> bool:
    low, high = SPEECH_REGISTER
    return player.role != "melody" and low <= note.pitch <= high


def _is_kept(note: Note, step: float, cues: ShotCues) -> bool:
    on_step = (note.start_beats - cues.first_downbeat) % step == 0
    return on_step or note.start_beats == cues.start


def _let_go(note: Note, cues: ShotCues) -> Note:
    """The note until the first spoken beat."""
    beats = range(ceil(note.start_beats), ceil(note.end_beats))
    end = next((float(beat) for beat in beats if cues.is_spoken(beat)), note.end_beats)
    return replace(note, duration_beats=end - note.start_beats)
