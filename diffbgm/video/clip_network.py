"""Loads networks with open_clip; the one module that knows that library. Knows no film.

open_clip imports torchvision, whose compiled part does not load beside the CPU build of torch.
Nothing of that part is used here, so what would register its operators is left out.
"""

import pickle
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError

from diffbgm.devices import use_cores
from diffbgm.errors import CheckpointError
from diffbgm.video.clip_weights import damaged, weights_of

_START, _END = 49406, 49407  # tokens of CLIP's vocabulary
_SHORTEST_CAPTION, _LONGEST_CAPTION = 4, 29  # tokens, as open_clip's own generator has them
_REGISTRATIONS = ("torchvision._meta_registrations", "torchvision._autograd_registrations")
_DAMAGE = (
    *(OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, AssertionError),
    *(RuntimeError, SafetensorError, pickle.UnpicklingError),
)


@dataclass(frozen=True)
class Network:
    """The model of open_clip in `folder`, ready to run on `device`."""

    folder: Path
    model: Any
    prepare: Any  # open_clip's own: a picture as the network wants it, (3, side, side)
    tokenize: Any  # texts to tokens (N, context), and back
    device: str

    def images(self, pictures: Sequence[np.ndarray]) -> torch.Tensor:
        """RGB pictures (H, W, 3) uint8 as one batch (N, 3, side, side)."""
        prepared = [self.prepare(Image.fromarray(picture)) for picture in pictures]
        return torch.stack(prepared).to(self.device)

    @torch.inference_mode()
    def embed_pictures(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        """(N, width) float32, rows of length 1."""
        return _array(self.model.encode_image(self.images(pictures), normalize=True))

    @torch.inference_mode()
    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, width) float32, rows of length 1; what is longer than the context is cut off."""
        tokens = self.tokenize(list(texts)).to(self.device)
        return _array(self.model.encode_text(tokens, normalize=True))

    @torch.inference_mode()
    def write_captions(self, pictures: Sequence[np.ndarray]) -> list[str]:
        """A sentence for each picture, word by word the likeliest; CheckpointError if no CoCa.

        open_clip's own generator asks for classes that transformers has no more.
        """
        if not hasattr(self.model, "text_decoder"):
            raise CheckpointError(
                f"{self.folder}: writes no captions, as it is no CoCa; "
                "python install.py coca fetches one"
            )
        images = self.images(pictures)
        encoded = self.model(images)
        latents = {"image_latent": encoded["image_features"], "image_embs": encoded["image_embs"]}
        words = torch.full((len(pictures), 1), _START, device=self.device)
        ended = torch.zeros(len(pictures), dtype=torch.bool, device=self.device)
        while words.shape[1] <= _LONGEST_CAPTION and not ended.all():
            logits = self.model(images, words, **latents, output_labels=False)["logits"][:, -1]
            if words.shape[1] <= _SHORTEST_CAPTION:
                logits[:, _END] = -torch.inf
            logits[:, _START] = -torch.inf
            following = logits.argmax(dim=1).masked_fill(ended, _END)
            ended |= following == _END
            words = torch.cat([words, following[:, None]], dim=1)
        return [self._sentence(row) for row in words[:, 1:].tolist()]

    def _sentence(self, tokens: list[int]) -> str:
        """What the tokens say up to the end of the text."""
        length = tokens.index(_END) if _END in tokens else len(tokens)
        return " ".join(self.tokenize.decode(tokens[:length]).split())


@lru_cache(maxsize=2)
def load_network(folder: Path, identity: str, device: str) -> Network:
    """The model in `folder`, kept warm until `unload`; another `identity` is loaded in its place.

    CheckpointError names the file that is damaged or does not fit the architecture.
    """
    open_clip = import_open_clip()
    use_cores()
    name = f"local-dir:{folder}"
    try:
        model, prepare = open_clip.create_model_from_pretrained(name, device=device)
        tokenize = open_clip.get_tokenizer(name)
    except _DAMAGE as exc:
        raise damaged(weights_of(folder) or folder, exc) from exc
    return Network(folder, model.eval(), prepare, tokenize, device)


def unload() -> None:
    """Give the memory of the networks back."""
    load_network.cache_clear()


def import_open_clip() -> ModuleType:
    """The library."""
    if torch.version.cuda is None and "torchvision" not in sys.modules:
        for name in _REGISTRATIONS:
            sys.modules[name] = ModuleType(name)
    import open_clip

    return open_clip


def _array(embeddings: torch.Tensor) -> np.ndarray:
    return embeddings.float().cpu().numpy()
