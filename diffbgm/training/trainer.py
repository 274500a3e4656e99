"""The loop: steps against the clock, the moving average, and what is saved. Knows no network.

Training goes on from weights alone: run the same configuration again with them in `resume`.
"""

import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from diffbgm.errors import DiffBGMError, OptionError
from diffbgm.files import check_folder
from diffbgm.model.precision import autocast
from diffbgm.music.roll_png import write_roll_png
from diffbgm.progress import Advance, no_advance
from diffbgm.training.config import TrainingConfig
from diffbgm.training.presets import find_preset
from diffbgm.training.processes import Processes, StopSignals, joined

WARMUP_STEPS = 100
GRADIENT_NORM = 1.0

Report = Callable[[dict[str, Any]], None]


class Trainer:
    """One run: an objective, the moving average of its network, and the clock."""

    def __init__(self, config: TrainingConfig, processes: Processes) -> None:
        self.config = config
        self.processes = processes
        if config.threads:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)  # every process begins with the same weights
        self.objective = find_preset(config.preset).objective(
            config.network, Path(config.data), processes.device, config.seed + processes.rank
        )
        if config.resume:
            self.objective.network.load_state_dict(self.objective.load(Path(config.resume)))
        torch.manual_seed(config.seed + processes.rank)  # and goes on with noise of its own
        self.network = processes.share(self.objective.network)
        self.average = AveragedModel(self.objective.network, multi_avg_fn=self._blend).eval()
        self.optimiser = torch.optim.AdamW(
            self.objective.network.parameters(),
            lr=config.learning_rate,
            betas=(0.9, config.second_moment_decay),
            weight_decay=config.weight_decay,
            fused=True,
        )
        self.step = 0
        self.started = time.monotonic()

    def run(self, report: Report, progress: Advance) -> None:
        """Train to the end, or until SIGTERM or SIGINT asks to stop.

        `report` gets a line of numbers at every save. DiffBGMError if the loss is no number any
        more or memory runs out; the weights from before that are saved.
        """
        self.started = saved = time.monotonic()
        recent: list[float] = []
        with StopSignals() as stop:
            while True:
                done, stopped = self.processes.highest(self._done(), stop.came)
                if done >= 1 or stopped:
                    break
                recent.append(self._safe_step(done))
                if self.processes.writes:
                    progress(done)
                    if time.monotonic() - saved > self.config.save_minutes * 60:
                        self._save(recent, report)
                        saved = time.monotonic()
        if self.processes.writes:
            progress(min(done, 1.0))
            self._save(recent, report)

    def _done(self) -> float:
        """The share of the run that lies behind."""
        if self.config.steps is not None:
            return self.step / self.config.steps
        if self.config.epochs is not None:
            windows = self.step * self.config.batch_windows * self.processes.count
            return windows / (self.config.epochs * self.objective.training_windows)
        assert self.config.minutes is not None
        return self._minutes() / self.config.minutes

    def _minutes(self) -> float:
        return (time.monotonic() - self.started) / 60

    def _safe_step(self, done: float) -> float:
        try:
            value = self.train_step(done)
        except torch.OutOfMemoryError as exc:
            self._save_weights()
            raise OptionError(
                f"{self.processes.device} has not enough memory for "
                f"{self.config.batch_windows} windows: lower batch_windows"
            ) from exc
        if math.isfinite(value):
            return value
        self._save_weights()
        raise DiffBGMError(
            f"the loss or its gradient is no number in step {self.step + 1}; weights from before "
            f"are in {self._weights()}: go on from them with a lower learning_rate"
        )

    def train_step(self, done: float) -> float:
        """One step of the optimiser; the mean loss. Where that or a gradient is not finite the
        weights stay as they are, and what is returned is not finite."""
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate(done)
        with autocast(self.processes.device):
            value = self.objective.losses(self.network, self.config.batch_windows).mean()
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        # Gradients are averaged over the processes, so all of them see the same norm.
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), GRADIENT_NORM)
        mean, size = torch.stack([value.detach().float(), norm.float()]).tolist()
        if not math.isfinite(size):
            return math.nan
        self.optimiser.step()
        self.average.update_parameters(self.objective.network)
        self.step += 1
        return mean

    def _learning_rate(self, done: float) -> float:
        """Linear warm-up over the first steps, then a cosine to the final rate at the end."""
        warm = min(1.0, (self.step + 1) / WARMUP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * min(done, 1)))
        floor = self.config.final_learning_rate
        return warm * (floor + (self.config.learning_rate - floor) * cosine)

    def _blend(self, averages: Any, weights: Any, count: Any) -> None:
        """Move the average; at first faster, so that it forgets where it began."""
        decay = min(self.config.ema_decay, (1 + int(count)) / (10 + int(count)))
        get_ema_multi_avg_fn(decay)(averages, weights, count)

    def _save(self, recent: list[float], report: Report) -> None:
        """Weights first: should anything after them fail, they are there."""
        self._save_weights()
        line = {
            "minutes": round(self._minutes(), 2),
            "step": self.step,
            "loss": sum(recent) / max(len(recent), 1),
            "validation": self.validate(),
        }
        recent.clear()
        with (self._out / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")
        report(line)
        pictures = self._out / "samples"
        pictures.mkdir(exist_ok=True)
        write_roll_png(pictures / f"{self.step:07}.png", self.objective.sample(self.average.module))

    def validate(self) -> dict[str, float]:
        """Loss of the moving average per noise level."""
        with autocast(self.processes.device):
            return self.objective.validation_losses(self.average.module)

    def _save_weights(self) -> None:
        if self.processes.writes:
            self._out.mkdir(parents=True, exist_ok=True)
            self.objective.save(self._weights(), self.average.module.state_dict())

    def _weights(self) -> Path:
        return self._out / "weights.safetensors"

    @property
    def _out(self) -> Path:
        return Path(self.config.out)


def train(
    config: TrainingConfig,
    device: str,
    report: Report,
    progress: Advance = no_advance,
) -> None:
    """Run a configuration to its end.

    OUT gets `weights.safetensors` (the moving average), `log.jsonl`, `samples/STEP.png` and
    `config.json`. Under torchrun this is one of the processes, and the first of them writes.
    """
    check_folder(Path(config.out))
    with joined(device) as processes:
        trainer = Trainer(config, processes)
        if processes.writes:
            out = Path(config.out)
            out.mkdir(parents=True, exist_ok=True)
            (out / "config.json").write_text(json.dumps(asdict(config), indent=1) + "\n")
        trainer.run(report, progress)
