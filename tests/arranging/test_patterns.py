"""Patterns over chords."""

from dataclasses import replace

import pytest

from diffbgm.arranging.patterns import play_bass, play_chords, play_drums, walk
from diffbgm.arranging.shot_cues import ShotCues
from diffbgm.arranging.styles import DRUM_KEYS, DrumPattern, Drums, Instrument, Pattern
from diffbgm.music.harmony import Chord
from tests.arranging.made_roll import made_cues

C_THEN_G = (
    Chord(0.0, 2.0, 0, (0, 4, 7), 0),
    Chord(2.0, 4.0, 7, (0, 4, 7), 7),
    Chord(4.0, 8.0, 0, (0, 4, 7), 0),
)


def cues(energy: float = 0.5) -> ShotCues:
    own_cues = ShotCues.of_shot(made_cues([energy, energy], [8, 8]), 0)
    assert own_cues
    return own_cues


def player(role: str, steps: str, voices: int = 3) -> Instrument:
    limits = (28, 52) if role == "bass" else (48, 76)
    pattern = Pattern(0.0, steps)
    return Instrument(
        "Player",
        role,
        0,
        limits,
        0.0,
        0.0,
        0.0,
        voices=voices,
        patterns=(pattern,),  # type: ignore[arg-type]
    )


def test_a_pattern_is_read_from_the_bar_line():
    steps = [(step.letter, step.start, step.end) for step in walk("R---5---8-......", 2, 6, 1)]
    assert steps == [("5", 2.0, 3.0), ("8", 3.0, 3.5), ("R", 5.0, 6.0)]


def test_what_is_held_over_the_start_is_struck_again():
    assert [step.letter for step in walk("R-------5-------", 1, 4, 0)] == ["R", "5"]
    assert [step.letter for step in walk("R-.-------------", 1, 4, 0)] == []


def test_where_the_close_takes_all_of_a_shot_no_pattern_plays():
    assert list(walk("R-------5-------", 4, 4, 0)) == []


def test_the_bass_follows_the_harmony_and_walks_into_the_next_chord():
    notes = play_bass(C_THEN_G, player("bass", "R---a---R---5---"), cues())
    assert [note.pitch % 12 for note in notes] == [0, 9, 7, 2, 0, 2, 0, 7]
    assert all(28 <= note.pitch <= 52 for note in notes)


def test_a_held_chord_changes_with_the_harmony():
    notes = play_chords(C_THEN_G, player("accompaniment", "x---------------"), cues())
    chords = {start: {n.pitch % 12 for n in notes if n.start_beats == start} for start in (0, 2, 4)}
    assert chords == {0: {0, 4, 7}, 2: {7, 11, 2}, 4: {0, 4, 7}}


def test_digits_are_the_voices_from_below():
    notes = play_chords(C_THEN_G[:1], player("accompaniment", "0.1.2.3........."), cues())[:4]
    rising = [note.pitch for note in notes]
    assert rising == sorted(rising)
    assert rising[3] == rising[0] + 12


@pytest.mark.parametrize(("energy", "kicks"), [(0.1, 0), (0.5, 2), (0.9, 8)])
def test_drums_grow_with_the_picture(energy: float, kicks: int):
    drums = Drums(
        kit=0,
        level_db=0,
        pan=0,
        reverb=0,
        patterns=(
            DrumPattern(0.3, {"kick": "x..............."}),
            DrumPattern(0.8, {"kick": "x...x...x...x..."}),
        ),
        on_cut="crash",
    )
    keys = [note.pitch for note in play_drums(drums, cues(energy))]
    assert keys.count(DRUM_KEYS["kick"]) == kicks
    assert keys.count(DRUM_KEYS["crash"]) == (kicks > 0)


def fill(pickup: bool) -> list[tuple[float, int]]:
    """Strokes of the snare in the last beat of a shot of 8 beats, with their loudness."""
    lines = {"kick": "x...x...x...x...", "snare": "....x.......x..."}
    drums = Drums(0, 0, 0, 0, patterns=(DrumPattern(0.3, lines),))
    own_cues = replace(cues(0.9), pickup_to=8.0 if pickup else None)
    notes = sorted(play_drums(drums, own_cues))
    return [(n.start_beats, n.velocity) for n in notes if n.pitch == 38 and n.start_beats >= 7]


def test_drums_fill_the_beat_before_the_first_hit():
    assert [start for start, _ in fill(pickup=True)] == [7, 7.25, 7.5, 7.75]
    loudness = [velocity for _, velocity in fill(pickup=True)]
    assert loudness == sorted(loudness)
    assert loudness[-1] > loudness[0]
    assert len(fill(pickup=False)) == 1
