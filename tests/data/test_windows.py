"""Windows as training draws them."""

import pytest
import torch

from diffbgm.data.harte import chord_row
from diffbgm.data.prepared import load_prepared
from diffbgm.data.windows import Windows, transpose, transpose_chords
from diffbgm.errors import DatasetError
from diffbgm.music.chord_rows import condition_rows
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


def test_chords_follow_their_transposition(prepared):
    windows = Windows(prepared, "train", 2, CPU, seed=0)
    chord = windows.draw(400).conditions.chord
    is_known = chord[..., 36].bool()
    share_without = (~is_known.any(dim=1)).float().mean()
    assert abs(share_without - 0.15) < 0.06
    assert len(chord[is_known][:, :12].argmax(dim=1).unique()) == 12
    root, members, bass = chord[is_known][:, :36].unflatten(1, (3, 12)).unbind(1)
    assert torch.equal(members, root + root.roll(4, dims=1) + root.roll(7, dims=1))
    assert torch.equal(bass, root)
    assert not chord[~is_known].any()


def test_chords_move_as_the_keys_do():
    row = torch.from_numpy(condition_rows(chord_row("A:min/b3")[None]))[None]
    up, down = transpose_chords(row.expand(2, 1, -1), torch.tensor([1, -2]))
    assert torch.equal(up, torch.from_numpy(condition_rows(chord_row("Bb:min/b3")[None])))
    assert torch.equal(down, torch.from_numpy(condition_rows(chord_row("G:min/b3")[None])))
