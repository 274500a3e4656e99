"""The networks that can be trained, by name. Adding one is adding a line."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from diffbgm.errors import OptionError
from diffbgm.model.config import NetworkConfig
from diffbgm.model.paper.config import PaperConfig
from diffbgm.training.objective import Objective
from diffbgm.training.paper import PAPER_SETTINGS, PaperObjective
from diffbgm.training.time_tokens import TimeTokenObjective


@dataclass(frozen=True)
class Preset:
    """How a network's configuration is read, and what trains it.

    `read_network` takes the `network` part of a configuration file and returns a frozen dataclass;
    CheckpointError names what it does not know. `objective` takes that, the data's path, a device
    and a seed: windows and noise follow the seed, which differs from process to process; weights
    follow torch's own, which does not. `settings` are of `TrainingConfig`, where a file does not
    say otherwise.
    """

    read_network: Callable[[dict[str, Any]], Any]
    objective: Callable[[Any, Path, torch.device, int], Objective]
    settings: dict[str, Any] = field(default_factory=dict)


PRESETS = {
    "time_tokens": Preset(NetworkConfig.from_dict, TimeTokenObjective),
    "paper": Preset(PaperConfig.from_dict, PaperObjective, PAPER_SETTINGS),
}


def find_preset(name: str) -> Preset:
    """The preset of that name; OptionError lists the names there are."""
    if name not in PRESETS:
        raise OptionError(f"preset is one of {', '.join(PRESETS)}, not {name!r}")
    return PRESETS[name]
