"""Says in words what a film shows. Knows no mood.

CoCa (Yu et al. 2022) writes a sentence of its own for every picture; without its weights the
sentence of `captions.txt` that is nearest to the picture stands for it.
"""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np

from diffbgm.video.clip import Clip, embed_frames, exact_rate, in_batches, pictures_at
from diffbgm.video.clip_weights import installed

CaptionSource = Literal["coca", "bank"]


@dataclass(frozen=True)
class Captions:
    """A sentence for every picture, and whether CoCa wrote them or the bank had them."""

    texts: tuple[str, ...]
    source: CaptionSource


def caption_film(film: Path, rate: float, clip: Clip, coca: Clip | None = None) -> Captions:
    """What the frames show that `embed_frames` sees, by `coca` if it is given, else by the bank.

    Raises FilmError, CheckpointError.
    """
    if coca is None:
        return Captions(nearest_captions(embed_frames(film, rate, clip), clip), "bank")
    network = coca.network
    pictures = pictures_at(film, exact_rate(rate), coca.side)
    written = (network.write_captions(batch) for batch in in_batches(pictures))
    return Captions(tuple(text for batch in written for text in batch), "coca")


def nearest_captions(image_embeddings: np.ndarray, clip: Clip) -> tuple[str, ...]:
    """The bank's most similar sentence for each of the embeddings (N, width) of `clip`."""
    bank = caption_bank()
    nearest = (image_embeddings @ clip.embed_texts(bank).T).argmax(axis=1)
    return tuple(bank[index] for index in nearest)


@cache
def caption_bank() -> tuple[str, ...]:
    """Sentences about what films show."""
    text = (files("diffbgm.video") / "captions.txt").read_text("utf-8")
    return tuple(text.splitlines())


def installed_coca(device: str = "auto") -> Clip | None:
    """The model that `install.py coca` fetched; None if it was not."""
    folder = installed("coca")
    return folder and Clip(folder, device)
