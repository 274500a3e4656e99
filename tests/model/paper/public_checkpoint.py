"""A checkpoint with the names and shapes of the public network, and deterministic weights.

The recipe of the reference outputs: every tensor is drawn from a seed of its own name.
"""

import math
import zlib
from pathlib import Path

import numpy as np
import torch

GOLDEN = Path(__file__).parents[2] / "golden"


def names_and_shapes() -> dict[str, tuple[int, ...]]:
    lines = (GOLDEN / "official_state_dict.tsv").read_text().splitlines()[1:]
    rows = (line.split("\t") for line in lines)
    return {name: tuple(int(size) for size in shape.split("x")) for name, shape in rows}


def public_table() -> dict[str, torch.Tensor]:
    """What a public checkpoint holds under "model"."""
    drawn = {
        name: _draw(name, shape)
        for name, shape in names_and_shapes().items()
        if name not in _schedule()
    }
    return drawn | _schedule()


def reference_inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """x, step, visual, language."""
    random = np.random.RandomState(0)
    x, visual, language = (
        torch.from_numpy(random.standard_normal(shape).astype(np.float32))
        for shape in ((4, 2, 128, 128), (4, 32, 512), (4, 32, 768))
    )
    return x, torch.tensor([999, 201, 200, 0]), visual, language


def _draw(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    seed = zlib.crc32(("diffbgm:" + name.removeprefix("model.")).encode())
    draw = np.random.RandomState(seed).standard_normal(shape).astype(np.float32)
    if len(shape) > 1:
        return torch.from_numpy(draw / np.float32(math.sqrt(math.prod(shape[1:]))))
    return torch.from_numpy(0.1 * draw + (1 if name.endswith("weight") else 0))


def _schedule() -> dict[str, torch.Tensor]:
    beta = torch.linspace(0.00085**0.5, 0.0120**0.5, 1000, dtype=torch.float64) ** 2
    values = {"alpha": 1 - beta, "beta": beta, "alpha_bar": (1 - beta).cumprod(0), "sigma2": beta}
    return {f"model.ldm.{name}": value.float() for name, value in values.items()}
