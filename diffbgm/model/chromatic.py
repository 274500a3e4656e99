"""Chords that leave the key, made to be played as they are written.

A network that knows the key plays its scale where a chord asks for a tone outside it: songs have
few such chords. Here the chord has the last word. Knows no network.
"""

import numpy as np
import torch
from torch import Tensor

from diffbgm.music.chord_plan import MAJOR_SCALE
from diffbgm.music.pianoroll import KEYS, LOWEST_PITCH, SIXTEENTHS_PER_BEAT

# How much a chord's tones outside the key gain in logits, and the tones beside them lose.
SHIFT = 2.0


def chromatic_shift(chord: np.ndarray, key_signature: int | None) -> Tensor:
    """Shifts (4 B, 88) of the logits of keys under chords (B, 37), `music.chord_rows`."""
    members = chord[:, 12:24] > 0  # (B, 12)
    outside = np.ones(12, bool)
    if key_signature is None:
        outside[:] = False
    else:
        outside[(key_signature + MAJOR_SCALE) % 12] = False
    raised = members & outside
    beside = np.roll(raised, 1, axis=1) | np.roll(raised, -1, axis=1)
    shift = SHIFT * (raised.astype(np.float32) - (beside & ~members))
    of_keys = shift[:, (np.arange(KEYS) + LOWEST_PITCH) % 12]
    return torch.from_numpy(of_keys.repeat(SIXTEENTHS_PER_BEAT, axis=0).astype(np.float32))
