"""The arrangement under speech: fewer notes, fewer players, out of the way; elsewhere the same."""

from dataclasses import replace

import numpy as np
import pytest

from diffbgm.arranging.arrangement import arrange
from diffbgm.arranging.styles import load_style, style_names
from diffbgm.arranging.under_dialogue import SPEECH_REGISTER
from diffbgm.dialogue import Dialogue
from diffbgm.music.score import Note, Score
from tests.arranging.made_roll import made_cues, made_piano_score

CUES = made_cues((0.9, 0.6, 0.9), (16, 16, 16), bpm=120.0)  # two beats a second
SPOKEN = (10.0, 14.0)  # beats 20 to 28, within the second shot


def arranged(name: str, *spans: tuple[float, float]) -> Score:
    cues = replace(CUES, dialogue=Dialogue(spans))
    return arrange(made_piano_score(12), cues, load_style(name), [1, 2, 3])


def within(score: Score, first: float, last: float) -> list[tuple[str, Note]]:
    return [
        (track.name, note)
        for track in score.tracks
        for note in track.notes
        if first <= note.start_beats < last
    ]


@pytest.mark.parametrize("name", style_names())
def test_it_thins_out_and_goes_on(name: str) -> None:
    before, after = (within(arranged(name, *spans), 20.1, 27.9) for spans in ((), (SPOKEN,)))
    assert 0 < len(after) < len(before)
    assert {player for player, _ in after} <= {player for player, _ in before}


@pytest.mark.parametrize("name", style_names())
def test_other_shots_stay_as_they_are(name: str) -> None:
    before, after = arranged(name), arranged(name, SPOKEN)
    for first, last in ((0, 16), (32, 48)):
        assert within(before, first, last) == within(after, first, last)


def test_accompaniment_leaves_the_register_of_speech() -> None:
    style = load_style("cinematic")
    roles = {player.name: player.role for player in style.instruments}

    def share(score: Score) -> float:
        low, high = SPEECH_REGISTER
        pitches = [n.pitch for p, n in within(score, 20.1, 27.9) if roles.get(p) == "accompaniment"]
        return float(np.mean([low <= pitch <= high for pitch in pitches]))

    assert share(arranged("cinematic", SPOKEN)) < 0.5 * share(arranged("cinematic"))


def test_who_rests_has_let_go_when_speech_begins() -> None:
    style = load_style("orchestral_action")
    score = arranged("orchestral_action", SPOKEN)
    playing = {player for player, _ in within(score, 20.1, 27.9)}
    resting = {player.name for player in style.instruments} - playing
    assert resting
    for track in score.tracks:
        if track.name in resting and not track.is_drum:
            assert not [n for n in track.notes if n.start_beats < 19.5 and n.end_beats > 20.6]
