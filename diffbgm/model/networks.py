"""The networks that can sample a piece, by the format of their weights: ours, and the paper's.

Adding one is adding a line to `KINDS`; who scores a film does not ask which one it is.
"""

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
from diffbgm.model.weights_file import another_network, read_format
from diffbgm.options import Sampling
from diffbgm.progress import Advance, no_advance

_FEWEST_STEPS = 4  # that may be asked for


class Sampler(Protocol):
    """Rolls of a piece, as `model.sampling.sample` says."""

    def __call__(
        self,
        network: Any,
        piece: PieceConditions,
        seeds: list[int],
        options: Sampling,
        given: np.ndarray | None = None,
        known: np.ndarray | None = None,
        progress: Advance = ...,
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
    """A network on its device, ready to sample."""

    network: Any
    kind: Kind

    def sample(
        self,
        piece: PieceConditions,
        seeds: list[int],
        options: Sampling,
        given: np.ndarray | None = None,
        known: np.ndarray | None = None,
        progress: Advance = no_advance,
    ) -> np.ndarray:
        """Rolls (len(seeds), 4 B, 3, 88), one a seed; see `model.sampling.sample`."""
        return self.kind.sample(self.network, piece, seeds, options, given, known, progress)

    def for_one_shot(self, options: Sampling) -> Sampling:
        """How one shot is sampled where all around it is known."""
        steps = math.ceil(options.steps * self.kind.steps_of_shot)
        return replace(options, steps=max(_FEWEST_STEPS, steps))

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
    return Model(kind.load(path, device), kind)


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
