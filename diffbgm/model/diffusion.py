"""The forward process and the training loss. Rolls are ±1; the network predicts the clean one.

Symbols of Kingma et al. 2021: x_t = alpha x_0 + sigma eps, log SNR = log(alpha² / sigma²).
Time runs from 0 (clean) to 1 (noise) on the cosine schedule.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from diffbgm.model.temporal import CHANNELS, Conditions, Painted, TimeTokenNetwork
from diffbgm.music.pianoroll import HELD

# Ends of the schedule; at the noisy end the signal is 1/20000 of the power.
LOG_SNR_RANGE = (-10.0, 10.0)
VELOCITY_WEIGHT = 0.05
SELF_CONDITIONED_SHARE = 0.25


def log_snr_at(time: Tensor) -> Tensor:
    """log SNR of times (B,) in 0..1."""
    low, high = (math.atan(math.exp(-0.5 * end)) for end in reversed(LOG_SNR_RANGE))
    return -2 * torch.log(torch.tan(low + time * (high - low)))


def alpha_sigma(log_snr: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(log_snr).sqrt(), torch.sigmoid(-log_snr).sqrt()


def to_channels(roll: Tensor) -> Tensor:
    """Rolls (B, T, 3, 88) as `music.pianoroll` has them to ±1 (B, 6, T, 88)."""
    onset = (roll > 0) & (roll < HELD)
    on = torch.cat([onset, roll == HELD], dim=2).transpose(1, 2)
    return on.float() * 2 - 1


def keep_known(noisy: Tensor, clean: Tensor, known: Tensor) -> Tensor:
    """`noisy` with the cells of known tracks and sixteenths (B, 3, T) put back clean."""
    cells = torch.cat([known, known], dim=1)[..., None].bool()  # (B, 6, T, 1)
    return torch.where(cells, clean, noisy)


def loss(
    network: TimeTokenNetwork,
    roll: Tensor,
    known: Tensor,
    told: Conditions,
    time: Tensor,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Binary cross-entropy of the unknown cells plus the squared error of struck velocities.

    roll (B, T, 3, 88) uint8; known (B, 3, T); time (B,). Returns one loss a sample, (B,).
    In a quarter of the calls the network first makes a guess that it then sees (self-conditioning,
    Chen et al. 2022).
    """
    clean = to_channels(roll)
    log_snr = log_snr_at(time)
    alpha, sigma = (part[:, None, None, None] for part in alpha_sigma(log_snr))
    noise = torch.randn(clean.shape, generator=generator, device=clean.device)
    noisy = keep_known(alpha * clean + sigma * noise, clean, known)
    estimate = torch.zeros_like(clean)
    if torch.rand((), generator=generator, device=clean.device) < SELF_CONDITIONED_SHARE:
        with torch.no_grad():
            guess = network(noisy, estimate, known, log_snr, told)
        estimate = to_estimate(guess, clean, known)
    return painted_loss(network(noisy, estimate, known, log_snr, told), clean, roll, known)


def to_estimate(painted: Painted, clean: Tensor, known: Tensor) -> Tensor:
    """The clean roll that logits mean, ±1, with known cells put back."""
    return keep_known(torch.sigmoid(painted.logits) * 2 - 1, clean, known)


def painted_loss(painted: Painted, clean: Tensor, roll: Tensor, known: Tensor) -> Tensor:
    unknown = 1 - known[..., None]  # (B, 3, T, 1)
    entropy = F.binary_cross_entropy_with_logits(painted.logits, (clean + 1) / 2, reduction="none")
    entropy = entropy * torch.cat([unknown, unknown], dim=1)
    cells = unknown.sum(dim=(1, 2, 3)) * CHANNELS / unknown.shape[1] * clean.shape[-1]
    velocity = roll.transpose(1, 2)  # (B, 3, T, 88)
    struck = ((velocity > 0) & (velocity < HELD)) * unknown
    error = struck * (painted.velocity - velocity.float() / 127) ** 2
    mean_error = error.sum(dim=(1, 2, 3)) / struck.sum(dim=(1, 2, 3)).clamp(min=1)
    return entropy.sum(dim=(1, 2, 3)) / cells.clamp(min=1) + VELOCITY_WEIGHT * mean_error
