"""The feature selector: which condition stream a layer listens to at which noise level.

Diff-BGM (CVPR 2024, section 3.4) lets the semantic stream condition the early, noisy steps
(atmosphere and melody are settled first) and the dynamic stream the late ones (rhythm). It
switches at one step; `learned` starts from that order and lets every layer find its own blend.
"""

import torch
from torch import Tensor, nn

from diffbgm.model.config import Selector

# log SNR of step 200 of 1000 in the paper's schedule: where it switches streams.
PAPER_LOG_SNR = 1.13


class FeatureSelector(nn.Module):
    """Weights (B, 2) of the dynamic and the semantic stream for noise levels (B,)."""

    def __init__(self, selector: Selector) -> None:
        super().__init__()
        self.selector = selector
        if selector == "learned":
            self.level = nn.Parameter(torch.tensor([0.5, 0.5]))
            self.slope = nn.Parameter(torch.tensor([1.0, -1.0]))

    def forward(self, log_snr: Tensor) -> Tensor:
        if self.selector == "learned":
            return torch.sigmoid(self.level + self.slope * log_snr[:, None] / 4)
        if self.selector == "both":
            return torch.ones(len(log_snr), 2, device=log_snr.device)
        if self.selector == "dynamic_only":
            return torch.tensor([1.0, 0.0], device=log_snr.device).expand(len(log_snr), 2)
        if self.selector == "random":
            late = torch.rand_like(log_snr) < 0.5
        else:
            late = log_snr > PAPER_LOG_SNR
        return torch.stack([late, ~late], dim=1).float()
