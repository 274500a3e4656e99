"""Whatever a network writes, every style makes playable parts of it: random piano scores."""

from dataclasses import replace

import numpy as np
import pytest

from diffbgm.arranging.arrangement import arrange
from diffbgm.arranging.styles import load_style, style_names
from diffbgm.music.harmony import Key
from diffbgm.music.score import Note, Score, Track
from diffbgm.spotting.cue_sheet import CueSheet, Hit
from tests.arranging.made_roll import made_cues

BPM = 100.0
TRIADS = {"C": (0, 4, 7), "Dm": (2, 5, 9), "Em": (4, 7, 11), "F": (5, 9, 0), "Am": (9, 0, 4)}


def random_cues(rng: np.random.Generator) -> CueSheet:
    """1 to 6 shots of 1 to 14 beats, any energy, met on beats, on half beats or not at all."""
    lengths = rng.integers(1, 15, rng.integers(1, 7)).tolist()
    ends = np.cumsum(lengths)[:-1]
    met = rng.choice([0.0, 0.0, -0.5, 0.3, -0.2], len(ends))
    kinds = {0.0: "beat", -0.5: "half"}
    hits = tuple(
        Hit(1, b * 60 / BPM, b, b * 60 / BPM, 0.0, kinds.get(off, "none"), 1.0)  # type: ignore[arg-type]
        for off, b in zip(met.tolist(), (ends + met).tolist(), strict=True)
    )
    energies = rng.random(len(lengths)).tolist()
    first_downbeat = int(rng.integers(0, min(4, sum(lengths))))
    return made_cues(energies, lengths, first_downbeat, BPM, float(rng.random()), hits)


def random_piano_score(rng: np.random.Generator, beats: int) -> Score:
    """Notes anywhere on the keyboard and the grid, over each other, far beyond the end."""

    def notes(count: int) -> tuple[Note, ...]:
        starts = rng.integers(0, 4 * beats, count) / 4
        lengths = rng.choice([0.25, 0.5, 1, 3, 9], count)
        return tuple(
            sorted(
                Note(float(start), int(rng.integers(21, 109)), float(length), int(velocity))
                for start, length, velocity in zip(
                    starts, lengths, rng.integers(1, 128, count), strict=True
                )
            )
        )

    many = rng.integers(0, 3 * beats + 1, 3)
    names = ("MELODY", "BRIDGE", "PIANO")
    return Score(tuple(Track(n, 0, notes(int(k))) for n, k in zip(names, many, strict=True)))


@pytest.mark.parametrize("name", style_names())
@pytest.mark.parametrize("seed", range(10))
def test_every_part_can_be_played_whatever_is_written(name: str, seed: int):
    rng = np.random.default_rng((seed, style_names().index(name)))
    style, cues = load_style(name), random_cues(rng)
    beats = cues.tempo_map.beats
    players = {player.name: player for player in style.instruments}
    seeds = rng.integers(0, 2**31, int(cues.shot_of_beat.max()) + 1).tolist()
    score = arrange(random_piano_score(rng, beats), cues, style, seeds)
    assert score.tracks
    for track in score.tracks:
        ends: dict[int, float] = {}
        for note in track.notes:
            line = note.pitch
            if not track.is_drum:
                low, high = players[track.name].range
                assert low <= note.pitch <= high, f"{track.name} {note}"
                line = 0 if players[track.name].voices == 1 else note.pitch
            assert 1 <= note.velocity <= 127
            assert 0 <= note.start_beats < note.end_beats <= beats
            assert note.start_beats >= ends.get(line, 0.0), f"{track.name} collides at {note}"
            ends[line] = note.end_beats


@pytest.mark.parametrize("name", style_names())
def test_the_bass_follows_the_harmony(name: str):
    """A chord a bar, at random, in any key: the bass begins a bar with its root."""
    rng = np.random.default_rng(style_names().index(name))
    names = rng.choice(list(TRIADS), 24)
    shift = int(rng.integers(12))
    chords = [[(pitch + shift) % 12 for pitch in TRIADS[chord]] for chord in names]
    piano = [
        Note(4.0 * bar + 2 * half, 48 + pitch + (12 if i and pitch < chord[0] else 0), 2.0, 70)
        for bar, chord in enumerate(chords)
        for half in (0, 1)
        for i, pitch in enumerate(chord)
    ]
    piano_score = Score(
        (Track("MELODY", 0, ()), Track("BRIDGE", 0, ()), Track("PIANO", 0, tuple(sorted(piano))))
    )
    style = load_style(name)
    exact = replace(style, humanise=replace(style.humanise, timing_ms=0))
    score = arrange(piano_score, made_cues([0.7], [96]), exact, [1], Key(shift, minor=False))
    basses = {player.name for player in style.instruments if player.role == "bass"}
    bass = sorted(n for t in score.tracks if t.name in basses for n in t.notes)
    on_root = []
    for bar, chord in enumerate(chords[:22]):
        played = [n for n in bass if 4 * bar <= n.start_beats < 4 * bar + 2]
        assert played, f"no bass in bar {bar}"
        on_root.append(played[0].pitch % 12 == chord[0])
        if played[0].start_beats == 4 * bar:
            assert played[0].pitch % 12 in chord
    assert np.mean(on_root) > 0.9
