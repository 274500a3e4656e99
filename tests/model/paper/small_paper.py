"""The paper's network, small, and a file of it."""

from pathlib import Path

import torch

from diffbgm.model.paper.checkpoint import save_official
from diffbgm.model.paper.config import PaperConfig
from diffbgm.model.paper.unet import PaperNetwork

SMALL_PAPER = PaperConfig(
    channels=32, multipliers=(1, 1), attention_levels=(1,), token_width=16, language_width=24,
    residual_blocks=1,
)  # fmt: skip


def small_paper() -> PaperNetwork:
    torch.manual_seed(0)
    return PaperNetwork(SMALL_PAPER).eval().requires_grad_(False)


def save_small_paper(path: Path) -> Path:
    save_official(path, SMALL_PAPER, small_paper().state_dict())
    return path
