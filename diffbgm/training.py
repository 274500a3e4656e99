"""`diffbgm train CONFIG`: train the network on a prepared set. Needs torch and numpy alone.

Length is wall time, so that a lease of a GPU or a night of a CPU is used up whatever its speed;
the learning rate falls over it. Training goes on from weights alone: run the same configuration
again with a new `minutes`, or name a checkpoint in `resume`.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from diffbgm.data.prepared import load_prepared
from diffbgm.data.windows import Windows
from diffbgm.errors import OptionError
from diffbgm.model.checkpoint import load_weights, save_weights
from diffbgm.model.config import NetworkConfig
from diffbgm.model.diffusion import loss as diffusion_loss
from diffbgm.model.temporal import TimeTokenNetwork

WARMUP_STEPS = 100
NOISE_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
VALIDATION_WINDOWS = 32


@dataclass(frozen=True)
class TrainingConfig:
    """What a run does; a JSON file with these names. `resume`: a checkpoint to go on from."""

    data: str
    out: str
    minutes: float
    batch_windows: int = 16
    learning_rate: float = 1e-3
    final_learning_rate: float = 3e-5
    weight_decay: float = 0.01
    ema_decay: float = 0.999
    seed: int = 0
    save_minutes: float = 5
    threads: int = 0
    resume: str | None = None
    network: NetworkConfig = field(default_factory=NetworkConfig)


def read_config(path: Path) -> TrainingConfig:
    """The configuration in a JSON file; OptionError names what is wrong with it."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, json.JSONDecodeError) as exc:
        raise OptionError(f"{path} is no training configuration: {exc}") from exc
    unknown = set(content) - {field.name for field in fields(TrainingConfig)}
    if unknown:
        raise OptionError(f"{path} has unknown keys: {', '.join(sorted(unknown))}")
    network = NetworkConfig.from_dict(content.pop("network", {}))
    try:
        return TrainingConfig(**content, network=network)
    except TypeError as exc:
        raise OptionError(f"{path}: {exc}") from exc


class Trainer:
    """One run: a network, its moving average, and the clock."""

    def __init__(self, config: TrainingConfig, device: torch.device) -> None:
        self.config = config
        self.device = device
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        prepared = load_prepared(Path(config.data))
        bars = config.network.window_bars
        self.windows = Windows(prepared, "train", bars, device, config.seed)
        self.validation = Windows(prepared, "validation", bars, device, config.seed)
        self.network = TimeTokenNetwork(config.network).to(device)
        if config.resume:
            resumed, weights = load_weights(Path(config.resume))
            if resumed != config.network:
                raise OptionError(f"{config.resume} holds another network than the configuration")
            self.network.load_state_dict({name: w.float() for name, w in weights.items()})
        self.average = {name: w.detach().clone() for name, w in self.network.state_dict().items()}
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(),
            lr=config.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.step = 0

    def run(
        self, report: Callable[[dict[str, Any]], None], progress: Callable[[float], None]
    ) -> None:
        """Train until the time is up; `report` gets a line of numbers at every save."""
        out = Path(self.config.out)
        out.mkdir(parents=True, exist_ok=True)
        begin = saved = time.monotonic()
        recent: list[float] = []
        while (elapsed := (time.monotonic() - begin) / 60) < self.config.minutes:
            recent.append(self._train_step(elapsed / self.config.minutes))
            progress(elapsed / self.config.minutes)
            if time.monotonic() - saved > self.config.save_minutes * 60:
                saved = time.monotonic()
                self._save(out, elapsed, recent, report)
        self._save(out, self.config.minutes, recent, report)

    def _train_step(self, progress: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate(progress)
        batch = self.windows.draw(self.config.batch_windows)
        times = _stratified(self.config.batch_windows, self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            value = diffusion_loss(self.network, batch.roll, batch.known, batch.told, times).mean()
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._update_average()
        return float(value.detach())

    def _learning_rate(self, progress: float) -> float:
        """Linear warm-up over the first steps, then a cosine to the final rate over the time."""
        warm = min(1.0, (self.step + 1) / WARMUP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * min(progress, 1)))
        floor = self.config.final_learning_rate
        return warm * (floor + (self.config.learning_rate - floor) * cosine)

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.config.ema_decay, (1 + self.step) / (10 + self.step))
        for average, weight in zip(
            self.average.values(), self.network.state_dict().values(), strict=True
        ):
            average.lerp_(weight, 1 - decay)

    def _save(self, out: Path, elapsed: float, recent: list[float], report: Callable) -> None:
        save_weights(out / "weights.safetensors", self.config.network, self.average)
        line = {
            "minutes": round(elapsed, 1),
            "step": self.step,
            "loss": sum(recent) / max(len(recent), 1),
            "validation": self.validate(),
        }
        recent.clear()
        with (out / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        report(line)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """Loss of the moving average per noise level, always on the same windows and noise."""
        network = TimeTokenNetwork(self.config.network).to(self.device).eval()
        network.load_state_dict(self.average)
        chosen = torch.linspace(0, len(self.validation) - 1, VALIDATION_WINDOWS).long()
        losses = {}
        for level in NOISE_LEVELS:
            generator = torch.Generator(self.device).manual_seed(1)
            total = 0.0
            for rows in chosen.to(self.device).split(self.config.batch_windows):
                batch = self.validation.at(rows)
                times = torch.full((len(rows),), level, device=self.device)
                with torch.autocast(self.device.type, torch.bfloat16):
                    total += float(
                        diffusion_loss(
                            network, batch.roll, batch.known, batch.told, times, generator
                        ).sum()
                    )
            losses[str(level)] = total / len(chosen)
        return losses


def _stratified(size: int, device: torch.device) -> Tensor:
    """Times (B,) in 0..1, one in each of B equal parts."""
    return (torch.arange(size, device=device) + torch.rand(size, device=device)) / size


def train(
    config: TrainingConfig,
    device: str,
    report: Callable[[dict[str, Any]], None],
    progress: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Run a configuration to its end; the weights lie in OUT/weights.safetensors."""
    out = Path(config.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_text(json.dumps(asdict(config), indent=1) + "\n")
    Trainer(config, torch.device(device)).run(report, progress)
