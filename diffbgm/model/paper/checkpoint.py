"""Public Diff-BGM checkpoints, turned into ours. Executes nothing that a checkpoint holds.

A public checkpoint is a pickle of `{"model": {name: tensor}}` or of the inner table alone. Ours
is one safetensors file whose header carries the configuration as JSON, so that the weights and
the architecture cannot part.
"""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import Tensor

from diffbgm.errors import CheckpointError, OptionError, StorageError
from diffbgm.files import replacing
from diffbgm.model.paper.config import PaperConfig
from diffbgm.model.paper.ddpm import STEPS, NoiseSchedule
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.model.weights_file import (
    blueprint,
    check_entries,
    damaged_configuration,
    read_weights,
    shapes,
)

FORMAT = "diffbgm-paper-unet-1"
"""What the header of such a file names as its format."""

_OURS_OF_PREFIX = {
    "model.ldm.eps_model.": "unet.",
    "model.caption_enc.": "caption_encoder.",
    "model.ldm.beta": "beta",
}
_DERIVED = ("model.ldm.alpha", "model.ldm.alpha_bar", "model.ldm.sigma2")
"""In every public checkpoint, and follow from `model.ldm.beta`."""

_NETWORK = "the Diff-BGM network"


def import_official(source: Path, target: Path, *, w_size: int = 2) -> None:
    """Write the public checkpoint `source` as ours to `target`, whole or not at all.

    `w_size` is what the weights were trained with, which is not in them: 2 in the published
    code, 1 without segment-aware attention. OptionError if it is impossible; CheckpointError if
    `source` cannot be read safely or is not exactly the public network; StorageError if `target`
    cannot be written.
    """
    try:
        config = PaperConfig(w_size=w_size)
    except ValueError as exc:
        raise OptionError(str(exc)) from exc
    public = _read_public(source)
    check_entries(public, expected_entries(config), source, _NETWORK)
    _check_schedule(public["model.ldm.beta"], source)
    weights = {
        _ours(name): tensor.float() for name, tensor in public.items() if name not in _DERIVED
    }
    if target.exists() and target.samefile(source):
        raise StorageError(f"{target}: is the public checkpoint itself; name another file")
    save_official(target, config, weights)


def save_official(path: Path, config: PaperConfig, weights: Mapping[str, Tensor]) -> None:
    """Write the weights of such a network, whole or not at all; else StorageError."""
    own = {name: tensor.detach().contiguous() for name, tensor in weights.items()}
    data = safetensors.torch.save(own, _header(config))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise StorageError(f"{path}: cannot be written ({exc.strerror})") from exc
    with replacing(path) as unfinished:
        unfinished.write_bytes(data)


def load_official(path: Path) -> PaperNetwork:
    """The network that `save_official` wrote, in evaluation mode, on the CPU.

    CheckpointError if the file is missing, damaged, or of another network.
    """
    config, weights = read_weights(path, FORMAT)
    with blueprint():
        network = _described(config, path)
    check_entries(weights, shapes(network.state_dict()), path, _NETWORK)
    _check_schedule(weights["beta"], path)
    network.load_state_dict({name: weight.float() for name, weight in weights.items()}, assign=True)
    return network.eval().requires_grad_(False)


def expected_entries(config: PaperConfig) -> dict[str, tuple[int, ...]]:
    """Every name that a public checkpoint of this network has, with its shape."""
    with blueprint():
        ours = shapes(PaperNetwork(config).state_dict())
    public = {_public(name): shape for name, shape in ours.items()}
    return public | dict.fromkeys(_DERIVED, (STEPS,))


def _read_public(source: Path) -> Mapping[str, Tensor]:
    """The table of a public checkpoint, unpickled with nothing but tensors and plain types."""
    if not source.is_file():
        raise CheckpointError(f"{source}: no such file; name a public checkpoint (.pt)")
    try:
        content = torch.load(source, map_location="cpu", weights_only=True)
    # On damaged or hostile files the unpickler raises nearly anything.
    except Exception as exc:
        reason = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
        raise CheckpointError(
            f"{source}: cannot be loaded safely as a checkpoint, and nothing in it was executed; "
            f"download it again ({reason[:120]})"
        ) from exc
    table = content.get("model", content) if isinstance(content, dict) else None
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table):
        raise CheckpointError(f"{source}: holds no table of named weights")
    return table


def _check_schedule(beta: Tensor, path: Path) -> None:
    try:
        NoiseSchedule(beta)
    except ValueError as exc:
        raise CheckpointError(f"{path}: not the Diff-BGM network; wrong beta ({exc})") from exc


def _ours(name: str) -> str:
    prefix = next(prefix for prefix in _OURS_OF_PREFIX if name.startswith(prefix))
    return _OURS_OF_PREFIX[prefix] + name.removeprefix(prefix)


def _public(name: str) -> str:
    prefix, ours = next(pair for pair in _OURS_OF_PREFIX.items() if name.startswith(pair[1]))
    return prefix + name.removeprefix(ours)


def _header(config: PaperConfig) -> dict[str, str]:
    return {"format": FORMAT, "network": json.dumps(config.to_dict())}


def _described(values: dict[str, Any], path: Path) -> PaperNetwork:
    """The network that a configuration describes; unknown and missing keys are refused."""
    odd = values.keys() ^ {field.name for field in fields(PaperConfig)}
    if odd:
        names = ", ".join(sorted(odd))
        raise CheckpointError(f"{path}: its configuration has unknown or missing keys: {names}")
    try:
        return PaperNetwork(PaperConfig.from_dict(values))
    # What a wrong value raises depends on where the network trips over it.
    except (CheckpointError, ValueError, TypeError, RuntimeError, ZeroDivisionError) as exc:
        raise damaged_configuration(path, exc) from exc
