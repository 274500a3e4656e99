"""What a run does: a frozen dataclass, read from a JSON file with the same names."""

import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from diffbgm.errors import OptionError
from diffbgm.model.config import NetworkConfig
from diffbgm.training.presets import find_preset


@dataclass(frozen=True)
class TrainingConfig:
    """One run.

    Its length is wall time (`minutes`), so that a lease of a GPU or a night of a CPU is used up
    whatever its speed, or a number of `steps`; the learning rate falls over it. `network` belongs
    to the `preset`. `batch_windows` is for one process; `threads` 0 leaves torch its own choice;
    `resume` names weights to go on from.
    """

    data: str
    out: str
    minutes: float | None = None
    steps: int | None = None
    preset: str = "time_tokens"
    batch_windows: int = 16
    learning_rate: float = 1e-3
    final_learning_rate: float = 3e-5
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    seed: int = 0
    save_minutes: float = 5
    threads: int = 0
    resume: str | None = None
    network: Any = field(default_factory=NetworkConfig)

    def __post_init__(self) -> None:
        if (self.minutes is None) == (self.steps is None):
            raise OptionError("say how long to train: either minutes or steps")
        for name in ("data", "out"):
            if not isinstance(getattr(self, name), str):
                raise OptionError(f"{name} is a path")
        for name in ("steps", "batch_windows"):
            _check_number(name, getattr(self, name), int, 1)
        for name in ("minutes", "learning_rate", "save_minutes"):
            _check_number(name, getattr(self, name), float, 1e-9)
        for name in ("final_learning_rate", "weight_decay"):
            _check_number(name, getattr(self, name), float, 0)
        for name in ("seed", "threads"):
            _check_number(name, getattr(self, name), int, 0)
        _check_number("ema_decay", self.ema_decay, float, 0)
        if self.ema_decay >= 1:
            raise OptionError("ema_decay is below 1: at 1 the average would never move")


def read_config(path: Path) -> TrainingConfig:
    """The configuration in a JSON file; OptionError names what is wrong with it."""
    try:
        content: Any = json.loads(path.read_text())
    except (OSError, ValueError) as exc:
        raise OptionError(f"{path} is no training configuration: {exc}") from exc
    if not isinstance(content, dict):
        raise OptionError(f"{path} is no training configuration: it holds no JSON object")
    unknown = set(content) - {field.name for field in fields(TrainingConfig)}
    if unknown:
        raise OptionError(f"{path} has unknown keys: {', '.join(sorted(unknown))}")
    missing = {"data", "out"} - set(content)
    if missing:
        raise OptionError(f"{path} lacks {', '.join(sorted(missing))}")
    preset = find_preset(content.get("preset", TrainingConfig.preset))
    network = preset.read_network(content.pop("network", {}))
    try:
        return TrainingConfig(**content, network=network)
    except OptionError as exc:
        raise OptionError(f"{path}: {exc}") from exc


def _check_number(name: str, value: Any, kind: type, least: float) -> None:
    """OptionError unless the value is None or a number of that kind from `least` on."""
    if value is None:
        return
    is_number = isinstance(value, int if kind is int else int | float) and value is not True
    if not is_number or not least <= value < float("inf"):
        wanted = "a whole number" if kind is int else "a number"
        raise OptionError(f"{name} must be {wanted} of at least {least:g}, not {value!r}")
