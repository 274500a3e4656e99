"""DPM-Solver++ (Lu et al. 2022, arXiv 2211.01095): the second-order multistep method, stochastic.

In the paper's symbols: h is a step in half log SNR, D the estimate of the clean roll. Knows no
network and no windows, only a `Denoiser`; and no noise schedule but that it preserves variance, so
that a log SNR says all about a noise level.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from diffbgm.progress import Advance, no_advance

# Share of fresh noise in every step (0 is the ordinary differential equation).
FRESH_NOISE = 0.5

Noise = Callable[[], Tensor]
"""Draws standard normal noise of the shape sampled, on its device."""


@dataclass(frozen=True)
class Estimate:
    """What a denoiser returns: `clean`, its estimate of the clean rolls (S, ...).

    A denoiser whose estimates hold more, which a roll is made from in the end, returns a subclass.
    """

    clean: Tensor


EstimateT = TypeVar("EstimateT", bound=Estimate)


class Denoiser(Protocol[EstimateT]):
    """A network with all that it is conditioned on, as samplers see it."""

    def __call__(self, x: Tensor, log_snr: Tensor, last: EstimateT | None) -> EstimateT:
        """The estimate for x (S, ...), all of it at one noise level, log_snr ().

        `last` is the estimate at the noise level before, None at the first.
        """
        ...

    def constrain(self, x: Tensor, before: Tensor, log_snr: Tensor) -> Tensor:
        """x at the level log_snr (), as a step from the level `before` () has led to it, made to
        agree with what is known."""
        ...


@torch.inference_mode()
def solve(
    denoiser: Denoiser[EstimateT],
    x: Tensor,
    log_snr: Tensor,
    noise: Noise,
    progress: Advance = no_advance,
    seen: Callable[[EstimateT], None] = lambda estimate: None,
) -> EstimateT:
    """The estimate at the last of the noise levels log_snr (N,), which rise; x is at the first.

    `seen` gets every estimate but that.
    """
    half_log_snr = log_snr / 2
    steps = half_log_snr.diff()
    estimate, previous = denoiser(x, log_snr[0], None), None
    progress(1 / len(log_snr))
    for index, h in enumerate(steps):
        target = second_order(estimate.clean, previous, steps[index - 1] / h)
        x = solver_step(x, target, half_log_snr[index], h, noise())
        x = denoiser.constrain(x, log_snr[index], log_snr[index + 1])
        previous = estimate.clean
        seen(estimate)
        estimate = denoiser(x, log_snr[index + 1], estimate)
        progress((index + 2) / len(log_snr))
    return estimate


def second_order(estimate: Tensor, previous: Tensor | None, ratio: Tensor | float) -> Tensor:
    """The D that a step aims at: the estimate, and on along its change since the last step.

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
