"""The plan of a film: for whole bars, in a key of its own, with the cuts."""

from dataclasses import replace

import numpy as np
import pytest

from diffbgm.music.chord_plan import ChordPlan
from diffbgm.music.conditions import DYNAMIC
from diffbgm.spotting.cue_sheet import CueSheet, spot
from diffbgm.spotting.film_plan import STRONG_CUT, plan_film
from diffbgm.spotting.planning import PiecePlan
from tests.spotting.test_cue_sheet import film

BOUNDARY = DYNAMIC.index("boundary")


@pytest.fixture(scope="module")
def cues() -> CueSheet:
    return spot(film([0.1, 0.6, 0.2, 0.9, 0.3, 0.8], seconds=7))


def test_it_holds_for_whole_bars_around_all_beats(cues):
    before, after = cues.bar_padding
    plan = plan_film(cues, seed=1)
    assert (before + cues.first_downbeat) % 4 == 0
    assert 2 * len(plan.chords.chords) == before + cues.tempo_map.beats + after
    assert plan.form.bars * 4 == before + cues.tempo_map.beats + after
    assert PiecePlan.from_dict(plan.to_dict()) == plan


def test_seeds_choose_key_and_chords(cues):
    plans = [plan_film(cues, seed) for seed in range(12)]
    assert plans[3] == plan_film(cues, 3)
    assert len({plan.key_signature for plan in plans}) > 4
    assert len({plan.chords for plan in plans}) == 12


def test_strong_cuts_change_the_chord(cues):
    dynamic = cues.dynamic.copy()
    first_beats = np.flatnonzero(np.diff(cues.shot_of_beat)) + 1
    dynamic[first_beats, BOUNDARY] = STRONG_CUT
    strong = replace(cues, dynamic=dynamic)
    for seed in range(8):
        planned = replace(strong, plan=plan_film(strong, seed))
        for beat in first_beats.tolist():
            half = (beat + cues.bar_padding[0]) // 2 * 2 - cues.bar_padding[0]
            assert planned.planned_chord(half).root != planned.planned_chord(half - 1).root


def test_what_is_written_is_kept_from_the_first_downbeat_on(cues):
    written = ChordPlan.from_text("Eb | Cm/G Abmaj7 | N | Bbaug")
    plan = plan_film(cues, 4, written)
    first = (cues.bar_padding[0] + cues.first_downbeat) // 2
    assert plan.chords.names[first : first + 8] == written.names
    assert plan.key_signature == 3
    assert None not in plan.chords.chords[first + 8 :]
    long = ChordPlan(written.chords * 40)
    assert len(plan_film(cues, 4, long).chords.chords) == len(plan.chords.chords)


def test_a_beat_has_the_chord_of_its_half_bar(cues):
    planned = replace(cues, plan=plan_film(cues, 5))
    names = planned.plan.chords.names
    found = [planned.planned_chord(beat).name for beat in range(cues.tempo_map.beats)]
    before = cues.bar_padding[0]
    assert found == [names[(beat + before) // 2] for beat in range(cues.tempo_map.beats)]
    assert cues.planned_chord(0) is None
