"""The networks that can sample a piece, by the format of their weights: ours, and the paper's.

Adding one is adding a line to `KINDS`; who scores a film does not ask which one it is.
"""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from diffbgm.model import checkpoint, sampling
from diffbgm.model.paper import checkpoint as paper_checkpoint
from diffbgm.model.paper import sampling as paper_sampling
from diffbgm.model.paper.unet import PaperNetwork
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.model.room import Room, is_out_of_memory
from diffbgm.model.weights_file import another_network, read_format
from diffbgm.options import Sampling, option_named
from diffbgm.progress import Advance, no_advance

logger = logging.getLogger(__name__)


class Sampler(Protocol):
    """Rolls of a piece, as `model.sampling.sample` says; `windows` at once, as many as it likes
    where that is None."""

    def __call__(
        self,
        network: Any,
        piece: PieceConditions,
        seeds: list[int],
        options: Sampling,
        given: np.ndarray | None = None,
        known: np.ndarray | None = None,
        progress: Advance = ...,
        windows: int | None = None,
    ) -> np.ndarray: ...


@dataclass(frozen=True)
class Kind:
    """How weights of one format are loaded and sampled, and whether guidance acts on them.

    `feature_sources` says in words what stands for features that the network asks for and a film
    may not have, given the film's image embeddings (seconds, width), None without CLIP. One shot
    among known ones takes the share `steps_of_shot` of the steps: its surroundings lead it.
    """

    name: str
    load: Callable[[Path, torch.device], Any]
    sample: Sampler
    guided: bool
    feature_sources: Callable[[Any, np.ndarray | None], dict[str, str]] = lambda network, _: {}
    steps_of_shot: float = 1.0


def _load_official(path: Path, device: torch.device) -> PaperNetwork:
    return paper_checkpoint.load_official(path).to(device)


KINDS = {
    checkpoint.FORMAT: Kind(
        "time tokens", checkpoint.load_network, sampling.sample, True, steps_of_shot=0.5
    ),
    paper_checkpoint.FORMAT: Kind(
        "Diff-BGM U-Net",
        _load_official,
        paper_sampling.sample,
        False,
        paper_sampling.feature_sources,
    ),
}


@dataclass(frozen=True)
class Model:
    """A network on its device, ready to sample; `room` is of the job that it is loaded for."""

    network: Any
    kind: Kind
    device: torch.device
    room: Room

    @classmethod
    def of(cls, network: Any, kind: Kind, device: torch.device) -> "Model":
        return cls(network, kind, device, Room(device))

    def afresh(self) -> "Model":
        """The same for another job: with all of the device to try."""
        return Model.of(self.network, self.kind, self.device)

    def sample(
        self,
        piece: PieceConditions,
        seeds: list[int],
        options: Sampling,
        given: np.ndarray | None = None,
        known: np.ndarray | None = None,
        progress: Advance = no_advance,
    ) -> np.ndarray:
        """Rolls (len(seeds), 4 B, 3, 88), one a seed; see `model.sampling.sample`.

        Where a GPU has not enough memory, once more with few windows at a time, then on the
        processor; `memory` says so.
        """
        while (rolls := self._try(piece, seeds, options, given, known, progress)) is None:
            self.room.shrink()
        return rolls

    def _try(self, *arguments: Any) -> np.ndarray | None:
        """None where there was not enough memory, and less can be tried."""
        try:
            network = self.network.to(self.room.device)
            return self.kind.sample(network, *arguments, windows=self.room.windows)
        except RuntimeError as error:
            if self.room.is_least or not is_out_of_memory(error):
                raise
            logger.warning("not enough memory on %s; less is tried: %s", self.device, error)
            return None

    @property
    def memory(self) -> dict[str, str]:
        """More of `model` in composition.json, where there was not enough."""
        return self.room.told(self.device)

    def for_one_shot(self, options: Sampling) -> Sampling:
        """How one shot is sampled where all around it is known."""
        steps = math.ceil(options.steps * self.kind.steps_of_shot)
        fewest = int(option_named("steps").low or 1)
        return replace(options, steps=max(fewest, steps))

    def feature_sources(self, image_embeddings: np.ndarray | None) -> dict[str, str]:
        """More of `model` in composition.json: see `Kind`."""
        return self.kind.feature_sources(self.network, image_embeddings)


def kind_of(path: Path) -> Kind:
    """The kind that a checkpoint's header names; CheckpointError if it is none of ours."""
    found = read_format(path)
    if found not in KINDS:
        raise another_network(path, found)
    return KINDS[found]


def load_model(path: Path, device: torch.device) -> Model:
    """The model in `path`; CheckpointError unless it is whole and all of its weights fit."""
    kind = kind_of(path)
    try:
        network = kind.load(path, device)
    except RuntimeError as error:
        if not is_out_of_memory(error):
            raise
        network = kind.load(path, torch.device("cpu"))  # Sampling tries the device again.
    return Model.of(network, kind, device)


def describe(path: Path, options: Sampling) -> dict[str, Any]:
    """name, sha256, network, steps, guidance: `model` in composition.json, before it is loaded."""
    kind = kind_of(path)
    identity = checkpoint.identify(path)
    return {
        "name": identity.name,
        "sha256": identity.sha256,
        "network": kind.name,
        "steps": options.steps,
        "guidance": options.guidance if kind.guided else 1.0,
    }
