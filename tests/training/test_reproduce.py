"""From songs to weights in one command, with a small network and few steps."""

import signal

import pytest
import torch

from diffbgm.errors import DiffBGMError
from diffbgm.model.checkpoint import load_network
from diffbgm.training.config import read_config
from diffbgm.training.reproduce import default_legs, reproduce
from tests.data.made_song import write_song
from tests.model.small_network import SMALL
from tests.training.made_set import song_of

SHORT = {"batch_windows": 2, "network": SMALL.to_dict()}
LEGS = [{**SHORT, "steps": 2}, {**SHORT, "steps": 3, "learning_rate": 1e-4}]


@pytest.fixture
def songs(tmp_path):
    for song in ("001", "003", song_of("validation")):
        write_song(tmp_path / "songs", song)
    return tmp_path / "songs"


@pytest.mark.slow
def test_all_legs_are_trained_each_from_the_one_before(songs, tmp_path):
    lines, stages = [], []
    weights = reproduce(
        songs, tmp_path / "out", "cpu", lines.append, lambda stage, _: stages.append(stage), LEGS
    )
    assert [line["step"] for line in lines] == [2, 3]
    assert list(dict.fromkeys(stages)) == ["songs", "leg 1 of 2", "leg 2 of 2"]
    assert load_network(weights, torch.device("cpu")).config == SMALL
    second = read_config(tmp_path / "out" / "leg_2.json")
    assert second.resume == str(tmp_path / "out" / "leg_1" / "weights.safetensors")


@pytest.mark.slow
def test_what_was_stopped_goes_on_with_its_unfinished_leg(songs, tmp_path):
    lines = []

    def stop(stage: str, fraction: float) -> None:
        if stage == "leg 2 of 2" and fraction > 0:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        reproduce(songs, tmp_path / "out", "cpu", lines.append, stop, LEGS)
    assert [line["step"] for line in lines] == [2]
    reproduce(songs, tmp_path / "out", "cpu", lines.append, legs=LEGS)
    assert [line["step"] for line in lines] == [2, 3]


def test_the_legs_of_the_shipped_weights_are_what_its_card_says():
    assert sum(leg["steps"] for leg in default_legs()) == 6166 + 3206 + 1043


@pytest.mark.slow
def test_a_signal_is_told_from_an_end(songs, tmp_path):
    def interrupt(stage: str, fraction: float) -> None:
        if stage == "leg 1 of 2" and fraction == 0:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(DiffBGMError, match="leg 1 of 2: the same command"):
        reproduce(songs, tmp_path / "out", "cpu", lambda line: None, interrupt, LEGS)
