"""What a run trains: all that differs from network to network.

Knows no clock, no optimiser, no other processes.
"""

from pathlib import Path
from typing import Protocol

import numpy as np
from torch import Tensor, nn


class Objective(Protocol):
    """A network, the windows that it learns from, and how wrong it is about them.

    `network` lies on its device. The methods that take a network get this one, as the run wraps
    it, or a copy of it that holds the moving average. Losses are computed under the run's autocast.
    """

    @property
    def network(self) -> nn.Module: ...

    @property
    def training_windows(self) -> int:
        """How many windows there are to learn from: those of an epoch."""
        ...

    def losses(self, network: nn.Module, windows: int) -> Tensor:
        """One loss for each of so many random windows, (windows,); gradients flow through it."""
        ...

    def validation_losses(self, network: nn.Module) -> dict[str, float]:
        """Mean loss per noise level, always of the same windows and noise."""
        ...

    def sample(self, network: nn.Module) -> np.ndarray:
        """Rolls (samples, T, tracks, pitches) that the network makes of validation windows' own
        conditions, always from the same noise; valued as in `music.pianoroll`."""
        ...

    def save(self, path: Path, weights: dict[str, Tensor]) -> None:
        """Write weights with the network's configuration, whole or not at all."""
        ...

    def load(self, path: Path) -> dict[str, Tensor]:
        """Weights (float32) to go on from. CheckpointError if the file holds none of this kind of
        network, OptionError if it holds a network that is configured otherwise."""
        ...
