import numpy as np
import pytest
import torch

from diffbgm.model.calibration import calibration_for, no_shift, shift_of
from diffbgm.model.checkpoint import default_checkpoint, identify, load_network, save_weights
from diffbgm.model.sampling import sample
from diffbgm.music.pianoroll import HELD, KEYS, TRACKS
from diffbgm.options import Sampling
from tests.model.small_network import SMALL, eager_network, piece, small_network


def test_numbers_by_name_land_on_their_columns():
    shift = shift_of({"onset": {"PIANO": {"keys": -0.5}}, "sustain": {"MELODY": {"rhythm": 2.0}}})
    expected = torch.zeros(6, 1, KEYS + 1)
    expected[2, 0, :KEYS] = -0.5
    expected[3, 0, KEYS] = 2.0
    assert torch.equal(shift, expected)


def test_a_name_that_is_none_is_refused():
    with pytest.raises(ValueError, match="not in tuple"):
        shift_of({"onset": {"DRUMS": {"keys": 1.0}}})


def test_what_was_fitted_was_fitted_for_the_weights_that_are_shipped():
    """Where this fails: python -m diffbgm.evaluation.calibrate pop909.npz."""
    assert calibration_for(identify(default_checkpoint()).sha256).any()


def test_weights_of_ones_own_play_as_they_are(tmp_path):
    save_weights(tmp_path / "own.safetensors", SMALL, small_network().state_dict())
    network = load_network(tmp_path / "own.safetensors", torch.device("cpu"))
    assert torch.equal(network.calibration, no_shift())


def test_a_shift_down_makes_a_track_rest_and_leaves_the_others():
    network, asked = eager_network(), Sampling(steps=4, guidance=1.0)

    def struck() -> np.ndarray:
        (roll,) = sample(network, piece(16), [1], asked)
        return ((roll > 0) & (roll != HELD)).sum(axis=(0, 2))

    before = struck()
    network.calibration = shift_of({"onset": {"PIANO": {"rhythm": -50.0}}})
    after = struck()
    piano = TRACKS.index("PIANO")
    assert before[piano] > 0 == after[piano]
    assert np.delete(after, piano).all()
