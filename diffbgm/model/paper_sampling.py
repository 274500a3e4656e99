"""A piece by the paper's network: windows of 8 bars half overlapping, denoised together.

At every step the noise that the windows predict is averaged where they overlap, so a long piece is
one piece. The network was trained without dropping its conditions, so it is not guided: there is
no prediction without conditions that guidance could lead away from.
"""

from collections.abc import Callable
from functools import partial

import numpy as np
import torch
from torch import Tensor

from diffbgm.model.ancestral import Known, solve
from diffbgm.model.ancestral import sample as sample_whole
from diffbgm.model.paper_piece import (
    PITCHES,
    WINDOW_BARS,
    from_channels,
    to_channels,
    to_tokens,
    whole_windows,
    widened,
)
from diffbgm.model.sampling import Piece, fast_bfloat16, window_starts
from diffbgm.model.solver import SeededNoise
from diffbgm.model.unet import PaperNetwork
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT
from diffbgm.options import Sampling

WINDOWS_AT_ONCE = 8
WINDOW_BEATS = WINDOW_BARS * BEATS_PER_BAR
WINDOW = WINDOW_BARS * SIXTEENTHS_PER_BAR


def sample(
    network: PaperNetwork,
    piece: Piece,
    seeds: list[int],
    wanted: Sampling,
    given: np.ndarray | None = None,
    known: np.ndarray | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> np.ndarray:
    """As `model.sampling.sample`, by the paper's network; `features_told` says what it is told.

    Tracks are told apart afterwards, see `paper_piece.from_channels`. Guidance is left aside.
    """
    visual, language = _tokens(network, piece)
    rolls = sample_told(network, visual, language, seeds, wanted.steps, given, known, progress)
    if given is None or known is None:
        return rolls
    return np.where(known.T[None, :, :, None].astype(bool), given[None], rolls)


def features_told(network: PaperNetwork, seen: np.ndarray | None) -> dict[str, str]:
    """What the network is told as its features of the picture and of captions, in words.

    `seen` (., width) is what CLIP sees: it stands for both if it is as wide as visual tokens.
    """
    if seen is None or seen.shape[1] != network.config.token_width:
        return {"visual_features": "dynamic stream", "language_features": "semantic stream"}
    return {
        "visual_features": "CLIP embeddings of the picture",
        "language_features": "CLIP embeddings of the nearest captions",
    }


def _tokens(network: PaperNetwork, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Visual (B, token_width) and language (B, language_width), as `features_told` says."""
    width, language_width = network.config.token_width, network.config.language_width
    if piece.seen is None or piece.said is None or piece.seen.shape[1] != width:
        return to_tokens(piece.dynamic, width), to_tokens(piece.semantic, language_width)
    return piece.seen, widened(piece.said, language_width)


def sample_told(
    network: PaperNetwork,
    visual: np.ndarray,
    language: np.ndarray,
    seeds: list[int],
    steps: int,
    given: np.ndarray | None = None,
    known: np.ndarray | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> np.ndarray:
    """Rolls (len(seeds), 4 B, 3, 88) for features visual (B, V) and language (B, L) float32.

    All of the schedule's steps, if as many are wanted, are taken by the whole ancestral sampler;
    fewer by the fast solver. Sixteenths of which all tracks are `known` (3, 4 B) are told as
    `given` (4 B, 3, 88) has them, and are silent in what is returned.
    """
    device = next(network.parameters()).device
    sixteenths = len(visual) * SIXTEENTHS_PER_BEAT
    length = max(sixteenths, WINDOW)
    schedule = network.schedule()
    draw = sample_whole if steps == schedule.steps else partial(solve, steps=steps)
    kept = _known_cells(given, known, length, device)
    painted = draw(
        WindowedNoise(network, whole_windows(visual), whole_windows(language)),
        schedule,
        SeededNoise(seeds, (2, length, PITCHES), device),
        known=kept,
        progress=progress,
    )
    # Notes begin and end inside what is not known.
    fresh = painted if kept is None else painted * ~kept.mask
    return np.stack([from_channels(one) for one in fresh[:, :, :sixteenths].cpu().numpy()])


class WindowedNoise:
    """The noise in a whole piece: called with x (S, 2, T, 128) and step (S,), it returns as x."""

    def __init__(self, network: PaperNetwork, visual: np.ndarray, language: np.ndarray) -> None:
        """Features of whole bars, one window of them at least."""
        self.network = network
        self.device = next(network.parameters()).device
        self.starts = window_starts(len(visual) // BEATS_PER_BAR, WINDOW_BARS)
        self.visual, self.language = self._windows_of(visual), self._windows_of(language)
        centre = torch.arange(WINDOW, device=self.device) + 0.5
        self.weight = (torch.minimum(centre, WINDOW - centre) / WINDOW)[:, None]  # (T, 1)

    def __call__(self, x: Tensor, step: Tensor) -> Tensor:
        noise, total = torch.zeros_like(x), torch.zeros(x.shape[2], 1, device=self.device)
        pairs = [(take, index) for take in range(len(x)) for index in range(len(self.starts))]
        for first in range(0, len(pairs), WINDOWS_AT_ONCE):
            chosen = pairs[first : first + WINDOWS_AT_ONCE]
            takes, windows = [take for take, _ in chosen], [index for _, index in chosen]
            rows = [self._rows(index) for index in windows]
            heard = torch.stack([x[t, :, r] for t, r in zip(takes, rows, strict=True)])
            predicted = self._predict(heard, step[takes], windows)
            for one, t, r in zip(predicted, takes, rows, strict=True):
                noise[t, :, r] += one * self.weight
                total[r] += self.weight if t == 0 else 0
        return noise / total

    def _predict(self, x: Tensor, step: Tensor, windows: list[int]) -> Tensor:
        with torch.autocast(self.device.type, torch.bfloat16, enabled=fast_bfloat16(self.device)):
            predicted = self.network(x, step, self.visual[windows], self.language[windows])
        return predicted.float()

    def _rows(self, window: int) -> slice:
        first = self.starts[window] * SIXTEENTHS_PER_BAR
        return slice(first, first + WINDOW)

    def _windows_of(self, tokens: np.ndarray) -> Tensor:
        firsts = [start * BEATS_PER_BAR for start in self.starts]
        windows = np.stack([tokens[first : first + WINDOW_BEATS] for first in firsts])
        return torch.from_numpy(windows).to(self.device)  # (W, 32, width)


def _known_cells(
    given: np.ndarray | None, known: np.ndarray | None, sixteenths: int, device: torch.device
) -> Known | None:
    """What is known of a roll of that length, both (1, ., T, .)."""
    if given is None or known is None:
        return None
    missing = sixteenths - len(given)
    roll = np.pad(to_channels(given), [(0, 0), (0, missing), (0, 0)])
    mask = np.pad(known.astype(bool).all(axis=0), (0, missing))
    on_device = [torch.from_numpy(array).to(device) for array in (roll, mask)]
    return Known(on_device[0][None], on_device[1][None, None, :, None])
