"""What pictures and words mean, as vectors in one space (CLIP, Radford et al. 2021).

Knows no mood and no caption. The network is any model of open_clip in a folder of its own (see
`clip_weights`); it is loaded when something must be computed that no earlier run has kept.

    clip = installed_clip()
    image = embed_frames(Path("film.mp4"), 1.0, clip)    # (seconds, width), rows of length 1
    caption = clip.embed_texts(["a storm at sea", "a quiet room"])
    similarity = image @ caption.T                       # cosines
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from diffbgm.devices import choose_device
from diffbgm.errors import CheckpointError
from diffbgm.readers.film_info import probe
from diffbgm.video.clip_weights import CONFIG, damaged, installed, model_config, weights_of
from diffbgm.video.decode import Picture, on_grid, read_pictures
from diffbgm.video.embeddings import EmbeddingCache, content_of, key_of

if TYPE_CHECKING:
    from diffbgm.video.clip_network import Network

BATCH = 16
"""Pictures, or texts, that go through a network at once."""

Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Clip:
    """A model in `folder`; nothing of it is loaded before it is needed.

    All embeddings are (N, width) float32 with rows of length 1, so that products are cosines.
    CheckpointError names the file of the model that is missing or damaged.
    """

    folder: Path
    device: str = "auto"
    cache: EmbeddingCache = field(default_factory=EmbeddingCache)

    @property
    def width(self) -> int:
        """Of an embedding."""
        return model_config(self.folder)["embed_dim"]

    @property
    def side(self) -> int:
        """Pixels along the shorter side of a picture that loses nothing for the network."""
        try:
            return int(np.max(model_config(self.folder)["vision_cfg"]["image_size"]))
        except (KeyError, TypeError, ValueError) as exc:
            raise damaged(self.folder / CONFIG, "it names no image_size") from exc

    @property
    def identity(self) -> str:
        """The same as long as the model's files are."""
        weights = weights_of(self.folder)
        if weights is None:
            raise CheckpointError(f"{self.folder}: holds no weights; type python install.py clip")
        file = weights.stat()
        return key_of(model_config(self.folder), weights.name, file.st_size, file.st_mtime_ns)

    @property
    def network(self) -> "Network":
        """The network, loaded when it is first asked for. OptionError for an unknown device."""
        from diffbgm.video.clip_network import load_network

        return load_network(self.folder, self.identity, choose_device(self.device))

    def embed_pictures(self, pictures: Iterable[np.ndarray]) -> np.ndarray:
        """RGB pictures (H, W, 3) uint8 of any size, in turn; those of a batch are kept at once."""
        network = self.network
        rows = [network.embed_pictures(batch) for batch in in_batches(pictures)]
        return np.concatenate([np.empty((0, self.width), np.float32), *rows])

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """English texts of a sentence or so, computed once for the same texts and model."""
        different = sorted(set(texts))

        def compute() -> np.ndarray:
            network = self.network
            rows = [network.embed_texts(batch) for batch in in_batches(different)]
            return np.concatenate([np.empty((0, self.width), np.float32), *rows])

        embeddings = self.cache.get(key_of("texts", self.identity, different), compute)
        row = {text: number for number, text in enumerate(different)}
        return embeddings[[row[text] for text in texts]]

    def frames_key(self, shown: Any, rate: Fraction) -> str:
        """Under which the cache keeps the embeddings of `shown`, `rate` times a second."""
        return key_of("frames", self.identity, shown, str(rate))


def installed_clip(device: str = "auto") -> Clip | None:
    """The model that `install.py clip` fetched; None if it was not."""
    folder = installed("clip")
    return folder and Clip(folder, device)


def embed_frames(film: Path, rate: float, clip: Clip) -> np.ndarray:
    """(N, width) float32 of the film's frames in the middle of every 1/`rate` seconds.

    N is the film's seconds times `rate`, rounded up. Computed once for the same film, rate and
    model, by the content of the film. Raises FilmError, CheckpointError.
    """
    exact = exact_rate(rate)

    def compute() -> np.ndarray:
        return clip.embed_pictures(pictures_at(film, exact, clip.side))

    return clip.cache.get(clip.frames_key(content_of(film), exact), compute)


def pictures_at(film: Path, rate: Fraction, side: int) -> Iterator[np.ndarray]:
    """The pictures that `embed_frames` sees, (H, W, 3) uint8 with a shorter side of `side`."""
    frame_rate = probe(film).frame_rate
    for picture in sampled(on_grid(read_pictures(film), frame_rate), frame_rate, rate):
        yield picture.sized(side)


def sampled(frames: Iterable[Picture], frame_rate: Fraction, rate: Fraction) -> Iterator[Picture]:
    """Of the frames of a film, the one in the middle of every 1/`rate` seconds."""
    frames_each = frame_rate / rate
    due, end, last = 0, 0, None
    for end, last in enumerate(frames, start=1):
        while (due + Fraction(1, 2)) * frames_each < end:
            yield last
            due += 1
    if last is not None and due * frames_each < end:  # a last one that ends before its middle
        yield last


def exact_rate(rate: float) -> Fraction:
    """Samples a second; ValueError unless above 0."""
    if not rate > 0:
        raise ValueError(f"a rate must be above 0, not {rate}")
    return Fraction(rate).limit_denominator(1001)


def in_batches(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """Lists of `BATCH` things, the last one maybe shorter; taken from `things` as needed."""
    things = iter(things)
    while batch := list(islice(things, BATCH)):
        yield batch


def try_out(folder: Path) -> None:
    """CheckpointError unless the model in `folder` runs."""
    Clip(folder, "cpu").network.embed_pictures([np.zeros((8, 8, 3), np.uint8)])
