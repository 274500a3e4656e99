"""Makes rolls.npz: what both samplers draw, by small networks with seeded weights.

    python -m tests.golden.make_rolls

What is sampled is the same to the last cell on one machine, and nearly the same on others: where
bfloat16 is fast (here it was), or sums are taken in another order, single cells fall otherwise.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from diffbgm.model import sampling
from diffbgm.model.paper import sampling as paper_sampling
from diffbgm.music.pianoroll import from_notes
from diffbgm.options import Sampling
from tests.model.paper.small_paper import small_paper
from tests.model.small_network import eager_network, piece

ROLLS = Path(__file__).with_name("rolls.npz")
GUIDED = Sampling(steps=8, guidance=1.5)
UNGUIDED = Sampling(steps=4, guidance=1.0)


def time_token_film() -> np.ndarray:
    """Ten bars in windows of two, two takes, guided."""
    return sampling.sample(eager_network(), piece(40), [7, 8], GUIDED)


def time_token_theme() -> np.ndarray:
    """Two bars of theme, shown three times."""
    shown = np.array([0, 1, -1, 0, 1, 1])
    conditions = replace(piece(24, None), theme=shown)
    return sampling.sample(eager_network(), conditions, [3], GUIDED)


def time_token_inpainting() -> np.ndarray:
    """Three takes of the middle of six bars."""
    return sampling.sample(eager_network(), piece(24), [1, 2, 3], GUIDED, *_given(24))


def time_token_one_bar() -> np.ndarray:
    """Less than a window, and some of it known."""
    return sampling.sample(eager_network(), piece(4), [5], UNGUIDED, *_given(4))


def paper_film() -> np.ndarray:
    """Ten bars in windows of eight, two takes."""
    return paper_sampling.sample(small_paper(), piece(40), [1, 2], UNGUIDED)


def paper_inpainting() -> np.ndarray:
    """Two takes of the middle of nine bars."""
    return paper_sampling.sample(small_paper(), piece(36), [1, 2], UNGUIDED, *_given(36))


def paper_one_bar() -> np.ndarray:
    """Less than a window, and some of it known."""
    return paper_sampling.sample(small_paper(), piece(4), [5], UNGUIDED, *_given(4))


def paper_ancestral() -> np.ndarray:
    """All steps of a short schedule, some of two bars known."""
    network = small_paper()
    network.beta = network.beta[-12:]
    return paper_sampling.sample(network, piece(8), [4], Sampling(steps=12), *_given(8))


CASES: list[Callable[[], np.ndarray]] = [
    time_token_film, time_token_theme, time_token_inpainting, time_token_one_bar,
    paper_film, paper_inpainting, paper_one_bar, paper_ancestral,
]  # fmt: skip


def _given(beats: int) -> tuple[np.ndarray, np.ndarray]:
    """A roll of random notes, known but for its middle third."""
    random, cells = np.random.RandomState(0), 4 * beats
    notes = [
        [random.randint(cells), 1 + random.randint(8), 30 + random.randint(60),
         1 + random.randint(127), random.randint(3)]
        for _ in range(5 * beats)
    ]  # fmt: skip
    known = np.ones((3, cells), bool)
    known[:, cells // 3 : 2 * cells // 3] = False
    return from_notes(np.array(notes), cells), known


def main() -> None:
    with torch.inference_mode():
        np.savez_compressed(ROLLS, **{case.__name__: case() for case in CASES})


if __name__ == "__main__":
    main()
