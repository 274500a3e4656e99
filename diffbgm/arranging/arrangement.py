"""From a piano score of three tracks to instruments, shot by shot.

What is written in a shot depends on the written notes that begin in it, on its cues and seed,
and on three facts of the whole piece: the style, the key, and the beat of the last chord. So one
shot can be done again while every other note stays as it is.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from diffbgm.arranging.ending import closes, closing_notes, closing_stroke, with_cadence
from diffbgm.arranging.fillers import chords_at_rest, held_chords, with_pickup
from diffbgm.arranging.patterns import play_bass, play_chords, play_drums
from diffbgm.arranging.performance import humanise, shape_velocity, swing
from diffbgm.arranging.shot_cues import ShotCues
from diffbgm.arranging.styles import Instrument, Style
from diffbgm.arranging.under_dialogue import make_room, make_room_in_drums, resting_players
from diffbgm.arranging.voices import (
    LOW_REGISTER,
    below,
    fold,
    legato,
    limit_voices,
    one_by_one,
    pedalled,
    plucked,
    thin_low,
    within,
    without_collisions,
)
from diffbgm.music.harmony import Chord, Key, estimate_chords, estimate_key, half_bars
from diffbgm.music.score import Note, Score, Track
from diffbgm.spotting.cue_sheet import CueSheet

DRUMS = "Drums"
# An accompaniment as written thins out below the first energies and is struck again above.
THINNED = ((0.15, 2.0), (0.35, 1.0))
STRUCK_AGAIN = ((0.85, 0.5), (0.6, 1.0))
# Beats that a note of a thinned accompaniment rings at most to fill the time until the next.
LONGEST_RING = 4.0


@dataclass(frozen=True)
class WrittenShot:
    """The written notes that begin in a shot's beats, let go where it ends, and their chords."""

    melody: tuple[Note, ...]
    bridge: tuple[Note, ...]
    accompaniment: tuple[Note, ...]
    chords: tuple[Chord, ...]


def arrange(
    piano_score: Score,
    cues: CueSheet,
    style: Style,
    seeds: Sequence[int],
    key: Key | None = None,
) -> Score:
    """The piano score (MELODY, BRIDGE, PIANO) for the style's instruments, one track each.

    `seeds` holds one seed a shot. The key is estimated from the notes unless it is given.
    """
    key = key or estimate_key(piano_score)
    return join_shots(
        arrange_shot(shot, piano_score, cues, style, seed, key) for shot, seed in enumerate(seeds)
    )


def arrange_shot(
    shot: int, piano_score: Score, cues: CueSheet, style: Style, seed: int, key: Key
) -> Score:
    """One shot of the arrangement: a track for every player of the style, many of them empty.

    Of `piano_score` only the notes that begin in the shot are read.
    """
    own_cues = ShotCues.of_shot(cues, shot)
    if own_cues is None:
        return Score(())
    written = _written_shot(piano_score, own_cues, key)
    active = [player for player in style.instruments if player.plays(own_cues.energy)]
    parts = _parts(active, written, key, own_cues)
    tracks = []
    for index, player in enumerate(style.instruments):
        rng = np.random.default_rng((seed, index))
        notes = _perform(parts.get(player.name, []), player.role, style, own_cues, rng)
        if player.voices == 1:
            notes = one_by_one(notes)
        tracks.append(Track(player.name, player.program, tuple(notes)))
    if style.drums:
        rng = np.random.default_rng((seed, len(tracks)))
        notes = make_room_in_drums(play_drums(style.drums, own_cues), own_cues)
        notes += closing_stroke(style.drums, own_cues)
        played = _perform(notes, "drums", style, own_cues, rng)
        tracks.append(Track(DRUMS, style.drums.kit, tuple(played), is_drum=True))
    return Score(tuple(tracks))


def join_shots(shots: Iterable[Score]) -> Score:
    """The shots' tracks of one name and program put together; players without a note left out."""
    joined: dict[tuple[str, int, bool], list[Note]] = {}
    for score in shots:
        for track in score.tracks:
            joined.setdefault((track.name, track.program, track.is_drum), []).extend(track.notes)
    return Score(
        tuple(
            Track(name, program, tuple(sorted(notes)), is_drum)
            for (name, program, is_drum), notes in joined.items()
            if notes
        )
    )


def _written_shot(piano_score: Score, cues: ShotCues, key: Key) -> WrittenShot:
    melody, bridge, accompaniment = (
        tuple(within(_own_notes(piano_score.track(name), cues), cues.start, cues.body_end))
        for name in ("MELODY", "BRIDGE", "PIANO")
    )
    spans = half_bars(cues.start, cues.body_end, cues.first_downbeat)
    everything = [*melody, *bridge, *accompaniment]
    planned = [cues.planned.get(int(start)) for start, _ in spans]
    chords = estimate_chords(everything, spans, key, planned) or chords_at_rest(key, cues)
    accompaniment = tuple(sorted([*accompaniment, *held_chords(everything, chords)]))
    # Where the melody is silent, the bridge leads.
    lead, second = (melody, bridge) if melody else (bridge, ())
    lead = with_pickup(lead, key, cues)
    return WrittenShot(lead, second, accompaniment, with_cadence(chords, key, cues))


def _own_notes(track: Track, cues: ShotCues) -> list[Note]:
    """The notes that begin in the shot's beats, those from before its picture starting with it."""
    begin, end = (
        bisect_left(track.notes, b, key=lambda note: note.start_beats) for b in cues.beats
    )
    own = track.notes[begin:end]
    late = [
        replace(note, start_beats=cues.start, duration_beats=note.end_beats - cues.start)
        for note in own
        if note.start_beats < cues.start < note.end_beats
    ]
    return without_collisions([*late, *(note for note in own if note.start_beats >= cues.start)])


def _parts(
    players: Sequence[Instrument], written: WrittenShot, key: Key, cues: ShotCues
) -> dict[str, list[Note]]:
    """What each player plays, on the grid of the piano score; the melody stays on top."""
    lowest = LOW_REGISTER if any(player.role == "bass" for player in players) else 0
    resting = resting_players(players)
    parts: dict[str, list[Note]] = {}
    lead: list[Note] = []
    # Singers first: the others play under the first of them that doubles nobody.
    for player in sorted(players, key=lambda each: (each.role != "melody", each.octave != 0)):
        rests = player.name in resting
        body = _body(player, written, cues, rests)
        plays_close = closes(cues) and not (rests and cues.is_spoken(cues.body_end))
        notes = body + (closing_notes(player, body, key, cues) if plays_close else [])
        if player.role == "accompaniment":
            notes = thin_low(below(notes, lead, player.range[0]), lowest)
        parts[player.name] = notes
        lead = lead or notes
    return parts


def _body(player: Instrument, written: WrittenShot, cues: ShotCues, rests: bool) -> list[Note]:
    """The player's notes before the close, in its range, as long as it lets them sound.

    It `rests` where somebody speaks, or leaves some out.
    """
    if player.role == "bass":
        notes = play_bass(written.chords, player, cues)
    elif player.patterns:
        notes = play_chords(written.chords, player, cues)
    else:
        notes = fold(_written(player.role, written, cues), player.range, player.octave)
        notes = limit_voices(notes, player.voices)
    notes = make_room(notes, player, rests, cues)
    changes = [*(chord.end_beats for chord in written.chords), float(cues.body_end)]
    articulated = _articulate(notes, player, changes)
    return within(articulated, cues.start, cues.body_end)


def _written(role: str, written: WrittenShot, cues: ShotCues) -> Sequence[Note]:
    parts = {"melody": written.melody, "bridge": written.bridge}
    return parts[role] if role in parts else _pace(written.accompaniment, cues)


def _articulate(notes: list[Note], player: Instrument, changes: Sequence[float]) -> list[Note]:
    how: dict[str, Callable[[list[Note]], list[Note]]] = {
        "written": list,
        "legato": legato,
        "pedal": lambda notes: pedalled(notes, changes),
        "short": plucked,
    }
    return without_collisions(how[player.articulation](notes))


def _pace(notes: Sequence[Note], cues: ShotCues) -> list[Note]:
    """An accompaniment's rhythm: thinned out in calm shots, long notes struck again in others."""
    thinned = next((step for energy, step in THINNED if cues.energy < energy), None)
    if thinned:
        return _thin_out(notes, thinned, cues)
    again = next((step for energy, step in STRUCK_AGAIN if cues.energy >= energy), None)
    return [piece for note in notes for piece in _strike_again(note, again)] if again else [*notes]


def _thin_out(notes: Sequence[Note], step: float, cues: ShotCues) -> list[Note]:
    """What is struck first in each `step` beats, ringing until the next: sparse, not empty."""

    def place(note: Note) -> float:
        return (note.start_beats - cues.first_downbeat) // step

    first = {key: min(n.start_beats for n in group) for key, group in groupby(notes, key=place)}
    kept = [note for note in notes if note.start_beats == first[place(note)]]
    following = dict(pairwise([*sorted(first.values()), cues.body_end]))
    return [
        replace(note, duration_beats=max(note.duration_beats, min(rest, LONGEST_RING)))
        for note in kept
        if (rest := following[note.start_beats] - note.start_beats)
    ]


def _strike_again(note: Note, step: float) -> list[Note]:
    first = (np.floor(note.start_beats / step) + 1) * step
    edges = [note.start_beats, *np.arange(first, note.end_beats, step).tolist(), note.end_beats]
    return [
        replace(note, start_beats=start, duration_beats=end - start)
        for start, end in pairwise(edges)
    ]


def _perform(
    notes: list[Note], part: str, style: Style, cues: ShotCues, rng: np.random.Generator
) -> list[Note]:
    shaped = shape_velocity(notes, part, cues)
    swung = swing(shaped, style.swing, cues.exact_beats)
    played = without_collisions(humanise(swung, style.humanise, cues, rng))
    return [
        note for note in within(played, cues.start, cues.end) if note.start_beats < cues.onsets_end
    ]
