"""The forward process and the training loss. Cells are ±1; the network predicts the clean ones.

The rhythm (see `temporal`) is diffused with the keys, but larger: so it emerges from the noise
before them, bars agree in it, and the notes follow it.

Symbols of Kingma et al. 2021: x_t = alpha x_0 + sigma eps, log SNR = log(alpha² / sigma²).
Time runs from 0 (clean) to 1 (noise) on the cosine schedule.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from diffbgm.model.temporal import CHANNELS, Conditions, Prediction, TimeTokenNetwork
from diffbgm.music.pianoroll import HELD, KEYS

# Ends of the schedule; at the noisy end the signal is 1/20000 of the power.
LOG_SNR_RANGE = (-10.0, 10.0)
RHYTHM_SCALE = 4.5
RHYTHM_WEIGHT = 0.05
VELOCITY_WEIGHT = 0.05
SELF_CONDITIONED_SHARE = 0.25


def log_snr_at(time: Tensor) -> Tensor:
    """log SNR of times (B,) in 0..1."""
    low, high = (math.atan(math.exp(-0.5 * end)) for end in reversed(LOG_SNR_RANGE))
    return -2 * torch.log(torch.tan(low + time * (high - low)))


def noise_levels(steps: int, device: torch.device) -> Tensor:
    """log SNR (steps,) at which so many steps see the roll, evenly in time, from noise on."""
    return log_snr_at(torch.linspace(1, 0, steps + 1, device=device)[:-1])


def alpha_sigma(log_snr: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(log_snr).sqrt(), torch.sigmoid(-log_snr).sqrt()


def to_channels(roll: Tensor) -> Tensor:
    """Rolls (B, T, 3, 88) as `music.pianoroll` has them to (B, 6, T, COLUMNS): keys ±1 and the
    rhythm ±RHYTHM_SCALE."""
    onset = (roll > 0) & (roll < HELD)
    on = torch.cat([onset, roll == HELD], dim=2).transpose(1, 2)
    return _to_cells(torch.cat([on, on.any(dim=-1, keepdim=True)], dim=-1).float())


def to_estimate(logits: Tensor, clean: Tensor, known: Tensor) -> Tensor:
    """The mean of the clean cells that logits (B, 6, T, COLUMNS) mean, known ones put back."""
    return keep_known(_to_cells(torch.sigmoid(logits)), clean, known)


def _to_cells(on: Tensor) -> Tensor:
    """Probabilities (..., COLUMNS) of being on to the values that are diffused."""
    cells = on * 2 - 1
    return torch.cat([cells[..., :KEYS], cells[..., KEYS:] * RHYTHM_SCALE], dim=-1)


def keep_known(noisy: Tensor, clean: Tensor, known: Tensor) -> Tensor:
    """`noisy` with the cells of known tracks and sixteenths (B, 3, T) put back clean."""
    cells = torch.cat([known, known], dim=1)[..., None].bool()  # (B, 6, T, 1)
    return torch.where(cells, clean, noisy)


def loss(
    network: TimeTokenNetwork,
    roll: Tensor,
    known: Tensor,
    conditions: Conditions,
    time: Tensor,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Binary cross-entropy of the unknown cells and of their rhythm, and the squared error of
    struck velocities.

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
            guess = network(noisy, estimate, known, log_snr, conditions)
        estimate = to_estimate(guess.logits, clean, known)
    return prediction_loss(network(noisy, estimate, known, log_snr, conditions), clean, roll, known)


def prediction_loss(prediction: Prediction, clean: Tensor, roll: Tensor, known: Tensor) -> Tensor:
    unknown = 1 - known[..., None]  # (B, 3, T, 1)
    on = (clean > 0).float()
    entropy = F.binary_cross_entropy_with_logits(prediction.logits, on, reduction="none")
    entropy = (entropy * torch.cat([unknown, unknown], dim=1)).sum(dim=(1, 2))  # (B, COLUMNS)
    sixteenths = unknown.sum(dim=(1, 2, 3)).clamp(min=1) * CHANNELS / unknown.shape[1]
    velocity = roll.transpose(1, 2)  # (B, 3, T, 88)
    struck = ((velocity > 0) & (velocity < HELD)) * unknown
    error = struck * (prediction.velocity - velocity.float() / 127) ** 2
    mean_error = error.sum(dim=(1, 2, 3)) / struck.sum(dim=(1, 2, 3)).clamp(min=1)
    of_keys, of_rhythm = entropy[:, :KEYS].mean(dim=1), entropy[:, KEYS]
    return (of_keys + RHYTHM_WEIGHT * of_rhythm) / sixteenths + VELOCITY_WEIGHT * mean_error
