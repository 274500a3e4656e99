"""Receiving a film: streamed to the store's disc, named by its content. Never looks inside."""

import hashlib
import re
import secrets
from pathlib import PurePosixPath
from typing import IO

from diffbgm.errors import FilmError

from .store import Store
from .tables import Media

_CHUNK = 1024 * 1024


def receive(stream: IO[bytes], name: str, store: Store) -> tuple[Media, bool]:
    """Stores what `stream` gives; its row, and whether it is new. Nothing stays after an error."""
    part = store.work / f"upload-{secrets.token_hex(8)}"
    try:
        digest, size = hashlib.sha256(), 0
        with part.open("xb") as file:
            while chunk := stream.read(_CHUNK):
                file.write(chunk)
                digest.update(chunk)
                size += len(chunk)
        if size == 0:
            raise FilmError(f"{name} is empty: send the film as the body of the request.")
        return store.keep_media(part, digest.hexdigest(), file_name(name), size)
    finally:
        part.unlink(missing_ok=True)


def file_name(name: str) -> str:
    """A harmless file name close to `name`, of at most 60 characters, its suffix kept."""
    last = re.split(r"[/\\]", name)[-1]
    clean = PurePosixPath(re.sub(r"[^\w .()-]", "_", last).strip(" .") or "film")
    return clean.stem[:50] + clean.suffix[:10]
