"""The paper's diffusion: its noise schedule and the whole ancestral sampler (DDPM, 2006.11239).

Knows nothing of networks but that one predicts noise, and nothing of music.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

STEPS = 1000
BETA_START = 0.00085
BETA_END = 0.0120

NoisePredictor = Callable[[Tensor, Tensor], Tensor]
"""(x (B, ...), step (B,) integers) -> the noise in x, in its shape."""


@dataclass(frozen=True)
class Known:
    """What must not change: `roll` where `mask` is true; both broadcast to the shape sampled."""

    roll: Tensor
    mask: Tensor


class NoiseSchedule:
    """How much noise each step holds; step 0 holds the least.

    `beta` (steps,) is the variance that each step adds, `alpha_bar` (steps,) the share of the
    clean roll's variance that is left; both float64. ValueError unless 0 < beta < 1.
    """

    def __init__(self, beta: Tensor) -> None:
        self.beta = beta.detach().to("cpu", torch.float64)
        if not ((self.beta > 0) & (self.beta < 1)).all():
            raise ValueError("a noise schedule's betas lie between 0 and 1")
        self.alpha_bar = torch.cumprod(1 - self.beta, dim=0)

    @property
    def steps(self) -> int:
        return len(self.beta)

    def add_noise(self, clean: Tensor, step: Tensor, noise: Tensor) -> Tensor:
        """What `clean` (B, ...) looks like at steps (B,) with standard normal `noise` in it."""
        alpha_bar = self.alpha_bar.to(clean.device)[step].to(clean.dtype)
        alpha_bar = alpha_bar.reshape(-1, *[1] * (clean.ndim - 1))
        return alpha_bar.sqrt() * clean + (1 - alpha_bar).sqrt() * noise

    def clean(self, x: Tensor, step: int, noise: Tensor) -> Tensor:
        """The clean roll that x at this step is, if `noise` is the noise in it."""
        alpha_bar = float(self.alpha_bar[step])
        return (x - (1 - alpha_bar) ** 0.5 * noise) / alpha_bar**0.5

    def posterior(self, x: Tensor, step: int, clean: Tensor) -> tuple[Tensor, float]:
        """Mean and standard deviation of x one step before, given x now and the clean roll.

        Equations 6 and 7 of the paper. Before step 0 lies the clean roll itself.
        """
        beta, alpha_bar = float(self.beta[step]), float(self.alpha_bar[step])
        before = float(self.alpha_bar[step - 1]) if step else 1.0
        share = before**0.5 * beta / (1 - alpha_bar)
        kept = (1 - beta) ** 0.5 * (1 - before) / (1 - alpha_bar)
        return share * clean + kept * x, (beta * (1 - before) / (1 - alpha_bar)) ** 0.5


def paper_betas() -> Tensor:
    """The variances (1000,) that the paper's steps add: linear in the square root."""
    return torch.linspace(BETA_START**0.5, BETA_END**0.5, STEPS, dtype=torch.float64) ** 2


@torch.inference_mode()
def sample(
    predict_noise: NoisePredictor,
    schedule: NoiseSchedule,
    shape: tuple[int, ...],
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    known: Known | None = None,
    progress: Callable[[float], None] | None = None,
) -> Tensor:
    """Draw clean rolls of `shape` (B, ...), from the noisiest step down to step 0, none left out.

    A known region is drawn at every step from its own posterior given its clean values, with
    fresh noise: so the network always sees it at the very noise level of the step, and in the
    end it is what was given, to the bit. Noise comes from `generator` on its own device, so that
    a seed means the same on every device. `progress` is told the fraction done; what it raises
    passes through.
    """

    def noise() -> Tensor:
        drawn = torch.randn(shape, generator=generator, device=generator.device)
        return drawn.to(device)

    x = noise()
    last = schedule.steps - 1
    if known is not None:
        at_last = torch.full(shape[:1], last, device=device)
        noisy = schedule.add_noise(known.roll.expand(shape), at_last, x)
        x = torch.where(known.mask, noisy, x)
    for step in range(last, -1, -1):
        steps = torch.full(shape[:1], step, device=device)
        clean = schedule.clean(x, step, predict_noise(x, steps))
        if known is not None:
            clean = torch.where(known.mask, known.roll, clean)
        mean, deviation = schedule.posterior(x, step, clean)
        x = mean + deviation * noise() if step else clean
        if progress is not None:
            progress(1 - step / schedule.steps)
    return x
