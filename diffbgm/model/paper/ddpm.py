"""The paper's diffusion: its noise schedule, the whole ancestral sampler and a fast one beside it.

`sample` is that of DDPM (Ho et al. 2020, arXiv 2006.11239). Knows nothing of networks but that one
predicts noise, and nothing of music.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from diffbgm.model.solver import second_order, solver_step

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

    def visited(self, steps: int) -> list[int]:
        """That many of the steps, evenly from the noisiest down to step 0, both among them.

        ValueError unless there are as many, and at least two.
        """
        if not 2 <= steps <= self.steps:
            raise ValueError(f"steps must lie between 2 and {self.steps}, not {steps}")
        return torch.linspace(self.steps - 1, 0, steps).round().int().tolist()

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
    noise: Callable[[], Tensor],
    known: Known | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Tensor:
    """Draw clean rolls (B, ...), from the noisiest step down to step 0, none left out.

    `noise()` draws standard normal noise of the shape sampled, on its device. A known region is
    drawn at every step from its own posterior given its clean values, with fresh noise: so the
    network always sees it at the very noise level of the step, and in the end it is what was
    given, to the bit. `progress` is told the fraction done; what it raises passes through.
    """
    x = _begun(schedule, noise(), known)
    for step in range(schedule.steps - 1, -1, -1):
        clean = schedule.clean(x, step, predict_noise(x, _everywhere(step, x)))
        clean = _with_known(clean, known)
        mean, deviation = schedule.posterior(x, step, clean)
        x = mean + deviation * noise() if step else clean
        progress(1 - step / schedule.steps)
    return x


@torch.inference_mode()
def solve(
    predict_noise: NoisePredictor,
    schedule: NoiseSchedule,
    noise: Callable[[], Tensor],
    steps: int,
    known: Known | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Tensor:
    """As `sample`, by DPM-Solver++ in `steps` of the schedule's steps, evenly spread.

    Clean cells are 0 or 1, so what is predicted of them, a mean, is held between: with few steps
    a small error in the noise is else a large one in the roll. A known region is at the very
    noise level of every step here too, for its D is known.
    """
    x = _begun(schedule, noise(), known)
    visited = schedule.visited(steps)
    half_log_snr = torch.logit(schedule.alpha_bar[visited]).to(x) / 2
    clean = previous = None
    for index, step in enumerate(visited):
        if clean is not None:
            h = half_log_snr[index] - half_log_snr[index - 1]
            ratio = (half_log_snr[index - 1] - half_log_snr[index - 2]) / h
            target = second_order(clean, previous, ratio)
            x, previous = solver_step(x, target, half_log_snr[index - 1], h, noise()), clean
        clean = schedule.clean(x, step, predict_noise(x, _everywhere(step, x))).clamp(0, 1)
        clean = _with_known(clean, known)
        progress((index + 1) / steps)
    assert clean is not None
    return clean


def _begun(schedule: NoiseSchedule, noise: Tensor, known: Known | None) -> Tensor:
    """Where sampling begins: noise, and in it what is known, as little as the last step leaves."""
    if known is None:
        return noise
    last = torch.full(noise.shape[:1], schedule.steps - 1, device=noise.device)
    noisy = schedule.add_noise(known.roll.expand(noise.shape), last, noise)
    return torch.where(known.mask, noisy, noise)


def _with_known(clean: Tensor, known: Known | None) -> Tensor:
    return clean if known is None else torch.where(known.mask, known.roll, clean)


def _everywhere(step: int, x: Tensor) -> Tensor:
    """The step (B,) of all rolls in x."""
    return torch.full(x.shape[:1], step, device=x.device)
