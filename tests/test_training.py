import json

import numpy as np
import pytest
import torch

from diffbgm.data.pop909 import Section
from diffbgm.data.prepare import to_prepared
from diffbgm.data.windows import Windows, transpose
from diffbgm.errors import DatasetError, OptionError
from diffbgm.model.checkpoint import load_network
from diffbgm.training import Trainer, TrainingConfig, read_config, train
from diffbgm.training.processes import alone
from tests.model.small_network import SMALL

CPU = torch.device("cpu")


def section(song, bars=8):
    rng = np.random.default_rng(int(song))
    onsets = np.arange(0, bars * 16, 4)
    pitches = rng.choice([60, 64, 67, 72], len(onsets))
    columns = [onsets, onsets * 0 + 3, pitches, onsets * 0 + 80, onsets % 3]
    return Section(song, bars, np.stack(columns, axis=1), np.array([0, 16]))


@pytest.fixture
def prepared(tmp_path):
    """Three sections: songs 010 and 011 train, 005 validates (as pop909_splits.json has it)."""
    from diffbgm.data.prepare import song_splits

    held_out = next(song for song, split in song_splits().items() if split == "validation")
    path = tmp_path / "made.npz"
    to_prepared([section("9001"), section("9002"), section(held_out)]).save(path)
    return path


@pytest.fixture
def config(prepared, tmp_path):
    return TrainingConfig(
        data=str(prepared), out=str(tmp_path / "run"), minutes=0.02, batch_windows=4, network=SMALL
    )


def test_a_run_learns_and_leaves_weights_and_a_log(config, tmp_path):
    lines = []
    train(config, "cpu", lines.append)
    logged = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert logged == lines
    assert set(lines[-1]["validation"]) == {"0.1", "0.3", "0.5", "0.7", "0.9"}
    network = load_network(tmp_path / "run/weights.safetensors", CPU)
    assert network.config == SMALL


def test_the_loss_falls(config):
    trainer = Trainer(config, alone(CPU))
    losses = [trainer.train_step(0.0) for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.8 * np.mean(losses[:10])


def test_training_goes_on_from_weights_alone(config, tmp_path):
    train(config, "cpu", lambda line: None)
    weights = tmp_path / "run/weights.safetensors"
    resumed = Trainer(TrainingConfig(**{**vars(config), "resume": str(weights)}), alone(CPU))
    saved = load_network(weights, CPU).state_dict()
    begun = resumed.objective.network.state_dict()
    assert all(torch.equal(saved[name], weight) for name, weight in begun.items())


def test_another_network_is_not_resumed(config, tmp_path):
    train(config, "cpu", lambda line: None)
    changed = {
        **vars(config),
        "network": type(SMALL)(**{**SMALL.to_dict(), "layers": 1}),
        "resume": str(tmp_path / "run/weights.safetensors"),
    }
    with pytest.raises(OptionError, match="another network"):
        Trainer(TrainingConfig(**changed), alone(CPU))


def test_windows_follow_their_transposition(prepared):
    from diffbgm.data.prepared import load_prepared

    windows = Windows(load_prepared(prepared), "train", 2, CPU, seed=0)
    assert len(windows) == 2 * 7
    batch = windows.draw(64)
    assert batch.roll.shape == (64, 32, 3, 88)
    assert batch.known.shape == (64, 3, 32)
    assert 0 < batch.known.mean() < 0.6
    assert 0.6 < batch.told.tells_dynamic.float().mean() < 1
    pitches = batch.roll.nonzero()[:, 3]
    assert pitches.min() >= 60 - 6 - 21
    assert pitches.max() <= 72 + 6 - 21


def test_keys_beyond_the_ends_are_lost():
    roll = torch.zeros(2, 1, 1, 88, dtype=torch.uint8)
    roll[:, 0, 0, 87] = 64
    up, down = transpose(roll, torch.tensor([1, -1]))
    assert up.sum() == 0
    assert down.nonzero().tolist() == [[0, 0, 86]]


def test_a_set_without_windows_is_refused(prepared):
    from diffbgm.data.prepared import load_prepared

    with pytest.raises(DatasetError, match="test split"):
        Windows(load_prepared(prepared), "test", 2, CPU, seed=0)


def test_configurations_are_read_strictly(tmp_path):
    path = tmp_path / "config.json"
    content = {"data": "d.npz", "out": "run", "minutes": 1, "network": {"width": 64}}
    path.write_text(json.dumps(content))
    assert read_config(path).network.width == 64
    path.write_text(json.dumps({**content, "learning_rat": 1}))
    with pytest.raises(OptionError, match="learning_rat"):
        read_config(path)
    path.write_text("minutes: 5")
    with pytest.raises(OptionError, match="config"):
        read_config(path)
