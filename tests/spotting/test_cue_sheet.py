import json
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
import pytest

from diffbgm.music.conditions import DYNAMIC
from diffbgm.spotting.cue_sheet import (
    CueSheet,
    SpottingOptions,
    override_shot,
    shot_levels,
    spot,
    spread_out,
)
from diffbgm.spotting.film_plan import plan_film
from diffbgm.timeline import Shot, Timeline

RATE = Fraction(24000, 1001)
DENSITY, BOUNDARY = DYNAMIC.index("density"), DYNAMIC.index("boundary")


@dataclass(frozen=True)
class Change:
    frame: int
    strength: float
    source: str = "picture"


@dataclass(frozen=True)
class Looked:
    """What spotting reads of a VideoAnalysis."""

    timeline: Timeline
    cuts: tuple[Change, ...]
    motion: np.ndarray
    mood: np.ndarray


def film(motion_of_shots, seconds=4, options=None, strength=0.8):
    """Shots of that many seconds with even motion; valence -1 in the first half, then 1."""
    frames, count = round(seconds * float(RATE)), len(motion_of_shots)
    options = options or [{}] * count
    shots = tuple(Shot(i, i * frames, (i + 1) * frames, **options[i]) for i in range(count))
    timeline = Timeline(RATE, shots)
    mood = np.zeros((int(np.ceil(timeline.seconds)), 3), np.float32)
    mood[:, 0] = np.where(np.arange(len(mood)) < timeline.seconds / 2, -1, 1)
    motion = np.repeat(np.array(motion_of_shots, np.float32), frames)
    return Looked(timeline, tuple(Change(cut, strength) for cut in timeline.cuts), motion, mood)


def test_every_beat_has_a_shot_and_conditions():
    analysis = film([0.1, 0.6, 0.2, 0.9])
    cues = spot(analysis)
    beats = cues.tempo_map.beats
    assert cues.dynamic.shape == (beats, 6)
    assert cues.semantic.shape == (beats, 3)
    assert cues.dynamic.dtype == cues.semantic.dtype == np.float32
    assert 0 <= cues.dynamic.min() <= cues.dynamic.max() <= 1
    assert sorted(set(cues.shot_of_beat.tolist())) == [0, 1, 2, 3]
    assert (np.diff(cues.shot_of_beat) >= 0).all()


def test_a_beat_that_hits_a_cut_belongs_to_the_new_shot():
    cues = spot(film([0.1, 0.6, 0.2, 0.9]))
    for shot, hit in enumerate(cues.hits, start=1):
        assert hit.kind == "downbeat"
        assert cues.shot_of_beat[int(hit.beat)] == shot
        assert cues.shot_of_beat[int(hit.beat) - 1] == shot - 1


def test_energy_follows_motion_in_order():
    motion = [0.05, 0.3, 0.15, 0.5, 0.22]
    energy, _ = shot_levels(spot(film(motion)), film(motion).timeline)
    assert np.argsort(energy).tolist() == np.argsort(motion).tolist()
    assert energy.max() - energy.min() > 0.45


def test_films_without_contrast_keep_their_absolute_energy():
    for level in (0.02, 0.5, 0.95):
        energy, _ = shot_levels(spot(film([level] * 3)), film([level] * 3).timeline)
        np.testing.assert_allclose(energy, level, atol=1e-6)


def test_a_flash_of_one_frame_is_no_energy():
    calm, flash = film([0.1, 0.1]), film([0.1, 0.1])
    flash.motion[40] = 1.0
    np.testing.assert_array_equal(spot(calm).dynamic, spot(flash).dynamic)


def test_spreading_out_keeps_order_and_bounds():
    energy = np.random.default_rng(0).uniform(0, 0.3, 100)
    spread = spread_out(energy)
    assert (np.diff(spread[np.argsort(energy)]) >= 0).all()
    assert 0 <= spread.min() <= spread.max() <= 1
    assert np.ptp(spread) > 1.5 * np.ptp(energy)


def test_mood_is_that_of_the_picture():
    valence = spot(film([0.2] * 4)).semantic[:, 0]
    assert valence[0] == 0
    assert valence[-1] == 1


def test_the_override_of_a_shot_goes_before_that_of_the_film():
    options = [{}, {"mood": (1.0, -1.0), "energy": 0.9}, {}]
    analysis = film([0.1, 0.1, 0.1], options=options)
    cues = spot(analysis, SpottingOptions(mood=(-0.5, 0.5), energy=0.3))
    energy, mood = shot_levels(cues, analysis.timeline)
    np.testing.assert_allclose(energy, [0.3, 0.9, 0.3], atol=1e-6)
    np.testing.assert_allclose(mood[0], [-0.5, 0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(mood[1], [1, -1, -1], atol=1e-6)


def test_automatic_takes_a_shot_back_to_its_picture():
    looked = film([3, 3, 3])
    cues = spot(looked, SpottingOptions())
    sad = override_shot(cues, looked, 1, (-0.8, -0.5), 0.1)
    assert not np.array_equal(sad.semantic, cues.semantic)
    assert override_shot(sad, looked, 1, None, None) == sad
    back = override_shot(sad, looked, 1, None, None, is_automatic=True)
    np.testing.assert_array_equal(back.semantic, cues.semantic)
    np.testing.assert_array_equal(back.dynamic, cues.dynamic)
    busy = override_shot(sad, looked, 1, None, 0.9, is_automatic=True)
    np.testing.assert_array_equal(busy.semantic, cues.semantic)
    own = cues.shot_of_beat == 1
    assert (busy.dynamic[own, DENSITY] > sad.dynamic[own, DENSITY]).all()


def test_an_override_for_the_film_keeps_calm_and_action_apart():
    analysis = film([0.1, 0.6])
    energy, _ = shot_levels(spot(analysis, SpottingOptions(energy=0.5)), analysis.timeline)
    assert energy.mean() == pytest.approx(0.5, abs=0.05)
    assert energy[1] - energy[0] > 0.4


def test_boundaries_are_the_start_the_cuts_and_the_phrases():
    weak = spot(film([0.2] * 2, seconds=16, strength=0.3)).dynamic[:, BOUNDARY]
    strong = spot(film([0.2] * 2, seconds=16, strength=1.0)).dynamic[:, BOUNDARY]
    assert weak[0] == strong[0] == 1
    assert strong.sum() > weak.sum()
    assert (weak > 0).sum() > 2


def test_shots_shorter_than_a_beat_still_have_levels():
    analysis = film([0.1, 0.9, 0.1, 0.5, 0.2] * 4, seconds=0.1)
    energy, mood = shot_levels(spot(analysis), analysis.timeline)
    assert energy.shape == (20,)
    assert mood.shape == (20, 3)


@pytest.mark.parametrize("frames", [1, 2, 10, 30])
def test_very_short_films(frames):
    timeline = Timeline(RATE, (Shot(0, 0, frames),))
    analysis = Looked(timeline, (), np.full(frames, 0.3, np.float32), np.zeros((2, 3), np.float32))
    cues = spot(analysis)
    assert len(cues.dynamic) == cues.tempo_map.beats >= 1
    assert cues.shot_of_beat.tolist() == [0] * cues.tempo_map.beats


def test_a_cue_sheet_survives_json_exactly():
    cues = spot(film([0.1, 0.6, 0.2, 0.9]))
    cues = replace(cues, plan=plan_film(cues, seed=3))
    back = CueSheet.from_dict(json.loads(json.dumps(cues.to_dict())))
    assert back.tempo_map == cues.tempo_map
    assert back.hits == cues.hits
    assert back.phrases == cues.phrases
    assert back.plan == cues.plan
    assert back.first_downbeat == cues.first_downbeat
    for name in ("dynamic", "semantic", "shot_of_beat"):
        np.testing.assert_array_equal(getattr(back, name), getattr(cues, name))
        assert getattr(back, name).dtype == getattr(cues, name).dtype


def test_what_composition_json_holds():
    content = spot(film([0.1, 0.6])).to_dict()
    assert content["tempo"][0].keys() == {"beat", "seconds", "bpm"}
    assert content["beats"][-1] == pytest.approx(2 * 96 * 1001 / 24000)
    assert content["hits"][0].keys() == {
        *("cut_frame", "cut", "beat", "seconds", "frames_off", "kind", "weight", "source", "pinned")
    }
    assert content["conditions"]["names"]["semantic"] == ["valence", "arousal", "tension"]
