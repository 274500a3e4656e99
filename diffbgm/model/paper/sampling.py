"""From noise to a roll by the paper's network, in windows of 8 bars.

At every step the noise that the windows predict is averaged where they overlap, so a long piece is
one piece. The network was trained without dropping its conditions, so it is not guided: there is
no prediction without conditions that guidance could lead away from.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from diffbgm.model.paper.ddpm import Known, draw
from diffbgm.model.paper.roll import (
    PITCHES,
    WINDOW_BARS,
    from_channels,
    to_channels,
    to_tokens,
    widened,
)
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.precision import autocast
from diffbgm.model.solver import SeededNoise
from diffbgm.model.windows import Batch, Windows, keep_given
from diffbgm.music.pianoroll import BEATS_PER_BAR, SIXTEENTHS_PER_BEAT
from diffbgm.options import Sampling
from diffbgm.progress import Advance, LastWord, no_advance

WINDOWS_AT_ONCE = 8


def sample(
    network: PaperNetwork,
    piece: PieceConditions,
    seeds: list[int],
    options: Sampling,
    given: np.ndarray | None = None,
    known: np.ndarray | None = None,
    progress: Advance = no_advance,
    windows: int | None = None,
) -> np.ndarray:
    """As `model.sampling.sample`, of the features that `feature_sources` names, without guidance.

    The network has one track; notes get theirs afterwards, see `roll.from_channels`.
    """
    visual, language = _tokens(network, piece)
    steps, at_once = options.steps, windows or WINDOWS_AT_ONCE
    rolls = sample_features(
        network, visual, language, seeds, steps, given, known, progress, at_once
    )
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


def _tokens(network: PaperNetwork, piece: PieceConditions) -> tuple[np.ndarray, np.ndarray]:
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
    progress: Advance = no_advance,
    at_once: int = WINDOWS_AT_ONCE,
) -> np.ndarray:
    """Rolls (len(seeds), 4 B, 3, 88) for features visual (B, V) and language (B, L) float32.

    `steps` as in `ddpm.draw`. Sixteenths of which all tracks are `known` (3, 4 B) are held as
    `given` (4 B, 3, 88) has them, and are silent in what is returned.
    """
    said = LastWord(progress)
    predict_noise = WindowedNoise(network, visual, language, said.again, at_once)
    length, device = predict_noise.windows.sixteenths, predict_noise.windows.device
    kept = _known_cells(given, known, length, device)
    noise = SeededNoise(seeds, (2, length, PITCHES), device)
    prediction = draw(predict_noise, network.schedule(), noise, steps, kept, said)
    # Notes begin and end inside what is not known.
    sixteenths = len(visual) * SIXTEENTHS_PER_BEAT
    fresh = prediction if kept is None else prediction * ~kept.mask
    return np.stack([from_channels(one) for one in fresh[:, :, :sixteenths].cpu().numpy()])


class WindowedNoise:
    """The noise in a whole piece: called with x (S, 2, T, 128) and step (S,), it returns as x."""

    def __init__(
        self,
        network: PaperNetwork,
        visual: np.ndarray,
        language: np.ndarray,
        alive: Callable[[], None] = lambda: None,
        at_once: int = WINDOWS_AT_ONCE,
    ) -> None:
        """Features (B, .) of whole bars, `at_once` windows of them at a time. `alive` is called
        before every pass through the network; it may raise to stop."""
        self.network, self.alive, self.at_once = network, alive, at_once
        device = next(network.parameters()).device
        self.windows = Windows(len(visual) // BEATS_PER_BAR, WINDOW_BARS, device)
        self.visual, self.language = map(self.windows.of_beats, (visual, language))

    def __call__(self, x: Tensor, step: Tensor) -> Tensor:
        def predict(batch: Batch) -> tuple[Tensor]:
            return (self._predict(self.windows.cut(x, batch), step[batch.takes], batch.windows),)

        (noise,) = self.windows.average(len(x), self.at_once, predict)
        return noise

    def _predict(self, x: Tensor, step: Tensor, windows: list[int]) -> Tensor:
        self.alive()
        with autocast(x.device):
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
