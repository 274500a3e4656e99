"""Receiving a film: streamed to the store's disc, named by its content. Never looks inside."""

import hashlib
import re
import secrets
from pathlib import Path, PurePosixPath
from typing import IO, Any

from flask import Request

from diffbgm.errors import FilmError

from .store import Store
from .tables import Media

_CHUNK = 1024 * 1024


class Upload:
    """A film on its way to the store: one file, written once, hashed while it comes.

    It is what waitress keeps a request's body in, and what the application reads it from.
    """

    def __init__(self, work: Path) -> None:
        self.path = work / f"upload-{secrets.token_hex(8)}"
        self.size = 0
        self._digest = hashlib.sha256()
        self._file: IO[bytes] = self.path.open("x+b", buffering=0)

    def append(self, data: bytes) -> None:
        """OSError where there is no space."""
        view = memoryview(data)
        while len(view):
            view = view[self._file.write(view) :]
        self._digest.update(data)
        self.size += len(data)

    @property
    def media_id(self) -> str:
        return self._digest.hexdigest()

    def getfile(self) -> "Upload":
        """The body as the application's input."""
        return self

    def read(self, size: int = -1) -> bytes:
        """Nothing: the application takes the file as a whole."""
        del size
        return b""

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True

    def close(self) -> None:
        """Nothing stays, unless the file was moved away."""
        self._file.close()
        self.path.unlink(missing_ok=True)


def receive(request: Request, name: str, store: Store) -> tuple[Media, bool]:
    """Stores a request's body; its row, and whether it is new. Nothing stays after an error."""
    body: Any = request.environ["wsgi.input"]
    upload = body if isinstance(body, Upload) else Upload(store.work)
    try:
        if upload is not body:
            while chunk := request.stream.read(_CHUNK):
                upload.append(chunk)
        if upload.size == 0:
            raise FilmError(f"{name} is empty: send the film as the body of the request.")
        return store.keep_media(upload.path, upload.media_id, file_name(name), upload.size)
    finally:
        upload.close()


def file_name(name: str) -> str:
    """A harmless file name close to `name`, of at most 60 characters, its suffix kept."""
    last = re.split(r"[/\\]", name)[-1]
    clean = PurePosixPath(re.sub(r"[^\w .()-]", "_", last).strip(" .") or "film")
    return clean.stem[:50] + clean.suffix[:10]
