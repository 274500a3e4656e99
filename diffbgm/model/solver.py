"""DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095): one step of the second-order multistep method.

In its stochastic form and the paper's symbols: h is a step in half log SNR, D the predicted clean
roll. Knows no network and no noise schedule: a variance-preserving one is known by its log SNR.
"""

import torch
from torch import Tensor

# Share of fresh noise in every step (0 is the ordinary differential equation).
FRESH_NOISE = 0.5


def second_order(estimate: Tensor, previous: Tensor | None, ratio: Tensor | float) -> Tensor:
    """The D that a step aims at: the estimate carried on by how it changed since the last step.

    `ratio` is the length of the last step over that of the next; `previous` is None in the first.
    """
    if previous is None:
        return estimate
    return estimate + (estimate - previous) / (2 * ratio)


def solver_step(
    x: Tensor, target: Tensor, half_log_snr: Tensor, h: Tensor, noise: Tensor
) -> Tensor:
    """x after a step of length h > 0 from `half_log_snr` on, towards `target`.

    If `target` is the clean roll itself, the result is at the very noise level of the step's end.
    """
    sigma = torch.sigmoid(-2 * half_log_snr).sqrt()
    alpha_next = torch.sigmoid(2 * (half_log_snr + h)).sqrt()
    sigma_next = torch.sigmoid(-2 * (half_log_snr + h)).sqrt()
    decay = torch.exp(-FRESH_NOISE * h)
    kept = sigma_next / sigma * decay * x
    moved = alpha_next * (1 - torch.exp(-h) * decay) * target
    return kept + moved + sigma_next * torch.sqrt(1 - decay**2) * noise


class SeededNoise:
    """Standard normal noise (S, ...), every seed its own, the same on every device."""

    def __init__(
        self, seeds: list[int], shape: tuple[int, ...], device: torch.device | str = "cpu"
    ) -> None:
        """`shape` is that of one seed's noise."""
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self.shape = shape
        self.device = device

    def __call__(self) -> Tensor:
        drawn = [torch.randn(self.shape, generator=one) for one in self.generators]
        return torch.stack(drawn).to(self.device)
