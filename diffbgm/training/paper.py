"""The paper's objective: to see the noise in a noisy roll, at whole steps of its schedule."""

from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffbgm.data.paired import load_pairs
from diffbgm.data.paired_windows import PairedBatch, PairedWindows
from diffbgm.errors import OptionError
from diffbgm.model.paper.checkpoint import load_official, save_official
from diffbgm.model.paper.config import PaperConfig
from diffbgm.model.paper.sampling import sample_features
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.options import Sampling

# Validation is at steps around these shares of the schedule, so that a selector that changes
# from step to step is measured with all that it does.
NOISE_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
LEVEL_WIDTH = 0.2
VALIDATION_WINDOWS = 16
VALIDATION_BATCH = 8
SAMPLED_WINDOWS = 2

PAPER_SETTINGS: dict[str, Any] = {
    "epochs": 100,
    "batch_windows": 32,
    "learning_rate": 5e-5,
    "final_learning_rate": 5e-5,
    "second_moment_decay": 0.999,
    "weight_decay": 0.0,
    "ema_decay": 0.0,
}
"""How the paper trains: Adam at one rate, no moving average."""


class PaperObjective:
    """`training.objective.Objective` of the paper's network on prepared pairs."""

    def __init__(self, network: PaperConfig, data: Path, device: torch.device, seed: int) -> None:
        self.config = network
        self.device = device
        pairs = load_pairs(data)
        _check_widths(network, pairs.visual.shape[1], pairs.language.shape[1], data)
        self.windows = PairedWindows(pairs, "train", device, seed)
        self.validation = PairedWindows(pairs, "validation", device, seed)
        self.network = PaperNetwork(network).to(device)
        self.schedule = self.network.schedule()

    @property
    def training_windows(self) -> int:
        return len(self.windows)

    def losses(self, network: nn.Module, windows: int) -> Tensor:
        step = torch.randint(0, self.schedule.steps, (windows,), device=self.device)
        batch = self.windows.draw(windows)
        return self._errors(network, batch, step, torch.randn_like(batch.roll))

    @torch.no_grad()
    def validation_losses(self, network: nn.Module) -> dict[str, float]:
        return {str(level): self._validation_loss(network, level) for level in NOISE_LEVELS}

    def sample(self, network: nn.Module) -> np.ndarray:
        batch = self.validation.at(self._spread(SAMPLED_WINDOWS))
        tokens = zip(batch.visual.cpu().numpy(), batch.language.cpu().numpy(), strict=True)
        network, steps = cast(PaperNetwork, network), Sampling().steps
        return np.concatenate(
            [
                sample_features(network, visual, language, [seed], steps)
                for seed, (visual, language) in enumerate(tokens)
            ]
        )

    def save(self, path: Path, weights: dict[str, Tensor]) -> None:
        save_official(path, self.config, {name: weight.cpu() for name, weight in weights.items()})

    def load(self, path: Path) -> dict[str, Tensor]:
        resumed = load_official(path)
        if resumed.config != self.config:
            raise OptionError(
                f"{path} holds another network than the configuration: {resumed.config.to_dict()}"
            )
        return resumed.state_dict()

    def _errors(
        self, network: nn.Module, batch: PairedBatch, step: Tensor, noise: Tensor
    ) -> Tensor:
        """The mean squared error of the noise predicted in each window, (B,)."""
        noisy = self.schedule.add_noise(batch.roll, step, noise)
        predicted = network(noisy, step, batch.visual, batch.language)
        return F.mse_loss(predicted.float(), noise, reduction="none").mean(dim=(1, 2, 3))

    def _validation_loss(self, network: nn.Module, level: float) -> float:
        generator = torch.Generator(self.device).manual_seed(1)
        windows = self._spread(VALIDATION_WINDOWS)
        share = level + LEVEL_WIDTH * (torch.arange(len(windows)) / len(windows) - 0.5)
        steps = (share * self.schedule.steps).long().to(self.device)
        total = 0.0
        for some, step in zip(
            windows.split(VALIDATION_BATCH), steps.split(VALIDATION_BATCH), strict=True
        ):
            batch = self.validation.at(some)
            noise = torch.randn(batch.roll.shape, generator=generator, device=self.device)
            total += float(self._errors(network, batch, step, noise).sum())
        return total / len(windows)

    def _spread(self, count: int) -> Tensor:
        """So many validation windows (indices), from the first song to the last."""
        return torch.linspace(0, len(self.validation) - 1, count).long().to(self.device)


def _check_widths(network: PaperConfig, visual: int, language: int, data: Path) -> None:
    if (visual, language) != (network.token_width, network.language_width):
        raise OptionError(
            f"{data}: its features are {visual} (visual) and {language} (language) wide; the "
            f"network takes {network.token_width} (token_width) and {network.language_width} "
            "(language_width): say so in the configuration's network, or prepare other features"
        )
