"""Windows as training draws them."""

import pytest
import torch

from diffbgm.data.prepared import load_prepared
from diffbgm.data.windows import Windows, transpose
from diffbgm.errors import DatasetError
from tests.training.made_set import write_set

CPU = torch.device("cpu")


@pytest.fixture
def prepared(tmp_path):
    return load_prepared(write_set(tmp_path / "made.npz"))


def test_windows_follow_their_transposition(prepared):
    windows = Windows(prepared, "train", 2, CPU, seed=0)
    assert len(windows) == 2 * 7
    batch = windows.draw(64)
    assert batch.roll.shape == (64, 32, 3, 88)
    assert batch.known.shape == (64, 3, 32)
    assert 0 < batch.known.mean() < 0.6
    assert 0.6 < batch.conditions.has_dynamic.float().mean() < 1
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
    with pytest.raises(DatasetError, match="test split"):
        Windows(prepared, "test", 2, CPU, seed=0)
