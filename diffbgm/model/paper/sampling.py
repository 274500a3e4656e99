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

from diffbgm.model.paper.ddpm import Known, solve
from diffbgm.model.paper.ddpm import sample as sample_whole
from diffbgm.model.paper.roll import (
    PITCHES,
    WINDOW_BARS,
    from_channels,
    to_channels,
    to_tokens,
    whole_windows,
    widened,
)
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.model.sampling import Piece, fast_bfloat16
from diffbgm.model.solver import SeededNoise
from diffbgm.model.windows import Windows, keep_given
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BAR, SIXTEENTHS_PER_BEAT
from diffbgm.options import Sampling

WINDOWS_AT_ONCE = 8
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
    """As `model.sampling.sample`, by the paper's network; `feature_sources` says what it is told.

    Tracks are told apart afterwards, see `paper_piece.from_channels`. Guidance is left aside.
    """
    visual, language = _tokens(network, piece)
    rolls = sample_features(network, visual, language, seeds, wanted.steps, given, known, progress)
    return keep_given(rolls, given, known)


def feature_sources(network: PaperNetwork, image_embeddings: np.ndarray | None) -> dict[str, str]:
    """What the network gets as its features of the picture and of captions, in words.

    CLIP's `image_embeddings` (., width) stand for both if they are as wide as visual tokens.
    """
    if image_embeddings is None or image_embeddings.shape[1] != network.config.token_width:
        return {"visual_features": "dynamic stream", "language_features": "semantic stream"}
    return {
        "visual_features": "CLIP embeddings of the picture",
        "language_features": "CLIP embeddings of the nearest captions",
    }


def _tokens(network: PaperNetwork, piece: Piece) -> tuple[np.ndarray, np.ndarray]:
    """Visual (B, token_width) and language (B, language_width), as `feature_sources` says."""
    width, language_width = network.config.token_width, network.config.language_width
    if (
        piece.image_embeddings is None
        or piece.caption_embeddings is None
        or piece.image_embeddings.shape[1] != width
    ):
        return to_tokens(piece.dynamic, width), to_tokens(piece.semantic, language_width)
    return piece.image_embeddings, widened(piece.caption_embeddings, language_width)


def sample_features(
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
    prediction = draw(
        WindowedNoise(network, whole_windows(visual), whole_windows(language)),
        schedule,
        SeededNoise(seeds, (2, length, PITCHES), device),
        known=kept,
        progress=progress,
    )
    # Notes begin and end inside what is not known.
    fresh = prediction if kept is None else prediction * ~kept.mask
    return np.stack([from_channels(one) for one in fresh[:, :, :sixteenths].cpu().numpy()])


class WindowedNoise:
    """The noise in a whole piece: called with x (S, 2, T, 128) and step (S,), it returns as x."""

    def __init__(self, network: PaperNetwork, visual: np.ndarray, language: np.ndarray) -> None:
        """Features of whole bars, one window of them at least."""
        self.network = network
        device = next(network.parameters()).device
        self.windows = Windows(len(visual) // BEATS_PER_BAR, WINDOW_BARS, device)
        self.visual, self.language = map(self.windows.of_beats, (visual, language))

    def __call__(self, x: Tensor, step: Tensor) -> Tensor:
        noise = torch.zeros_like(x)
        for batch in self.windows.batches(len(x), WINDOWS_AT_ONCE):
            heard = self.windows.cut(x, batch)
            self.windows.add(noise, batch, self._predict(heard, step[batch.takes], batch.windows))
        return self.windows.mean(noise)

    def _predict(self, x: Tensor, step: Tensor, windows: list[int]) -> Tensor:
        with torch.autocast(x.device.type, torch.bfloat16, enabled=fast_bfloat16(x.device)):
            predicted = self.network(x, step, self.visual[windows], self.language[windows])
        return predicted.float()


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
