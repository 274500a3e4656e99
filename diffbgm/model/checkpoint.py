"""Weights on disc: safetensors, with what they are in the file's metadata. Nothing executes."""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import torch
from safetensors.torch import save_file

from diffbgm.errors import CheckpointError
from diffbgm.model.calibration import calibration_for
from diffbgm.model.config import NetworkConfig
from diffbgm.model.temporal import TimeTokenNetwork
from diffbgm.model.weights_file import (
    blueprint,
    check_entries,
    damaged_configuration,
    read_weights,
    shapes,
)

FORMAT = "diffbgm-time-tokens-2"


@dataclass(frozen=True)
class ModelIdentity:
    """Which weights made a composition."""

    name: str
    sha256: str


def default_checkpoint() -> Path:
    """The weights that come with the package."""
    return Path(str(files("diffbgm.checkpoints").joinpath("default.safetensors")))


def save_weights(path: Path, config: NetworkConfig, weights: dict[str, torch.Tensor]) -> None:
    """Write weights as they are, with the configuration, by way of a temporary name."""
    metadata = {"format": FORMAT, "network": json.dumps(config.to_dict())}
    partial = path.with_name(path.name + ".partial")
    save_file({name: value.contiguous() for name, value in weights.items()}, partial, metadata)
    os.replace(partial, path)


def load_weights(path: Path) -> tuple[NetworkConfig, dict[str, torch.Tensor]]:
    """Configuration and weights of a file that `save_weights` wrote.

    CheckpointError if it is missing, damaged, or of another network: every weight must be there,
    fit, and be finite, and nothing else may be.
    """
    content, weights = read_weights(path, FORMAT)
    try:
        config = NetworkConfig.from_dict(content)
        with blueprint():
            expected = shapes(TimeTokenNetwork(config).state_dict())
    # What a wrong value raises depends on where the network trips over it.
    except (CheckpointError, ValueError, TypeError, RuntimeError, ZeroDivisionError) as exc:
        raise damaged_configuration(path, exc) from exc
    check_entries(weights, expected, path, "the network of its own configuration")
    return config, weights


def load_network(path: Path, device: torch.device) -> TimeTokenNetwork:
    """The network in `path`, ready to sample; CheckpointError as `load_weights`."""
    config, weights = load_weights(path)
    with blueprint():
        network = TimeTokenNetwork(config)
    network.load_state_dict({name: value.float() for name, value in weights.items()}, assign=True)
    network.calibration = calibration_for(identify(path).sha256)
    return network.to(device).eval().requires_grad_(False)


@lru_cache(maxsize=4)
def identify(path: Path) -> ModelIdentity:
    """Name and SHA-256 of a checkpoint file."""
    try:
        return ModelIdentity(path.stem, hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as exc:
        raise CheckpointError(f"{path} cannot be read: {exc.strerror}") from exc
