"""The paper's network, trained on pairs and on music alone."""

import json

import numpy as np
import pytest
import torch

from diffbgm.data.paired import load_pairs
from diffbgm.data.paired_windows import PairedWindows, merged_roll, transposed
from diffbgm.data.prepare_bgm909 import prepare_bgm909
from diffbgm.errors import DatasetError, OptionError
from diffbgm.model.paper.checkpoint import load_official
from diffbgm.model.paper.config import PaperConfig
from diffbgm.training import read_config, train
from diffbgm.training.paper import PaperObjective
from tests.data.made_pairs import BARS, write_pair
from tests.training.made_set import write_set

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")
SMALL = {
    "channels": 32,
    "multipliers": [1, 1, 1, 1],
    "attention_levels": [2, 3],
    "residual_blocks": 1,
}


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """Songs 001 and 003 train, 002 validates."""
    folder = tmp_path_factory.mktemp("pairs")
    for song in ("001", "002", "003"):
        write_pair(folder / "set", song)
    prepare_bgm909(folder / "set", folder / "bgm909.npz")
    return folder / "bgm909.npz"


@pytest.fixture(scope="module")
def run(pairs, tmp_path_factory):
    """A run of one epoch by a configuration file: its folder and the lines it reported."""
    folder = tmp_path_factory.mktemp("run")
    content = {
        "data": str(pairs),
        "out": str(folder),
        "preset": "paper",
        "epochs": 1,
        "batch_windows": 4,
        "network": SMALL,
    }
    (folder / "given.json").write_text(json.dumps(content))
    lines = []
    train(read_config(folder / "given.json"), "cpu", lines.append)
    return folder, lines


def test_a_run_leaves_a_checkpoint_of_the_papers_network(run):
    folder, (line,) = run
    # 2 songs of 12 bars have 5 windows of 8 bars each: an epoch is 3 batches of 4.
    assert line["step"] == 3
    assert set(line["validation"]) == {"0.1", "0.3", "0.5", "0.7", "0.9"}
    assert all(0 < loss < 3 for loss in line["validation"].values())
    network = load_official(folder / "weights.safetensors")
    assert network.config == PaperConfig.from_dict(SMALL)
    assert len(list((folder / "samples").iterdir())) == 1


@pytest.mark.parametrize(
    "ablation",
    [{"selector": "visual_only"}, {"selector": "random"}, {"selector": "both"}, {"w_size": 1}],
)
def test_every_ablation_trains_on_music_alone(tmp_path, ablation):
    own_streams = {"token_width": 6, "language_width": 3}
    config = PaperConfig.from_dict({**SMALL, **own_streams, **ablation})
    objective = PaperObjective(config, write_set(tmp_path / "music.npz"), CPU, seed=0)
    objective.losses(objective.network, 2).mean().backward()
    gradients = [weight.grad for weight in objective.network.parameters()]
    assert all(gradient is not None for gradient in gradients)
    assert any(gradient.abs().sum() > 0 for gradient in gradients)


def test_the_loss_is_that_of_the_noise(pairs):
    objective = PaperObjective(PaperConfig.from_dict(SMALL), pairs, CPU, seed=0)

    def silent(x, step, visual, language):
        return torch.zeros_like(x)

    # Of standard normal noise nothing is known: the squared error is its variance.
    assert objective.losses(silent, 4).mean().item() == pytest.approx(1, abs=0.05)


def test_a_run_goes_on_from_its_weights_and_from_no_others(pairs, run):
    weights = run[0] / "weights.safetensors"
    before = load_official(weights).state_dict()
    loaded = PaperObjective(PaperConfig.from_dict(SMALL), pairs, CPU, seed=0).load(weights)
    assert all(torch.equal(before[name], weight) for name, weight in loaded.items())
    other = PaperObjective(PaperConfig.from_dict({**SMALL, "w_size": 1}), pairs, CPU, seed=0)
    with pytest.raises(OptionError, match="another network"):
        other.load(weights)


def test_features_of_another_width_are_named(tmp_path):
    data = write_set(tmp_path / "music.npz")
    with pytest.raises(OptionError, match=r"are 6 \(visual\) and 3 \(language\) wide; the network"):
        PaperObjective(PaperConfig.from_dict(SMALL), data, CPU, seed=0)


def test_windows_are_those_of_the_song(pairs):
    windows = PairedWindows(load_pairs(pairs), "validation", CPU, seed=0)
    assert len(windows) == BARS - 7
    batch = windows.at(torch.tensor([1]))
    assert batch.roll.shape == (1, 2, 128, 128)
    prepared = load_pairs(pairs)
    notes = prepared.song_notes(1)
    inside = notes[(notes[:, 0] >= 16) & (notes[:, 0] < 144)]
    struck = {(onset - 16, pitch) for onset, pitch in inside[:, [0, 2]].tolist()}
    assert set(map(tuple, batch.roll[0, 0].nonzero().tolist())) == struck
    rows = slice(BARS * 4 + 4, BARS * 4 + 36)
    assert np.array_equal(batch.visual[0], prepared.visual[rows].astype(np.float32))
    assert np.array_equal(batch.language[0], prepared.language[rows].astype(np.float32))


def test_transposition_moves_the_notes_and_nothing_else(pairs):
    windows = PairedWindows(load_pairs(pairs), "train", CPU, seed=0)
    batch = windows.draw(64)
    plain = windows.at(torch.arange(len(windows)))
    assert 48 - 6 <= batch.roll.nonzero()[:, 3].min() <= 83 + 6
    own = {tuple(row.tolist()) for row in plain.visual[:, 0]}
    assert {tuple(row.tolist()) for row in batch.visual[:, 0]} <= own


def test_what_leaves_the_pitches_is_lost():
    roll = torch.zeros(2, 1, 128, dtype=torch.uint8)
    roll[:, 0, 126] = 1
    up, down = transposed(roll, torch.tensor([3, -6]))
    assert up.sum() == 0
    assert down.nonzero().tolist() == [[0, 120]]


def test_merged_notes_end_where_the_pitch_is_struck_again():
    notes = np.array([[0, 8, 60, 80, 0], [4, 2, 60, 80, 2], [4, 9, 64, 80, 1], [4, 3, 64, 80, 2]])
    roll = merged_roll(notes, 12)
    assert roll[:, 60].tolist() == [1, 2, 2, 2, 1, 2, 0, 0, 0, 0, 0, 0]
    assert roll[:, 64].tolist() == [0, 0, 0, 0, 1, 2, 2, 2, 2, 2, 2, 2]


def test_a_split_without_windows_is_refused(pairs):
    with pytest.raises(DatasetError, match="the test split"):
        PairedWindows(load_pairs(pairs), "test", CPU, seed=0)
