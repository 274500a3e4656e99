import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from diffbgm.errors import CheckpointError
from diffbgm.model.checkpoint import identify, load_network, load_weights, save_weights
from tests.model.small_network import SMALL, small_network

CPU = torch.device("cpu")


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "small.safetensors"
    save_weights(path, SMALL, small_network().state_dict())
    return path


def test_weights_come_back_as_they_were(saved):
    config, weights = load_weights(saved)
    assert config == SMALL
    for name, value in small_network().state_dict().items():
        assert torch.equal(weights[name], value)
    assert not load_network(saved, CPU).training


def test_half_precision_is_loaded_as_float(saved):
    half = {name: value.half() for name, value in small_network().state_dict().items()}
    save_weights(saved, SMALL, half)
    assert all(weight.dtype == torch.float32 for weight in load_network(saved, CPU).parameters())


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"nothing\.safetensors: no such file"):
        load_network(tmp_path / "nothing.safetensors", CPU)
    with pytest.raises(CheckpointError, match="nothing"):
        identify(tmp_path / "nothing")


def test_a_file_of_another_kind(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(b"\0" * 5000)
    with pytest.raises(CheckpointError, match="no safetensors file"):
        load_network(path, CPU)


def test_a_truncated_file(saved):
    saved.write_bytes(saved.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_network(saved, CPU)


def test_weights_of_another_network(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"layer.weight": torch.zeros(3)}, path, {"format": "pt"})
    with pytest.raises(CheckpointError, match="another network"):
        load_network(path, CPU)


def test_a_missing_weight_is_named(saved):
    weights = small_network().state_dict()
    del weights["fold.bias"]
    save_weights(saved, SMALL, weights)
    with pytest.raises(CheckpointError, match=r"fold\.bias"):
        load_network(saved, CPU)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fold.bias": torch.zeros(2)}, r"fold\.bias \(is 2, must be 32\)"),
        ({"fold.bias": torch.full((32,), torch.nan)}, r"fold\.bias \(not all finite"),
        ({"surprise": torch.zeros(1)}, "unexpected surprise"),
    ],
)
def test_a_wrong_weight_is_named(saved, changes, named):
    save_weights(saved, SMALL, {**small_network().state_dict(), **changes})
    with pytest.raises(CheckpointError, match=named):
        load_network(saved, CPU)


@pytest.mark.parametrize(
    ("network", "named"),
    [
        (json.dumps({**SMALL.to_dict(), "dropout": 0.1}), "dropout"),
        (json.dumps({**SMALL.to_dict(), "width": "wide"}), "configuration is damaged"),
        (json.dumps({**SMALL.to_dict(), "heads": 0}), "configuration is damaged"),
        (json.dumps({**SMALL.to_dict(), "bar_heads": 3}), "bar_heads"),
        ("[]", "configuration is damaged"),
        ("{", "configuration is damaged"),
    ],
)
def test_an_impossible_configuration_is_refused(saved, network, named):
    weights = small_network().state_dict()
    save_file(weights, saved, {"format": "diffbgm-time-tokens-2", "network": network})
    with pytest.raises(CheckpointError, match=named) as caught:
        load_network(saved, CPU)
    assert str(saved) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_weights_are_known_by_their_content(saved):
    identity = identify(saved)
    assert identity.name == "small"
    assert len(identity.sha256) == 64


def test_loading_leaves_torchs_compiler_alone() -> None:
    """It takes seconds to import, in every process that samples."""
    program = (
        "import sys, torch\n"
        "from diffbgm.model.checkpoint import default_checkpoint, load_network\n"
        "load_network(default_checkpoint(), torch.device('cpu'))\n"
        "print('torch._dynamo' in sys.modules)"
    )
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed.strip() == "False"
