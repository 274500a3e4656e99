"""The paper's diffusion: its noise schedule, its denoiser, and its ancestral sampler.

The sampler is that of DDPM (Ho et al. 2020, arXiv 2006.11239); `model.solver` is the fast one.
Knows nothing of networks but that one predicts noise, and nothing of music or windows.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from diffbgm.model.solver import Denoiser, Estimate, Noise, solve
from diffbgm.progress import Advance, no_advance

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
    clean roll's variance that is left, `log_snr` (steps,) the noise level; all float64.
    ValueError unless 0 < beta < 1.
    """

    def __init__(self, beta: Tensor) -> None:
        self.beta = beta.detach().to("cpu", torch.float64)
        if not ((self.beta > 0) & (self.beta < 1)).all():
            raise ValueError("a noise schedule's betas lie between 0 and 1")
        self.alpha_bar = torch.cumprod(1 - self.beta, dim=0)
        self.log_snr = torch.logit(self.alpha_bar)

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

    def step_at(self, log_snr: Tensor) -> int:
        """The step that is nearest to a noise level ()."""
        return int((self.log_snr - float(log_snr)).abs().argmin())

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


class NoiseDenoiser:
    """What predicts the noise in rolls, as a `solver.Denoiser`.

    Estimates are clamped to `limits`, and have the clean values of a known region, which so is at
    the very noise level of every step: there the samplers' own noise is on top of it.
    """

    def __init__(
        self,
        predict_noise: NoisePredictor,
        schedule: NoiseSchedule,
        known: Known | None = None,
        limits: tuple[float, float] = (-math.inf, math.inf),
    ) -> None:
        self.predict_noise = predict_noise
        self.schedule = schedule
        self.known = known
        self.limits = limits

    def start(self, noise: Tensor) -> Tensor:
        """x at the noisiest step: noise, and in it what is known, as little as that step leaves."""
        if self.known is None:
            return noise
        last = torch.full(noise.shape[:1], self.schedule.steps - 1, device=noise.device)
        noisy = self.schedule.add_noise(self.known.roll.expand(noise.shape), last, noise)
        return torch.where(self.known.mask, noisy, noise)

    def __call__(self, x: Tensor, log_snr: Tensor, last: Estimate | None = None) -> Estimate:
        step = self.schedule.step_at(log_snr)
        noise = self.predict_noise(x, torch.full(x.shape[:1], step, device=x.device))
        clean = self.schedule.clean(x, step, noise).clamp(*self.limits)
        if self.known is not None:
            clean = torch.where(self.known.mask, self.known.roll, clean)
        return Estimate(clean)

    def constrain(self, x: Tensor, before: Tensor, log_snr: Tensor) -> Tensor:
        """x: its known region is where it should be, for the estimates have it."""
        return x


def draw(
    predict_noise: NoisePredictor,
    schedule: NoiseSchedule,
    noise: Noise,
    steps: int,
    known: Known | None = None,
    progress: Advance = no_advance,
) -> Tensor:
    """Clean rolls (B, ...): by the ancestral sampler if it is to take all of the schedule's steps,
    by the fast solver if fewer; see `NoiseSchedule.visited`.

    A known region is in the end what was given, to the bit.
    """
    if steps == schedule.steps:
        denoiser = NoiseDenoiser(predict_noise, schedule, known)
        return ancestral(denoiser, schedule, denoiser.start(noise()), noise, progress)
    # Clean cells are 0 or 1, so the estimate of one, a mean, lies between: with few steps a small
    # error in the noise is else a large one in the roll.
    denoiser = NoiseDenoiser(predict_noise, schedule, known, limits=(0, 1))
    x = denoiser.start(noise())
    levels = schedule.log_snr[schedule.visited(steps)].to(x)
    return solve(denoiser, x, levels, noise, progress).clean


@torch.inference_mode()
def ancestral(
    denoiser: Denoiser[Estimate],
    schedule: NoiseSchedule,
    x: Tensor,
    noise: Noise,
    progress: Advance = no_advance,
) -> Tensor:
    """Clean rolls (B, ...) from x at the noisiest step down to step 0, none left out."""
    estimate = None
    for step in range(schedule.steps - 1, -1, -1):
        log_snr = schedule.log_snr[step]
        estimate = denoiser(x, log_snr, estimate)
        mean, deviation = schedule.posterior(x, step, estimate.clean)
        x = estimate.clean
        if step:
            following = schedule.log_snr[step - 1]
            x = denoiser.constrain(mean + deviation * noise(), log_snr, following)
        progress(1 - step / schedule.steps)
    return x
