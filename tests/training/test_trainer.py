"""Whole runs of a tiny network."""

import json
import os
import signal

import numpy as np
import pytest
import torch

from diffbgm.errors import CheckpointError, DatasetError, DiffBGMError, OptionError
from diffbgm.model.checkpoint import load_network
from diffbgm.training import Trainer, train
from diffbgm.training.processes import alone
from tests.model.small_network import SMALL
from tests.training.made_set import small_run, write_set

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


@pytest.fixture
def data(tmp_path):
    return write_set(tmp_path / "made.npz")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "run"


def ignore(line):
    """For runs whose numbers do not matter."""


def weights_in(out):
    return load_network(out / "weights.safetensors", CPU).state_dict()


def test_a_run_leaves_weights_a_log_and_samples(data, out):
    lines, fractions = [], []
    train(small_run(data, out), "cpu", lines.append, fractions.append)
    assert [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()] == lines
    assert lines[-1]["step"] == 3
    assert set(lines[-1]["validation"]) == {"0.1", "0.3", "0.5", "0.7", "0.9"}
    assert fractions == [0, 1 / 3, 2 / 3, 1]
    assert load_network(out / "weights.safetensors", CPU).config == SMALL
    assert [path.name for path in (out / "samples").iterdir()] == ["0000003.png"]


def test_a_run_ends_when_its_minutes_are_over(data, out):
    lines = []
    train(small_run(data, out, steps=None, minutes=0.02), "cpu", lines.append)
    assert lines[-1]["step"] > 0
    assert lines[-1]["minutes"] < 0.5


def test_the_loss_falls(data, out):
    trainer = Trainer(small_run(data, out), alone(CPU))
    losses = [trainer.train_step(0.0) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])


def test_a_seed_makes_the_same_run_twice(data, out, tmp_path):
    for folder in (out, tmp_path / "again"):
        train(small_run(data, folder), "cpu", ignore)
    again = weights_in(tmp_path / "again")
    assert all(torch.equal(weight, again[name]) for name, weight in weights_in(out).items())


def test_training_goes_on_from_weights_alone(data, out):
    train(small_run(data, out), "cpu", ignore)
    saved = weights_in(out)
    resumed = Trainer(small_run(data, out, resume=str(out / "weights.safetensors")), alone(CPU))
    first = resumed.objective.network.state_dict()
    assert all(torch.equal(saved[name], weight) for name, weight in first.items())


def test_another_network_is_not_resumed(data, out, tmp_path):
    train(small_run(data, out), "cpu", ignore)
    weights = str(out / "weights.safetensors")
    other = type(SMALL)(**{**SMALL.to_dict(), "layers": 1})
    with pytest.raises(OptionError, match="another network"):
        Trainer(small_run(data, out, resume=weights, network=other), alone(CPU))
    with pytest.raises(CheckpointError, match=r"nowhere\.safetensors"):
        Trainer(small_run(data, out, resume=str(tmp_path / "nowhere.safetensors")), alone(CPU))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_with_its_weights_saved(data, out, number):
    handler = signal.getsignal(number)
    lines, fractions = [], []

    def progress(fraction):
        if not fractions:
            os.kill(os.getpid(), number)
        fractions.append(fraction)

    train(small_run(data, out, steps=None, minutes=60), "cpu", lines.append, progress)
    assert lines[-1]["step"] > 0
    assert lines[-1]["minutes"] < 1
    assert weights_in(out)
    assert signal.getsignal(number) is handler


def test_a_loss_that_is_no_number_stops_and_keeps_the_weights(data, out):
    trainer = Trainer(small_run(data, out, steps=50), alone(CPU))
    healthy, steps = trainer.objective.losses, []

    def losses(network, windows):
        steps.append(windows)
        value = healthy(network, windows)
        return value * torch.nan if len(steps) == 4 else value

    trainer.objective.losses = losses
    with pytest.raises(DiffBGMError, match=r"no number in step 4;.*weights\.safetensors"):
        trainer.run(ignore, lambda fraction: None)
    assert trainer.step == 3
    assert all(torch.isfinite(weight).all() for weight in weights_in(out).values())


def test_a_set_without_windows_is_refused(data, out):
    longer = type(SMALL)(**{**SMALL.to_dict(), "window_bars": 64})
    with pytest.raises(DatasetError, match="train split holds no window of 64 bars"):
        Trainer(small_run(data, out, network=longer), alone(CPU))
    with pytest.raises(DatasetError, match="diffbgm prepare"):
        Trainer(small_run(data.with_name("none.npz"), out), alone(CPU))
