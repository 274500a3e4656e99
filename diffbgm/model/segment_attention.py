"""Segment-aware cross-attention: music attends to the conditions of its own segment, nearest first.

After Diff-BGM (CVPR 2024, section 3.3), whose segments are equal blocks; here a segment is a
shot of the film, or a phrase in training. Tokens carry no position: a bias that falls with the
distance in beats (Press et al. 2022, ALiBi) gives each head its own reach around its beat.
"""

import math

import torch
from torch import Tensor, nn

from diffbgm.model.attention import attend
from diffbgm.model.feature_selector import FeatureSelector
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BEAT

TOKEN_WIDTH = 128
NARROWEST_SLOPE = 4.0


def attention_bias(segment: Tensor, heads: int, segments: bool) -> Tensor:
    """Bias (B, heads, 4 N, N) from the segment of every beat (B, N).

    The first head attends to little beyond its own beat, the last the whole segment evenly.
    """
    beats = segment.shape[1]
    own_beat = torch.arange(beats, device=segment.device)
    distance = (own_beat[:, None] - own_beat[None, :]).abs().float()  # (N, N)
    slopes = torch.tensor(
        [NARROWEST_SLOPE * 4.0**-head for head in range(heads - 1)] + [0.0], device=segment.device
    )
    bias = -slopes[None, :, None, None] * distance  # (1, heads, N, N)
    if segments:
        other = segment[:, :, None] != segment[:, None, :]  # (B, N, N)
        bias = bias.masked_fill(other[:, None], -math.inf)
    return bias.repeat_interleave(SIXTEENTHS_PER_BEAT, dim=2)


class SegmentCrossAttention(nn.Module):
    """Cross-attention to both condition streams, blended by the feature selector."""

    def __init__(self, width: int, heads: int, selector: FeatureSelector) -> None:
        super().__init__()
        self.heads = heads
        self.selector = selector
        self.query = nn.Linear(width, width, bias=False)
        self.dynamic = nn.Linear(TOKEN_WIDTH, 2 * width, bias=False)
        self.semantic = nn.Linear(TOKEN_WIDTH, 2 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(
        self, x: Tensor, dynamic: Tensor, semantic: Tensor, bias: Tensor, log_snr: Tensor
    ) -> Tensor:
        """x (B, T, width), streams (B, N, TOKEN_WIDTH), bias (B, heads, T, N), log_snr (B,)."""
        query = self._split(self.query(x))
        attended = []
        for project, tokens in ((self.dynamic, dynamic), (self.semantic, semantic)):
            key, value = project(tokens).chunk(2, dim=-1)
            attended.append(attend(query, self._split(key), self._split(value), bias))
        weight = self.selector(log_snr).to(x.dtype)[:, :, None, None, None]
        blended = weight[:, 0] * attended[0] + weight[:, 1] * attended[1]  # (B, heads, T, d)
        return self.out(blended.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, heads, T, d)
