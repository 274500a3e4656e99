"""Configurations are read strictly."""

import json

import pytest

from diffbgm.errors import CheckpointError, OptionError
from diffbgm.model.paper.config import PaperConfig
from diffbgm.training import read_config

LEAST = {"data": "d.npz", "out": "run", "minutes": 1}


@pytest.fixture
def read(tmp_path):
    def write_and_read(content):
        path = tmp_path / "config.json"
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return read_config(path)

    return write_and_read


def test_what_is_not_said_has_a_default(read):
    config = read({**LEAST, "network": {"width": 64}})
    assert config.network.width == 64
    assert config.preset == "time_tokens"
    assert config.steps is None
    assert read(LEAST).network.width == 256


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"learning_rat": 1}, "unknown keys: learning_rat"),
        ({"steps": 10}, "either minutes, steps or epochs"),
        ({"minutes": None}, "either minutes, steps or epochs"),
        ({"minutes": -1}, "minutes must be a number of at least"),
        ({"minutes": "5"}, "minutes must be a number"),
        ({"minutes": True}, "minutes must be a number"),
        ({"batch_windows": 2.5}, "batch_windows must be a whole number of at least 1, not 2.5"),
        ({"batch_windows": 0}, "batch_windows must be a whole number"),
        ({"learning_rate": None}, "learning_rate must be a number"),
        ({"ema_decay": 1}, "ema_decay is below 1"),
        ({"second_moment_decay": 1.0}, "second_moment_decay is below 1"),
        ({"epochs": 2}, "either minutes, steps or epochs"),
        ({"data": 5}, "data is a path"),
        ({"resume": 5}, "resume is a path"),
        ({"preset": "mystery"}, "preset is one of time_tokens"),
        ({"network": 5}, "network is a JSON object"),
    ],
)
def test_what_cannot_be_is_named(read, change, message):
    with pytest.raises(OptionError, match=message):
        read({**LEAST, **change})


def test_the_paper_trains_with_its_own_settings(read):
    config = read({"data": "d.npz", "out": "run", "preset": "paper"})
    assert (config.epochs, config.batch_windows, config.learning_rate) == (100, 32, 5e-5)
    assert config.final_learning_rate == config.learning_rate
    assert config.ema_decay == config.weight_decay == 0
    assert config.network == PaperConfig()
    shorter = read({"data": "d.npz", "out": "run", "preset": "paper", "steps": 5, "seed": 3})
    assert (shorter.steps, shorter.epochs, shorter.learning_rate) == (5, None, 5e-5)


def test_an_ablation_that_there_is_not_is_named(read):
    with pytest.raises(CheckpointError, match="selector is one of threshold, visual_only"):
        read({**LEAST, "preset": "paper", "network": {"selector": "fused"}})


def test_a_network_has_its_own_keys(read):
    with pytest.raises(CheckpointError, match="widht"):
        read({**LEAST, "network": {"widht": 64}})


@pytest.mark.parametrize("content", ["minutes: 5", "[]", "{}", '{"data": "d.npz"}'])
def test_other_files_are_named(read, content):
    with pytest.raises(OptionError, match=r"config\.json"):
        read(content)
