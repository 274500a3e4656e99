import json
import re
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest

from diffbgm.errors import CutsError, OptionError
from diffbgm.music.tempo_map import TempoMap
from diffbgm.spotting.hit_points import Spotting, SpottingOptions, spot_cuts
from diffbgm.spotting.hit_score import score, score_shuffled
from diffbgm.spotting.phrases import phrase_starts

FILM = Fraction(24000, 1001)
RATES = [FILM, *map(Fraction, (24, 25, 30, 50, 60)), Fraction(30000, 1001), Fraction(60000, 1001)]


def random_cuts(seed):
    """A rate, frames and cuts: 4 to 60 shots with log-normal lengths, 4.8 s in the mean."""
    rng = np.random.default_rng(seed)
    rate = RATES[seed % len(RATES)]
    lengths = rng.lognormal(np.log(4.8) - 0.32, 0.8, rng.integers(4, 61) + 1)
    edges = np.unique(np.rint(np.cumsum(lengths) * float(rate)).astype(int).clip(1))
    return rate, int(edges[-1]), edges[:-1].tolist()


def eligible(rate, cuts):
    return np.diff([0, *cuts]) / float(rate) >= 1.2


@pytest.mark.slow
@pytest.mark.parametrize(("freedom", "share"), [(3, 0.84), (6, 0.96), (10, 0.99)])
def test_share_of_cuts_that_get_a_beat(freedom, share):
    hit = []
    for seed in range(200):
        rate, frames, cuts = random_cuts(seed)
        spotting = spot_cuts(rate, frames, cuts, SpottingOptions(freedom_percent=freedom))
        beats = np.array(spotting.to_dict()["beats"])
        times = np.array(cuts) / float(rate)
        off = np.abs(times[:, None] - beats).min(axis=1) * float(rate)
        hit.append(off[eligible(rate, cuts)] <= 1)
    assert np.concatenate(hit).mean() >= share


@pytest.mark.parametrize("seed", range(16))
def test_tempo_stays_within_its_freedom_and_ends_with_the_picture(seed):
    rate, frames, cuts = random_cuts(seed)
    tempo_map = spot_cuts(rate, frames, cuts, SpottingOptions(freedom_percent=3)).tempo_map
    bpm = [point["bpm"] for point in tempo_map.points]
    base = (max(bpm) / 1.03, min(bpm) / 0.97)
    assert base[0] <= base[1] + 1e-6
    assert base[1] >= 80 - 1e-6
    assert base[0] <= 160 + 1e-6
    assert tempo_map.seconds(tempo_map.beats) == float(frames / rate)


@pytest.mark.parametrize("seed", range(8))
def test_kinds_are_honest(seed):
    rate, frames, cuts = random_cuts(seed)
    spotting = spot_cuts(rate, frames, cuts)
    tempo_map = spotting.tempo_map
    for hit, cut in zip(spotting.hits, cuts, strict=True):
        halves = tempo_map.seconds(np.arange(2 * tempo_map.beats + 1) / 2)
        off = np.abs(halves - cut / float(rate)) * float(rate)
        assert hit.seconds == tempo_map.seconds(hit.beat)
        assert hit.frames_off == pytest.approx((hit.seconds - hit.cut) * float(rate))
        expected = "none"
        if off[::2].min() <= 1:
            in_bar = (hit.beat - spotting.first_downbeat) % 4
            expected = "beat" if in_bar else "downbeat"
        elif off.min() <= 1:
            expected = "half"
        assert hit.kind == expected


def test_2000_cuts_in_an_hour_without_drift():
    rng = np.random.default_rng(0)
    cuts = np.sort(rng.choice(np.arange(1, 86313), 2000, replace=False)).tolist()
    spotting = spot_cuts(FILM, 86313, cuts)
    assert spotting.tempo_map.beat_seconds[-1] == pytest.approx(86313 * 1001 / 24000, abs=1e-6)
    anchors = [hit for hit in spotting.hits if abs(hit.frames_off) < 1e-3]
    assert len(anchors) > 500
    assert max(abs(hit.seconds - hit.cut) for hit in anchors) < 1e-9


def test_even_shots_get_a_downbeat_each_and_whole_phrases():
    cuts = list(range(240, 2400, 240))
    spotting = spot_cuts(Fraction(30), 2400, cuts)
    assert [hit.kind for hit in spotting.hits] == ["downbeat"] * 9
    assert max(abs(hit.frames_off) for hit in spotting.hits) < 1e-6
    starts = phrase_starts(spotting.tempo_map, spotting.first_downbeat, spotting.hits)
    assert set(np.diff([*starts, spotting.tempo_map.beats]).tolist()) == {16}


def test_downbeats_preferred_at_the_price_of_hits():
    plain, preferred = 0, 0
    for seed in range(20):
        rate, frames, cuts = random_cuts(seed)
        for prefer in (False, True):
            options = SpottingOptions(prefer_downbeats=prefer)
            hits = spot_cuts(rate, frames, cuts, options).hits
            downbeats = sum(hit.kind == "downbeat" for hit in hits)
            plain, preferred = plain + downbeats * (not prefer), preferred + downbeats * prefer
    assert preferred > 1.1 * plain


def test_pinned_cuts_are_hit_and_ignored_ones_weigh_nothing():
    rate, frames, cuts = Fraction(24), 2000, [100, 111, 119, 500, 900, 917, 1400]
    spotting = spot_cuts(rate, frames, cuts, SpottingOptions(pinned=(111, 917), ignored=(900,)))
    by_frame = {hit.cut_frame: hit for hit in spotting.hits}
    assert by_frame[111].kind in ("beat", "downbeat")
    assert by_frame[917].kind in ("beat", "downbeat")
    assert by_frame[111].weight == 1
    assert by_frame[900].weight == 0


@pytest.mark.parametrize(
    ("cuts", "options", "message"),
    [
        ([100, 106], {"pinned": (100, 106)}, "between the pinned cut at frame 100 and .* 106"),
        ([5, 100], {"pinned": (5,)}, "between the start and the pinned cut at frame 5 "),
        (
            [100, 125],
            {"pinned": (100, 125), "bpm": (115, 125), "freedom_percent": 0},
            "no one base tempo fits both .* cut at frame 100 .* cut at frame 125 .* unpin one",
        ),
        ([100], {"pinned": (99,)}, "frame 99 is pinned, but there is no cut: .* such as 100$"),
        ([90, 100], {"ignored": (97, 98)}, "frame 97 is ignored, .* such as 90 or 100$"),
        ([], {"pinned": (97,)}, "frame 97 is pinned, .* the film has none$"),
        ([100], {"pinned": (100,), "ignored": (100,)}, "both pinned and ignored"),
        ([100, 100], {}, "cuts: frame 100 is there twice"),
        ([0], {}, "frame 0 is outside the film; new shots begin at frame 1"),
        ([240], {}, "frame 240 is outside the film; .* the last at 239"),
    ],
)
def test_impossible_cuts_are_named(cuts, options, message):
    with pytest.raises(CutsError, match=message):
        spot_cuts(Fraction(24), 240, cuts, SpottingOptions(**options))


@pytest.mark.parametrize("seed", range(40))
def test_pinned_cuts_are_met_or_the_refusal_names_some_of_them(seed):
    rng = np.random.default_rng(seed)
    rate, frames, cuts = random_cuts(seed)
    pinned = tuple(rng.choice(cuts, min(len(cuts), rng.integers(1, 6)), replace=False).tolist())
    tight = {"bpm": (100.0, 120.0), "freedom_percent": float(rng.choice([0, 1, 3, 6]))}
    try:
        hits = spot_cuts(rate, frames, cuts, SpottingOptions(pinned=pinned, **tight)).hits
    except CutsError as refusal:
        named = [frame for frame in pinned if re.search(rf"\b{frame}\b", str(refusal))]
        assert named
        assert "unpin one, or widen" in str(refusal)
        assert "\n" not in str(refusal)
    else:
        kinds = {hit.cut_frame: hit.kind for hit in hits}
        assert {kinds[frame] for frame in pinned} <= {"beat", "downbeat"}


def test_long_shots_and_strong_changes_get_the_downbeats():
    """Of the cuts that get a beat, strong or long ones get downbeats far more often."""
    on_downbeat = {True: [], False: []}
    for seed in range(40):
        rate, frames, cuts = random_cuts(seed)
        rng = np.random.default_rng(seed)
        strengths = np.where(rng.random(len(cuts)) < 0.5, 0.05, 1.0)
        after = np.diff([*cuts, frames]) / float(rate)
        spotting = spot_cuts(rate, frames, cuts, None, strengths.tolist())
        for hit, strength, seconds in zip(spotting.hits, strengths, after, strict=True):
            if hit.kind in ("beat", "downbeat") and (strength == 1) == (seconds > 4):
                on_downbeat[strength == 1].append(hit.kind == "downbeat")
    assert np.mean(on_downbeat[True]) > np.mean(on_downbeat[False]) + 0.05


def test_two_cuts_that_one_beat_cannot_serve_are_distinguished():
    """Five frames apart: one is met, the other is honestly none, or a half beat."""
    for seed in range(12):
        frame = 200 + 37 * seed
        options = SpottingOptions(bpm=(80, 120))
        hits = spot_cuts(Fraction(24), 1400, [frame, frame + 5], options).hits
        assert [hit.kind in ("beat", "downbeat") for hit in hits] == [True, False]
        assert hits[1].kind == "none"
        assert abs(hits[1].frames_off) > 1


def test_beats_of_an_hour_are_exact_by_an_independent_sum():
    """Every beat, computed with fractions from the control points, to a tenth of a microsecond."""
    rate, frames = Fraction(30000, 1001), 107_892
    lengths = np.random.default_rng(1).lognormal(1.25, 0.8, 900)
    cuts = np.unique((lengths.cumsum() * float(rate)).astype(int))
    spotting = spot_cuts(rate, frames, cuts[(cuts > 0) & (cuts < frames)].tolist())
    content = json.loads(json.dumps(spotting.to_dict()))
    tempo, beats = content["tempo"], content["beats"]
    for here, following in pairwise(tempo):
        span = Fraction(following["seconds"]) - Fraction(here["seconds"])
        count = following["beat"] - here["beat"]
        for step in range(count):
            exact = Fraction(here["seconds"]) + span * step / count
            assert abs(float(exact) - beats[here["beat"] + step]) < 1e-7
    assert abs(beats[-1] - float(frames / rate)) < 1e-7
    assert spotting.tempo_map.duration > 3500


@pytest.mark.parametrize(
    "values",
    [
        {"bpm": (160, 80)},
        {"bpm": (0, 80)},
        {"bpm": (80, float("nan"))},
        {"freedom_percent": -1},
        {"freedom_percent": 50},
        {"mood": (2, 0)},
        {"energy": 1.5},
    ],
)
def test_options_out_of_range(values):
    with pytest.raises(OptionError):
        SpottingOptions(**values)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frames", [1, 2, 7, 24, 40, 61])
@pytest.mark.parametrize("freedom", [0, 6])
def test_very_short_films(rate, frames, freedom):
    cuts = sorted({1, frames // 2, frames - 1} - {0, frames})
    cuts = [cut for cut in cuts if 0 < cut < frames]
    spotting = spot_cuts(rate, frames, cuts, SpottingOptions(freedom_percent=freedom))
    tempo_map = spotting.tempo_map
    assert tempo_map.beats >= 1
    assert (np.diff(tempo_map.beat_seconds) > 0).all()
    assert tempo_map.duration == float(frames / rate)
    assert 0 <= spotting.first_downbeat < tempo_map.beats
    assert len(spotting.hits) == len(cuts)


def test_sixty_cuts_in_ten_seconds():
    cuts = sorted(np.random.default_rng(3).choice(np.arange(1, 240), 60, replace=False).tolist())
    spotting = spot_cuts(Fraction(24), 240, cuts)
    assert {hit.kind for hit in spotting.hits} >= {"beat", "none"}
    assert spotting.tempo_map.beats <= 27


def test_a_cut_on_every_frame():
    spotting = spot_cuts(Fraction(24), 240, list(range(1, 240)))
    assert spotting.tempo_map.duration == 10
    assert len(spotting.hits) == 239


def test_no_freedom_means_one_tempo():
    tempo_map = spot_cuts(*random_cuts(5), SpottingOptions(freedom_percent=0)).tempo_map
    assert len(tempo_map.points) == 2


def test_a_film_without_cuts_is_whole_bars_within_the_range():
    spotting = spot_cuts(Fraction(25), 25 * 30, [], SpottingOptions(bpm=(100, 120)))
    assert spotting.hits == ()
    assert (spotting.tempo_map.beats - spotting.first_downbeat) % 4 == 0
    assert 100 <= spotting.tempo_map.bpm(0) <= 120


def test_the_baseline_is_lower_than_the_score():
    spotting = spot_cuts(*random_cuts(2))
    rate = random_cuts(2)[0]
    own, chance = score(spotting, rate), score_shuffled(spotting, rate)
    assert own.beats[1] > chance.beats[1] + 0.3
    assert own.downbeats[1] <= own.beats[1]
    assert own.mean_off < chance.mean_off
    assert chance == score_shuffled(spotting, rate)
    json.dumps(own.to_dict(), allow_nan=False)


def test_no_cuts_no_score():
    spotting = spot_cuts(Fraction(24), 100, [])
    assert score(spotting, Fraction(24)).to_dict()["mean_off"] is None


def test_a_spotting_survives_json_exactly():
    spotting = spot_cuts(*random_cuts(7))
    assert Spotting.from_dict(json.loads(json.dumps(spotting.to_dict()))) == spotting


def test_phrases_bend_to_a_weighty_cut_on_a_downbeat():
    hits = spot_cuts(Fraction(24), 48 * 12, [48 * 6]).hits
    tempo_map = TempoMap.constant(48, 24.0)
    assert 24 in phrase_starts(tempo_map, 0, [_moved(hits[0], 24)])
    assert phrase_starts(tempo_map, 0, []) == (0, 16, 32)


def _moved(hit, beat):
    return type(hit)(**{**vars(hit), "beat": float(beat), "kind": "downbeat", "weight": 1.0})


@pytest.mark.parametrize("moment", ["5.2s", "130", "00:00:05:05"])
def test_a_hit_that_is_no_cut_is_met_where_it_is_asked_for(moment):
    options = SpottingOptions(asked_hits=(moment,), pinned=(130,))
    spotting = spot_cuts(Fraction(25), 500, (61, 240), options)
    assert [hit.cut_frame for hit in spotting.hits] == [61, 240]
    (asked,) = spotting.asked_hits
    assert (asked.cut_frame, asked.weight) == (130, 1.0)
    assert asked.kind in ("beat", "downbeat")
    assert Spotting.from_dict(spotting.to_dict()) == spotting


def test_hits_of_the_edit_are_wishes_and_one_at_a_cut_is_the_cut():
    spotting = spot_cuts(Fraction(25), 500, (61, 240), asked=(61, 330))
    assert [hit.cut_frame for hit in spotting.asked_hits] == [330]
    with pytest.raises(CutsError, match="outside the film"):
        spot_cuts(Fraction(25), 500, (), SpottingOptions(asked_hits=("20s",)))
