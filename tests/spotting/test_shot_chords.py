"""The chords of one shot: shown by its bars, written anew, and taken back."""

from dataclasses import replace

import numpy as np
import pytest

from diffbgm.errors import OptionError
from diffbgm.music.chord_plan import ChordPlan
from diffbgm.spotting.cue_sheet import CueSheet, spot
from diffbgm.spotting.film_plan import plan_film
from diffbgm.spotting.shot_chords import (
    chords_of_shot,
    halves_of,
    names_by_beat,
    with_names,
    with_written,
)
from tests.spotting.test_cue_sheet import film

SHOTS = 6


@pytest.fixture(scope="module")
def cues() -> CueSheet:
    measured = spot(film([0.1, 0.6, 0.2, 0.9, 0.3, 0.8], seconds=7))  # pyright: ignore[reportArgumentType]
    return replace(measured, plan=plan_film(measured, 5))


def shown_names(cues: CueSheet, shot: int) -> list[str]:
    shown = chords_of_shot(cues, shot)
    assert shown is not None
    return shown.names


def planned_names(cues: CueSheet) -> list[str]:
    assert cues.plan is not None
    return cues.plan.chords.names


def with_owners(cues: CueSheet, owners: list[int]) -> CueSheet:
    """The first beats, from the first downbeat on, are those of other shots."""
    shots = cues.shot_of_beat.copy()
    first = cues.first_downbeat
    shots[first : first + len(owners)] = owners
    return replace(cues, shot_of_beat=shots)


def test_every_half_bar_is_that_of_one_shot(cues):
    halves = [half for shot in range(SHOTS) for half in halves_of(cues, shot)]
    beats = cues.bar_padding[0] + cues.tempo_map.beats
    assert halves == list(range(-(-beats // 2)))


def test_a_half_bar_is_that_of_the_shot_in_which_it_begins(cues):
    cut_inside = with_owners(cues, [7, 8, 8, 8, 9, 10, 10, 10])
    first = (cues.bar_padding[0] + cues.first_downbeat) // 2
    found = [list(halves_of(cut_inside, shot)) for shot in (7, 8, 9, 10)]
    assert found[0] == [first]
    assert found[1] == [first + 1]
    assert found[2:] == [[first + 2], [first + 3]]
    assert not halves_of(with_owners(cues, [7, 8, 9, 9]), 8)


@pytest.mark.parametrize("shot", range(SHOTS))
def test_what_is_shown_of_a_shot_changes_nothing_when_it_is_written(cues, shot):
    shown = chords_of_shot(cues, shot)
    assert shown is not None
    again = with_written(cues, shot, ChordPlan.from_text(shown.to_text()))
    assert again.plan == cues.plan


def test_what_is_written_is_played_in_the_shot_alone(cues):
    shot = 3
    own = halves_of(cues, shot)
    names = ["Eb"] * len(shown_names(cues, shot)) + ["Bbm"] * 80
    changed = planned_names(with_written(cues, shot, ChordPlan.from_names(names)))
    before = planned_names(cues)
    for half, (old, new) in enumerate(zip(before, changed, strict=True)):
        assert new == ("Eb" if half in own else old)


def test_where_the_written_chords_end_the_plan_goes_on(cues):
    shown = shown_names(cues, 2)
    changed = with_written(cues, 2, ChordPlan.from_text("F#"))
    assert shown_names(changed, 2) == ["F#", "F#", *shown[2:]]


@pytest.mark.parametrize("shot", range(SHOTS))
def test_a_takes_chords_come_back_with_it(cues, shot):
    names = names_by_beat(cues, shot)
    assert len(names) == (cues.shot_of_beat == shot).sum()
    written = with_written(cues, shot, ChordPlan.from_names(["Abm"] * 40))
    assert set(names_by_beat(written, shot)) >= {"Abm"}
    assert with_names(written, shot, names).plan == cues.plan
    assert with_names(written, shot, ()) is written


def test_a_shot_without_a_place_for_a_chord_says_so(cues):
    tiny = with_owners(cues, [7, 8, 9, 9])
    assert chords_of_shot(tiny, 8) is None
    with pytest.raises(OptionError, match="shot 8 is too short to begin a half bar"):
        with_written(tiny, 8, ChordPlan.from_text("C"))
    with pytest.raises(OptionError, match="no plan of chords"):
        with_written(replace(cues, plan=None), 1, ChordPlan.from_text("C"))


def test_a_shot_that_begins_with_the_film_has_its_first_half_bar(cues):
    assert halves_of(cues, 0)[0] == 0
    beats = np.flatnonzero(cues.shot_of_beat == 0)
    chord = cues.planned_chord(int(beats[0]))
    assert chord is not None
    assert names_by_beat(cues, 0)[0] == chord.name
