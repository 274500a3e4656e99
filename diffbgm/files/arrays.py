"""Arrays by their names, as a file keeps them (.npz)."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

# What numpy raises on a file that is cut off or altered, beside ValueError.
DAMAGE = (
    EOFError, AttributeError, IndexError, KeyError, MemoryError, NotImplementedError, OSError,
    OverflowError, SyntaxError, TypeError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file; executes nothing in it. ValueError where it is damaged; OSError
    where it cannot be opened."""
    with path.open("rb") as file:
        try:
            with np.load(file, allow_pickle=False) as arrays:
                return dict(arrays)
        except DAMAGE as exc:
            raise ValueError(f"{path} is damaged") from exc
