"""The conditions of a piece of any length, as every network's sampler takes them.

Knows no network: each takes the streams that it was trained on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class PieceConditions:
    """What a piece is to be, from a downbeat on: dynamic (B, 6), semantic (B, 3), segment (B,),
    with B a whole number of bars; key_signature 0..11 or None (the network chooses).

    `theme` (bars,) says which bar of the theme each bar shows, or -1; `recalled` has those bars of
    it (16, 3, 88), by their numbers, that sounded before this piece. `image_embeddings` and
    `caption_embeddings`, (B, width) float32 where CLIP is installed, are for the paper's network.
    `chord` (B, 37) is as `music.chord_rows` has it, or None: the network chooses.
    """

    dynamic: np.ndarray
    semantic: np.ndarray
    segment: np.ndarray
    key_signature: int | None = None
    theme: np.ndarray | None = None
    image_embeddings: np.ndarray | None = None
    caption_embeddings: np.ndarray | None = None
    chord: np.ndarray | None = None
    recalled: Mapping[int, np.ndarray] = field(default_factory=dict)

    def between(self, beats: slice) -> "PieceConditions":
        """Those of some of the beats alone: without the theme, which is of the whole piece."""
        rows = (self.dynamic[beats], self.semantic[beats], self.segment[beats])
        images, captions = self.image_embeddings, self.caption_embeddings
        return PieceConditions(
            *rows,
            self.key_signature,
            image_embeddings=None if images is None else images[beats],
            caption_embeddings=None if captions is None else captions[beats],
            chord=None if self.chord is None else self.chord[beats],
        )
