"""The objective of the default network: to see the clean roll in a noisy one."""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from diffbgm.data.prepared import load_prepared
from diffbgm.data.windows import Windows
from diffbgm.errors import OptionError
from diffbgm.model.checkpoint import load_weights, save_weights
from diffbgm.model.config import NetworkConfig
from diffbgm.model.diffusion import loss
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.sampling import sample
from diffbgm.model.temporal import TimeTokenNetwork
from diffbgm.options import Sampling

NOISE_LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
VALIDATION_WINDOWS = 32
# Validation takes no gradients: small batches fit wherever training does.
VALIDATION_BATCH = 16
SAMPLED_WINDOWS = 4


class TimeTokenObjective:
    """`training.objective.Objective` of the time-token network on a prepared set."""

    def __init__(self, network: NetworkConfig, data: Path, device: torch.device, seed: int) -> None:
        self.config = network
        self.device = device
        prepared = load_prepared(data)
        self.windows = Windows(prepared, "train", network.window_bars, device, seed)
        self.validation = Windows(prepared, "validation", network.window_bars, device, seed)
        self.network = TimeTokenNetwork(network).to(device)

    @property
    def training_windows(self) -> int:
        return len(self.windows)

    def losses(self, network: nn.Module, windows: int) -> Tensor:
        batch = self.windows.draw(windows)
        times = _stratified(windows, self.device)
        return loss(
            cast(TimeTokenNetwork, network), batch.roll, batch.known, batch.conditions, times
        )

    @torch.no_grad()
    def validation_losses(self, network: nn.Module) -> dict[str, float]:
        rows = self._spread(VALIDATION_WINDOWS).split(VALIDATION_BATCH)
        return {str(level): self._validation_loss(network, rows, level) for level in NOISE_LEVELS}

    def sample(self, network: nn.Module) -> np.ndarray:
        conditions = self.validation.at(self._spread(SAMPLED_WINDOWS)).conditions
        columns = (
            conditions.dynamic,
            conditions.semantic,
            conditions.segment,
            conditions.key_signature,
            conditions.chord,
        )
        pieces = zip(*(column.cpu().numpy() for column in columns), strict=True)
        network = cast(TimeTokenNetwork, network)
        return np.concatenate(
            [
                sample(
                    network,
                    PieceConditions(dynamic, semantic, segment, int(key), chord=chord),
                    [seed],
                    Sampling(),
                )
                for seed, (dynamic, semantic, segment, key, chord) in enumerate(pieces)
            ]
        )

    def save(self, path: Path, weights: dict[str, Tensor]) -> None:
        save_weights(path, self.config, weights)

    def load(self, path: Path) -> dict[str, Tensor]:
        config, weights = load_weights(path)
        if config != self.config:
            raise OptionError(
                f"{path} holds another network than the configuration: {config.to_dict()}"
            )
        return {name: weight.float() for name, weight in weights.items()}

    def _validation_loss(self, network: nn.Module, rows: tuple[Tensor, ...], level: float) -> float:
        generator = torch.Generator(self.device).manual_seed(1)
        total = 0.0
        for some in rows:
            batch = self.validation.at(some)
            times = torch.full((len(some),), level, device=self.device)
            total += float(
                loss(
                    cast(TimeTokenNetwork, network),
                    batch.roll,
                    batch.known,
                    batch.conditions,
                    times,
                    generator,
                ).sum()
            )
        return total / sum(len(some) for some in rows)

    def _spread(self, count: int) -> Tensor:
        """So many validation windows (indices), from the first song to the last."""
        return torch.linspace(0, len(self.validation) - 1, count).long().to(self.device)


def _stratified(size: int, device: torch.device) -> Tensor:
    """Times (B,) in 0..1, one in each of B equal parts."""
    return (torch.arange(size, device=device) + torch.rand(size, device=device)) / size
