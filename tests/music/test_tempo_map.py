import json

import numpy as np
import pytest

from diffbgm.music.tempo_map import TempoMap

BENT = TempoMap((0, 8, 12), (0.0, 4.0, 6.5))


def test_constant_tempo_between_control_points():
    assert BENT.beats == 12
    np.testing.assert_allclose(BENT.seconds([0, 4, 8, 10, 12]), [0, 2, 4, 5.25, 6.5])
    np.testing.assert_allclose(BENT.bpm([0, 7.9, 8, 11]), [120, 120, 96, 96])


def test_seconds_and_beats_are_inverse_and_go_on_outside():
    beats = np.linspace(-3, 15, 200)
    np.testing.assert_allclose(BENT.beat(BENT.seconds(beats)), beats, atol=1e-12)
    assert BENT.seconds(-1) == -0.5
    assert BENT.seconds(13) == pytest.approx(7.125)


def test_a_scalar_gives_a_float_and_the_end_is_exact():
    end = 1001 / 24000 * 86399
    tempo_map = TempoMap((0, 3, 7001), (0.0, 1.7, end))
    assert isinstance(tempo_map.seconds(7001), float)
    assert tempo_map.seconds(7001) == end


def test_nothing_drifts_in_an_hour():
    rng = np.random.default_rng(1)
    beats = np.concatenate([[0], np.cumsum(rng.integers(1, 40, 300))])
    seconds = np.concatenate([[0], np.cumsum(rng.uniform(1, 20, 300))])
    seconds *= 3600 / seconds[-1]
    tempo_map = TempoMap(tuple(beats.tolist()), tuple(seconds.tolist()))
    assert np.abs(tempo_map.seconds(beats) - seconds).max() < 1e-9


def test_downbeats_after_a_pick_up():
    assert BENT.downbeats(0).tolist() == [0, 4, 8, 12]
    assert BENT.downbeats(3).tolist() == [3, 7, 11]


def test_points_survive_json_exactly():
    tempo_map = TempoMap((0, 7, 9), (0.0, 1001 / 300, 4.1))
    assert TempoMap.from_dict(json.loads(json.dumps(tempo_map.points))) == tempo_map
    assert [point["beat"] for point in tempo_map.points] == [0, 7, 9]


@pytest.mark.parametrize(
    ("beats", "seconds"),
    [((0,), (0.0,)), ((0, 1), (0.0,)), ((1, 2), (0.0, 1.0)), ((0, 1, 1), (0.0, 1.0, 2.0))],
)
def test_impossible_control_points(beats, seconds):
    with pytest.raises(ValueError, match="tempo map"):
        TempoMap(beats, seconds)
