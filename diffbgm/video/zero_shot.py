"""Reads a mood from what a film shows, by contrast of prompts. Knows nothing of colour or motion.

Each line of `mood_prompts.tsv` names two opposite scenes. A picture is asked, as in zero-shot
classification (Radford et al. 2021, section 3.1), which of the two it is rather: that is one vote
between -1 and 1, and an axis of the mood is the mean of its votes.
"""

from fractions import Fraction
from functools import cache
from importlib.resources import files

import numpy as np

from diffbgm.video.clip import Clip

MOOD_RATE = Fraction(1)
"""Pictures a second: a mood has a row a second, rounded up."""

AXES = ("valence", "arousal", "tension")

# Cosines times this are logits: where CLIP's own scale ends in training (clipped at 100 there).
_LOGIT_SCALE = 100.0


def zero_shot_mood(image_embeddings: np.ndarray, clip: Clip) -> np.ndarray:
    """(N, 3) float32: valence, arousal, tension, each -1..1, of embeddings (N, width) of `clip`."""
    prompts = mood_prompts()
    lows, highs = ([pair[pole] for _, pair in prompts] for pole in (0, 1))
    caption_embeddings = clip.embed_texts([*lows, *highs])
    low, high = caption_embeddings[: len(prompts)], caption_embeddings[len(prompts) :]
    votes = np.tanh(
        _LOGIT_SCALE / 2 * image_embeddings @ (high - low).T
    )  # the two shares' difference
    axes = np.array([axis for axis, _ in prompts])
    columns = [votes[:, axes == axis].mean(axis=1) for axis in AXES]
    return np.stack(columns, axis=1).astype(np.float32)


@cache
def mood_prompts() -> tuple[tuple[str, tuple[str, str]], ...]:
    """(axis, (low, high)): opposite scenes on one of the `AXES`."""
    text = (files("diffbgm.video") / "mood_prompts.tsv").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    return tuple((axis, (low, high)) for axis, low, high in rows)
