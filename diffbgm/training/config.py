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
    whatever its speed, or a number of `steps` or `epochs`; the learning rate falls over it.
    `network` belongs to the `preset`, which in a file also changes the defaults of the rest.
    `batch_windows` is for one process; `threads` 0 leaves torch its own choice; `resume` names
    weights to go on from.
    """

    data: str
    out: str
    minutes: float | None = None
    steps: int | None = None
    epochs: float | None = None
    preset: str = "time_tokens"
    batch_windows: int = 16
    learning_rate: float = 1e-3
    final_learning_rate: float = 3e-5
    second_moment_decay: float = 0.98
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    seed: int = 0
    save_minutes: float = 5
    threads: int = 0
    resume: str | None = None
    network: Any = field(default_factory=NetworkConfig)

    def __post_init__(self) -> None:
        lengths = [name for name in _LEAST if getattr(self, name) is not None]
        if len(lengths) != 1:
            raise OptionError("say how long to train: either minutes, steps or epochs")
        for name in ("data", "out") if self.resume is None else ("data", "out", "resume"):
            if not isinstance(getattr(self, name), str):
                raise OptionError(f"{name} is a path")
        for name, least in {lengths[0]: _LEAST[lengths[0]], **_LEAST_ALWAYS}.items():
            _check_number(name, getattr(self, name), least)
        for name in ("ema_decay", "second_moment_decay"):
            if getattr(self, name) >= 1:
                raise OptionError(f"{name} is below 1: at 1 the average would never move")


# The type says whether a number is whole. These three are lengths of a run.
_LEAST: dict[str, int | float] = {"minutes": 1e-9, "steps": 1, "epochs": 1e-9}
_LEAST_ALWAYS: dict[str, int | float] = {
    "batch_windows": 1,
    "learning_rate": 1e-9,
    "final_learning_rate": 0.0,
    "second_moment_decay": 0.0,
    "weight_decay": 0.0,
    "ema_decay": 0.0,
    "seed": 0,
    "save_minutes": 1e-9,
    "threads": 0,
}


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
    network = content.pop("network", {})
    if not isinstance(network, dict):
        raise OptionError(f"{path}: network is a JSON object, not {network!r}")
    settings = dict(preset.settings)
    if _LEAST.keys() & content.keys():
        settings = {name: value for name, value in settings.items() if name not in _LEAST}
    try:
        return TrainingConfig(**settings | content, network=preset.read_network(network))
    except OptionError as exc:
        raise OptionError(f"{path}: {exc}") from exc


def _check_number(name: str, value: Any, least: int | float) -> None:
    """OptionError unless the value is a finite number from `least` on, whole where that is."""
    kinds = int if isinstance(least, int) else int | float
    if isinstance(value, kinds) and value is not True and least <= value < float("inf"):
        return
    wanted = "a whole number" if isinstance(least, int) else "a number"
    raise OptionError(f"{name} must be {wanted} of at least {least:g}, not {value!r}")
