"""The network of Diff-BGM (CVPR 2024, arXiv 2405.11913) as a preset. Knows no files, no sampler.

It predicts the noise in a roll of 2 channels (onset, sustain) x 128 sixteenths x 128 pitches from
32 visual and 32 language tokens, one of each a beat. The feature selector gives the network the
language tokens while much noise is left and the visual ones after: atmosphere and melody are
settled early, rhythm late.

Parameter names inside the U-Net are those of latent-diffusion U-Nets, which public checkpoints
carry.
"""

import math
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffbgm.model.paper.attention import SpatialTransformer
from diffbgm.model.paper.config import ROLL_SHAPE, PaperConfig
from diffbgm.model.paper.ddpm import STEPS, NoiseSchedule, paper_betas


class PaperNetwork(nn.Module):
    """Noise prediction from a noisy roll, its step, and both streams of tokens."""

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        self.config = config
        self.unet = UNet(config)
        self.caption_encoder = nn.Linear(config.language_width, config.token_width)
        # The schedule is saved with the weights: one means nothing without the other.
        self.register_buffer("beta", paper_betas().float())

    def forward(self, x: Tensor, step: Tensor, visual: Tensor, language: Tensor) -> Tensor:
        """The noise in x, in its shape.

        x (B, 2, 128, 128); step (B,) integers 0..999; visual (B, 32, token_width);
        language (B, 32, language_width).
        """
        tokens = self.select_features(step, visual, self.caption_encoder(language))
        return self.unet(x, step, tokens)

    def schedule(self) -> NoiseSchedule:
        """The noise schedule that the weights were trained with."""
        return NoiseSchedule(self.get_buffer("beta"))

    def select_features(self, step: Tensor, visual: Tensor, language: Tensor) -> Tensor:
        """The tokens (B, 32, token_width) that rule at each step: the paper's feature selector."""
        if self.config.selector == "both":
            return (visual + language) / 2
        return torch.where(self._language_rules(step)[:, None, None], language, visual)

    def _language_rules(self, step: Tensor) -> Tensor:
        """Which of the steps (B,) attend to language: (B,) booleans."""
        if self.config.selector == "random":
            return _drawn_steps().to(step.device)[step]
        if self.config.selector == "visual_only":
            return torch.zeros_like(step, dtype=torch.bool)
        return step > self.config.selector_step


@cache
def _drawn_steps() -> Tensor:
    """Half of the steps (1000,), drawn once for all networks, so that a piece can be made again."""
    return torch.rand(STEPS, generator=torch.Generator().manual_seed(0), device="cpu") < 0.5


class UNet(nn.Module):
    """Down, through the middle and up again, every level's outputs handed across."""

    def __init__(self, config: PaperConfig) -> None:
        super().__init__()
        self.channels = config.channels
        self.time_embed = nn.Sequential(
            nn.Linear(config.channels, 4 * config.channels),
            nn.SiLU(),
            nn.Linear(4 * config.channels, 4 * config.channels),
        )
        self.input_blocks, handed_over = _input_blocks(config)
        width = handed_over[-1]
        self.middle_block = Stage(
            [
                _residual(config, width, width),
                _attention(config, width),
                _residual(config, width, width),
            ]
        )
        self.output_blocks = _output_blocks(config, handed_over)
        self.out = nn.Sequential(
            nn.GroupNorm(32, config.channels),
            nn.SiLU(),
            nn.Conv2d(config.channels, ROLL_SHAPE[0], 3, padding=1),
        )

    def forward(self, x: Tensor, step: Tensor, tokens: Tensor) -> Tensor:
        """x (B, 2, time, pitch), step (B,), tokens (B, 32, token_width) -> as x."""
        embedding = self.time_embed(step_embedding(step, self.channels))  # (B, 4*channels)
        handed_over = []
        for block in self.input_blocks:
            x = block(x, embedding, tokens)
            handed_over.append(x)
        x = self.middle_block(x, embedding, tokens)
        for block in self.output_blocks:
            x = block(torch.cat([x, handed_over.pop()], dim=1), embedding, tokens)
        return self.out(x)


def step_embedding(step: Tensor, width: int) -> Tensor:
    """Sinusoids (B, width) of steps (B,): cosines, then sines, periods 2 pi to 20000 pi."""
    half = width // 2
    exponent = torch.arange(half, dtype=torch.float32, device=step.device) / half
    angles = step.float()[:, None] * torch.exp(-math.log(10000) * exponent)  # (B, half)
    return torch.cat([angles.cos(), angles.sin()], dim=1)


class Stage(nn.ModuleList):
    """Layers in a row; each is given what it needs of the step and the tokens."""

    def forward(self, x: Tensor, embedding: Tensor, tokens: Tensor) -> Tensor:
        for layer in self:
            if isinstance(layer, ResidualBlock):
                x = layer(x, embedding)
            elif isinstance(layer, SpatialTransformer):
                x = layer(x, tokens)
            else:
                x = layer(x)
        return x


class ResidualBlock(nn.Module):
    """Two convolutions with the step's embedding added between them."""

    def __init__(self, channels: int, out_channels: int, embedding_width: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            nn.GroupNorm(32, channels), nn.SiLU(), nn.Conv2d(channels, out_channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding_width, out_channels))
        # The place between holds the dropout of such networks, which is 0 here.
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, out_channels),
            nn.SiLU(),
            nn.Identity(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1),
        )
        self.skip_connection = (
            nn.Identity() if channels == out_channels else nn.Conv2d(channels, out_channels, 1)
        )

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        hidden = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        return self.skip_connection(x) + self.out_layers(hidden)


class Downsample(nn.Module):
    """Half the time and half the pitches."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.op(x)


class Upsample(nn.Module):
    """Twice the time and twice the pitches."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


def _input_blocks(config: PaperConfig) -> tuple[nn.ModuleList, list[int]]:
    """The way down, and the channels that each of its blocks gives."""
    blocks = [Stage([nn.Conv2d(ROLL_SHAPE[0], config.channels, 3, padding=1)])]
    widths = [config.channels]
    for level, multiplier in enumerate(config.multipliers):
        width = config.channels * multiplier
        for _ in range(config.residual_blocks):
            layers = [_residual(config, widths[-1], width)]
            if level in config.attention_levels:
                layers.append(_attention(config, width))
            blocks.append(Stage(layers))
            widths.append(width)
        if level + 1 < len(config.multipliers):
            blocks.append(Stage([Downsample(width)]))
            widths.append(width)
    return nn.ModuleList(blocks), widths


def _output_blocks(config: PaperConfig, handed_over: list[int]) -> nn.ModuleList:
    """The way up; every block also takes what its counterpart on the way down gave."""
    blocks, remaining, current = [], list(handed_over), handed_over[-1]
    for level, multiplier in reversed(list(enumerate(config.multipliers))):
        width = config.channels * multiplier
        for index in range(config.residual_blocks + 1):
            layers = [_residual(config, current + remaining.pop(), width)]
            if level in config.attention_levels:
                layers.append(_attention(config, width))
            if level > 0 and index == config.residual_blocks:
                layers.append(Upsample(width))
            blocks.append(Stage(layers))
            current = width
    return nn.ModuleList(blocks)


def _residual(config: PaperConfig, channels: int, out_channels: int) -> nn.Module:
    return ResidualBlock(channels, out_channels, 4 * config.channels)


def _attention(config: PaperConfig, channels: int) -> nn.Module:
    return SpatialTransformer(channels, config.token_width, config.heads, config.w_size)
