"""Embeddings that were computed once are kept, by what they are of. Knows no network.

The files lie in the user's cache folder and may be deleted at any time.
"""

import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from diffbgm.errors import FilmError, StorageError
from diffbgm.files import replacing


def _default_folder() -> Path:
    return user_cache_path("diffbgm", appauthor=False) / "embeddings"


@dataclass(frozen=True)
class EmbeddingCache:
    """Arrays by key, each in a file of its own; one that is damaged counts as missing."""

    folder: Path = field(default_factory=_default_folder)

    def get(self, key: str, compute: Callable[[], np.ndarray]) -> np.ndarray:
        """What is kept under `key`, else what `compute` returns, which is kept from then on."""
        kept = self.find(key)
        if kept is None:
            kept = compute()
            self.keep(key, kept)
        return kept

    def find(self, key: str) -> np.ndarray | None:
        with suppress(OSError, ValueError, EOFError):
            return np.load(self._file(key), allow_pickle=False)
        return None

    def keep(self, key: str, array: np.ndarray) -> None:
        """Where nothing can be written all goes on as well: it is computed again next time."""
        with suppress(OSError, StorageError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(self._file(key)) as unfinished, unfinished.open("wb") as file:
                np.save(file, array)

    def _file(self, key: str) -> Path:
        return self.folder / f"{key}.npy"


def key_of(*parts: Any) -> str:
    """A name for what `parts` (of JSON) describe, the same for the same."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def content_of(film: Path) -> str:
    """SHA-256 of a film's bytes; FilmError if it cannot be read."""
    try:
        with film.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as exc:
        raise FilmError(f"{film}: cannot be read ({exc.strerror}); check its name") from exc
