"""Weights on disc: safetensors, with what they are in the file's metadata. Nothing executes."""

import hashlib
import json
import os
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from diffbgm.errors import CheckpointError
from diffbgm.model.config import NetworkConfig
from diffbgm.model.temporal import TimeTokenNetwork

FORMAT = "diffbgm-time-tokens-1"


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
    """Configuration and weights of a file that `save_weights` wrote; else CheckpointError."""
    try:
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError as exc:
        raise CheckpointError(f"{path} does not exist; give a .safetensors file") from exc
    except (SafetensorError, OSError) as exc:
        raise CheckpointError(f"{path} is no safetensors file, or is damaged: {exc}") from exc
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} holds weights of another network ({metadata.get('format', 'unnamed')}); "
            "use one that `diffbgm train` made"
        )
    return NetworkConfig.from_dict(json.loads(metadata["network"])), weights


def load_network(path: Path, device: torch.device) -> TimeTokenNetwork:
    """The network in `path`, ready to sample; every weight must fit, none may be missing."""
    config, weights = load_weights(path)
    network = TimeTokenNetwork(config)
    try:
        network.load_state_dict({name: value.float() for name, value in weights.items()})
    except RuntimeError as exc:
        reason = " ".join(str(exc).split())
        raise CheckpointError(f"{path} does not fit its own configuration: {reason}") from exc
    return network.to(device).eval().requires_grad_(False)


@lru_cache(maxsize=4)
def identify(path: Path) -> ModelIdentity:
    """Name and SHA-256 of a checkpoint file."""
    try:
        return ModelIdentity(path.stem, hashlib.sha256(path.read_bytes()).hexdigest())
    except OSError as exc:
        raise CheckpointError(f"{path} cannot be read: {exc.strerror}") from exc
