"""The default network: a transformer over time tokens, one a sixteenth, between local layers.

A convolution over time and pitch reads the roll before it is folded into tokens, and another
makes the roll from the tokens and what the first one read: neighbouring cells agree without
the tokens having to carry every key. Beside its keys, every channel has one more column, the
rhythm: whether any of its keys is on. What a key does in a bar is seldom done again; its rhythm is.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diffbgm.model.attention import attend
from diffbgm.model.calibration import no_shift
from diffbgm.model.config import NetworkConfig
from diffbgm.model.feature_selector import FeatureSelector
from diffbgm.model.segment_attention import TOKEN_WIDTH, SegmentCrossAttention, attention_bias
from diffbgm.music.chord_rows import CHORD_WIDTH
from diffbgm.music.pianoroll import KEYS, SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT, TRACKS

DYNAMIC_FEATURES = 6
SEMANTIC_FEATURES = 3
CHANNELS = 2 * len(TRACKS)  # onset of every track, then sustain of every track
COLUMNS = KEYS + 1  # the keys, then the rhythm
NO_KEY = 12
OUT_CHANNELS = 8
# Cells are rarely on: the output starts from this bias.
OFF_BIAS = 4.0


@dataclass(frozen=True)
class Conditions:
    """The conditions of a batch: dynamic (B, N, 6), semantic (B, N, 3), segment (B, N) of each
    beat, key_signature (B,) 0..11 or NO_KEY, per stream (B,) whether it is known at all, and chord
    (B, N, 37) as `music.chord_rows` has it."""

    dynamic: Tensor
    semantic: Tensor
    segment: Tensor
    key_signature: Tensor
    has_dynamic: Tensor
    has_semantic: Tensor
    chord: Tensor

    def select(self, rows: Tensor | slice) -> "Conditions":
        return Conditions(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def unconditional(self) -> "Conditions":
        """The same batch without streams: only where segments are and what key it is in."""
        nothing = torch.zeros_like(self.has_dynamic)
        return Conditions(
            self.dynamic,
            self.semantic,
            self.segment,
            self.key_signature,
            nothing,
            nothing,
            torch.zeros_like(self.chord),
        )


@dataclass(frozen=True)
class Prediction:
    """Logits (B, 6, T, COLUMNS) of cells being on, and velocities (B, 3, T, 88) in 0..1."""

    logits: Tensor
    velocity: Tensor


class TimeTokenNetwork(nn.Module):
    """Predicts the clean roll from a noisy one, as logits."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        # Not trained: the sampler adds it to the logits.
        self.calibration: Tensor
        self.register_buffer("calibration", no_shift(), persistent=False)
        width, local = config.width, config.local_channels
        self.read = nn.Conv2d(4 * CHANNELS + len(TRACKS), local, (3, 5), padding=(1, 2))
        self.read_rhythm = nn.Linear(2 * CHANNELS + len(TRACKS), width)
        self.fold = nn.Linear(local * KEYS, width)
        self.in_bar = _drawn(SIXTEENTHS_PER_BAR, width)
        self.key_signature = nn.Embedding(NO_KEY + 1, width)
        self.chord = nn.Linear(CHORD_WIDTH, width, bias=False)
        nn.init.zeros_(self.chord.weight)
        self.noise_level = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.dynamic = _Stream(DYNAMIC_FEATURES)
        self.semantic = _Stream(SEMANTIC_FEATURES)
        self.blocks = nn.ModuleList([_Block(config) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(width)
        self.rhythm_output = nn.Linear(width, CHANNELS)
        self.unfold = nn.Linear(width, OUT_CHANNELS * KEYS)
        self.output = nn.Sequential(
            nn.Conv2d(OUT_CHANNELS + local, 24, (5, 3), padding=(2, 1)),
            nn.SiLU(),
            nn.Conv2d(24, CHANNELS + len(TRACKS), (5, 3), padding=(2, 1)),
        )

    def forward(
        self,
        noisy: Tensor,
        estimate: Tensor,
        known: Tensor,
        log_snr: Tensor,
        conditions: Conditions,
    ) -> Prediction:
        """noisy and estimate (the last guess at the clean roll, zeros if none): (B, 6, T, COLUMNS);
        known (B, 3, T): 1 where a track is given and `noisy` holds it clean; log_snr (B,)."""
        cells = torch.cat([noisy, estimate], dim=1)
        rhythm = cells[..., KEYS:] / 2  # (B, 12, T, 1); it is larger than what keys hold
        beside = torch.cat([known[..., None], rhythm], dim=1).expand(-1, -1, -1, KEYS)
        local = F.silu(self.read(torch.cat([cells[..., :KEYS], beside], dim=1)))  # (B, C, T, 88)
        tokens = self.fold(local.transpose(1, 2).flatten(2))  # (B, T, width)
        read = torch.cat([rhythm[..., 0], known], dim=1)
        tokens = tokens + self.read_rhythm(read.transpose(1, 2))
        bars = tokens.shape[1] // SIXTEENTHS_PER_BAR
        tokens = tokens + self.in_bar.repeat(bars, 1)
        by_beat = self.chord(conditions.chord)
        tokens = tokens + by_beat.repeat_interleave(SIXTEENTHS_PER_BEAT, dim=1)
        level = self.noise_level(_sinusoids(log_snr)) + self.key_signature(conditions.key_signature)
        dynamic = self.dynamic(conditions.dynamic, conditions.has_dynamic)
        semantic = self.semantic(conditions.semantic, conditions.has_semantic)
        bias = attention_bias(conditions.segment, self.config.heads, self.config.segments)
        bias = bias.to(
            torch.get_autocast_dtype(tokens.device.type)
            if torch.is_autocast_enabled(tokens.device.type)
            else tokens.dtype
        )
        rotary = _rotary(tokens.shape[1], self.config.width // self.config.heads, tokens.device)
        for block in self.blocks:
            tokens = block(tokens, level, dynamic, semantic, bias, log_snr, rotary)
        tokens = self.norm(tokens)
        rhythm_logits = self.rhythm_output(tokens).transpose(1, 2)[..., None].float()
        prediction = self.unfold(tokens).unflatten(-1, (OUT_CHANNELS, KEYS))
        out = self.output(torch.cat([prediction.transpose(1, 2), local], dim=1)).float()
        logits = torch.cat([out[:, :CHANNELS] - OFF_BIAS, rhythm_logits], dim=-1)
        return Prediction(logits, torch.sigmoid(out[:, CHANNELS:]))


class _Stream(nn.Module):
    """Features of a condition stream (B, N, F) to tokens (B, N, TOKEN_WIDTH)."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(features, TOKEN_WIDTH), nn.SiLU(), nn.Linear(TOKEN_WIDTH, TOKEN_WIDTH)
        )
        self.unconditional = _drawn(TOKEN_WIDTH)

    def forward(self, features: Tensor, present: Tensor) -> Tensor:
        tokens = self.net(features * 2 - 1)
        return torch.where(present[:, None, None], tokens, self.unconditional.to(tokens.dtype))


class _Block(nn.Module):
    """Self-attention over all tokens, cross-attention inside segments, feed-forward."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.bar_heads = config.bar_heads
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.scales = nn.Linear(width, 3 * width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.cross = SegmentCrossAttention(width, config.heads, FeatureSelector(config.selector))
        self.feed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )
        nn.init.zeros_(self.scales.weight)
        nn.init.zeros_(self.scales.bias)

    def forward(
        self,
        x: Tensor,
        level: Tensor,
        dynamic: Tensor,
        semantic: Tensor,
        bias: Tensor,
        log_snr: Tensor,
        rotary: tuple[Tensor, Tensor],
    ) -> Tensor:
        scale = 1 + self.scales(F.silu(level)).unflatten(-1, (3, 1, -1))  # (B, 3, 1, width)
        x = x + self._attend(self.norms[0](x) * scale[:, 0], rotary)
        x = x + self.cross(self.norms[1](x) * scale[:, 1], dynamic, semantic, bias, log_snr)
        return x + self.feed(self.norms[2](x) * scale[:, 2])

    def _attend(self, x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
        """Most heads attend to all tokens; the bar heads to the same sixteenth of every bar: there
        a rhythm that returns is found."""
        query, key, value = self.qkv(x).unflatten(-1, (3, self.heads, -1)).transpose(1, 3).unbind(2)
        query, key = _rotate(query, rotary), _rotate(key, rotary)
        free = self.heads - self.bar_heads
        attended = [attend(query[:, :free], key[:, :free], value[:, :free])]
        if self.bar_heads:
            by_bar = (_fold_bars(part[:, free:]) for part in (query, key, value))
            attended.append(attend(*by_bar).transpose(2, 3).flatten(2, 3))
        return self.out(torch.cat(attended, dim=1).transpose(1, 2).flatten(2))


def _drawn(*shape: int) -> nn.Parameter:
    return nn.Parameter(nn.init.normal_(torch.empty(shape), std=0.02))


def _fold_bars(x: Tensor) -> Tensor:
    """(B, heads, T, d) to (B, heads, 16, bars, d)."""
    return x.unflatten(2, (-1, SIXTEENTHS_PER_BAR)).transpose(2, 3)


def _sinusoids(log_snr: Tensor) -> Tensor:
    """Features (B, 64) of a noise level."""
    frequency = torch.exp(torch.linspace(0, math.log(100), 32, device=log_snr.device)) / 20
    angle = log_snr[:, None] * frequency
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def _rotary(length: int, width: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines (T, width / 2) of rotary positions (Su et al. 2021)."""
    frequency = 1000.0 ** -torch.linspace(0, 1, width // 2, device=device)
    angle = torch.arange(length, device=device)[:, None] * frequency
    return angle.cos(), angle.sin()


def _rotate(x: Tensor, rotary: tuple[Tensor, Tensor]) -> Tensor:
    cos, sin = (part.to(x.dtype) for part in rotary)
    even, odd = x.chunk(2, dim=-1)
    return torch.cat([even * cos - odd * sin, even * sin + odd * cos], dim=-1)
