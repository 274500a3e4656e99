"""The paper's transformer block: attention that stays inside blocks of time. Knows no diffusion.

The feature map is flattened as time x pitch, so that `w_size` equal contiguous blocks of it are
spans of time, and so are `w_size` equal blocks of the 32 tokens (one a beat). A position attends
to its own block alone, in self- and in cross-attention: the paper's block-diagonal mask, made
here by folding the blocks into the batch, which costs less than masking and is the same.

Parameter names are those of latent-diffusion U-Nets, which public checkpoints carry.
"""

import torch.nn.functional as F
from torch import Tensor, nn


class BlockAttention(nn.Module):
    """Multi-head attention of `width` wide positions over a context, each in its own block."""

    def __init__(self, width: int, context_width: int, heads: int, w_size: int) -> None:
        super().__init__()
        self.heads = heads
        self.w_size = w_size
        self.to_q = nn.Linear(width, width, bias=False)
        self.to_k = nn.Linear(context_width, width, bias=False)
        self.to_v = nn.Linear(context_width, width, bias=False)
        self.to_out = nn.Sequential(nn.Linear(width, width))

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """x (B, L, width), context (B, S, context_width) -> (B, L, width)."""
        query, key, value = (
            self._fold(projected)
            for projected in (self.to_q(x), self.to_k(context), self.to_v(context))
        )
        attended = F.scaled_dot_product_attention(query, key, value)  # (B*w, heads, L/w, d)
        return self.to_out(attended.transpose(1, 2).reshape(x.shape))

    def _fold(self, x: Tensor) -> Tensor:
        """(B, L, width) -> (B*w, heads, L/w, width/heads)."""
        batch, length, width = x.shape
        blocks = x.reshape(
            batch * self.w_size, length // self.w_size, self.heads, width // self.heads
        )
        return blocks.transpose(1, 2)


class GatedProjection(nn.Module):
    """A linear layer whose one half gates the other through a GELU (GEGLU, arXiv 2002.05202)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.proj = nn.Linear(width, 2 * inner)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    """Position-wise network, four times as wide inside."""

    def __init__(self, width: int) -> None:
        super().__init__()
        # The place between holds the dropout of such networks, which is 0 here.
        self.net = nn.Sequential(
            GatedProjection(width, 4 * width), nn.Identity(), nn.Linear(4 * width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.net(x)


class TransformerBlock(nn.Module):
    """Self-attention, cross-attention to the tokens, feed-forward; each normed first and added."""

    def __init__(self, width: int, token_width: int, heads: int, w_size: int) -> None:
        super().__init__()
        self.attn1 = BlockAttention(width, width, heads, w_size)
        self.norm1 = nn.LayerNorm(width)
        self.attn2 = BlockAttention(width, token_width, heads, w_size)
        self.norm2 = nn.LayerNorm(width)
        self.ff = FeedForward(width)
        self.norm3 = nn.LayerNorm(width)

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        normed = self.norm1(x)
        x = x + self.attn1(normed, normed)
        x = x + self.attn2(self.norm2(x), tokens)
        return x + self.ff(self.norm3(x))


class SpatialTransformer(nn.Module):
    """A transformer block over a feature map, added to it."""

    def __init__(self, channels: int, token_width: int, heads: int, w_size: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList(
            [TransformerBlock(channels, token_width, heads, w_size)]
        )
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        """x (B, C, time, pitch), tokens (B, S, token_width) -> (B, C, time, pitch)."""
        flat = self.proj_in(self.norm(x)).flatten(2).transpose(1, 2)  # (B, time*pitch, C)
        for block in self.transformer_blocks:
            flat = block(flat, tokens)
        return x + self.proj_out(flat.transpose(1, 2).reshape(x.shape))
