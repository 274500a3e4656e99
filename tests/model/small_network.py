"""A network small enough for tests, and conditions for it."""

import numpy as np
import torch

from diffbgm.model.config import NetworkConfig
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.temporal import Conditions, TimeTokenNetwork
from diffbgm.music.chord_rows import CHORD_WIDTH

SMALL = NetworkConfig(width=32, layers=2, heads=2, local_channels=4, window_bars=2)


def small_network(**changes) -> TimeTokenNetwork:
    torch.manual_seed(0)
    return TimeTokenNetwork(NetworkConfig(**{**SMALL.to_dict(), **changes})).eval()


def eager_network() -> TimeTokenNetwork:
    """A small network that likes notes, so that samples are not empty."""
    network = small_network()
    with torch.no_grad():
        network.output[-1].bias += 3.5
        network.output[-1].weight *= 3
    return network.requires_grad_(False)


def conditions(size: int, beats: int) -> Conditions:
    generator = torch.Generator().manual_seed(1)
    present = torch.ones(size, dtype=torch.bool)
    return Conditions(
        torch.rand(size, beats, 6, generator=generator),
        torch.rand(size, beats, 3, generator=generator),
        (torch.arange(beats) // 3).expand(size, -1),
        torch.zeros(size, dtype=torch.long),
        present,
        present,
        (torch.rand(size, beats, CHORD_WIDTH, generator=generator) < 0.3).float(),
    )


def piece(beats: int, key_signature: int | None = 0) -> PieceConditions:
    rng = np.random.default_rng(0)
    return PieceConditions(
        rng.random((beats, 6)), rng.random((beats, 3)), np.arange(beats) // 5, key_signature
    )
