"""Asks a server, whenever options change, how the music would meet the cuts. Knows no Blender.

A thread of its own asks; who draws reads what it found last. Only a picture that was looked at
before is asked about, so the answers are quick, and only where the server still runs.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .client import Client, ClientError

POLL_SECONDS = 0.2
_PATIENCE = 0.1  # seconds without a further change before anybody is asked


@dataclass
class _Picture:
    """What was looked at, what is wanted, and what is known: an answer, or why there is none."""

    client: Client
    document: dict[str, Any]
    wanted: dict[str, Any] | None = None
    since: float = 0.0
    found: dict[str, Any] | str | None = None
    thread: threading.Thread | None = field(default=None, repr=False)


class LiveHits:
    """By scene; safe between threads."""

    def __init__(self) -> None:
        self._pictures: dict[str, _Picture] = {}
        self._lock = threading.Lock()

    def look_at(self, scene: str, client: Client, document: dict[str, Any]) -> None:
        """From now on questions about a scene are about this picture."""
        with self._lock:
            self._pictures[scene] = _Picture(client, document)

    def forget(self) -> None:
        with self._lock:
            self._pictures.clear()

    def knows(self, scene: str) -> bool:
        """Whether a scene's picture was looked at."""
        return scene in self._pictures

    def ask(self, scene: str, options: dict[str, Any]) -> None:
        """Returns at once; of several questions just the last one is answered."""
        with self._lock:
            picture = self._pictures.get(scene)
            if picture is None:
                return
            picture.wanted, picture.since = options, time.monotonic()
            if picture.thread is None:
                picture.thread = threading.Thread(target=self._work, args=(picture,), daemon=True)
                picture.thread.start()

    def is_asking(self, scene: str = "") -> bool:
        """Whether an answer is awaited, for a scene or for any."""
        pictures = [self._pictures.get(scene)] if scene else list(self._pictures.values())
        return any(picture is not None and picture.thread is not None for picture in pictures)

    def found(self, scene: str) -> dict[str, Any] | str | None:
        """What `POST /v1/hits` said last, or why it said nothing; None before."""
        picture = self._pictures.get(scene)
        return picture.found if picture else None

    def _work(self, picture: _Picture) -> None:
        while (options := self._next(picture)) is not None:
            try:
                answer = self._answer(picture, options)
            except ClientError as error:
                answer = str(error)
            with self._lock:
                if answer is not None:
                    picture.found = answer

    def _next(self, picture: _Picture) -> dict[str, Any] | None:
        """What to ask; None where nothing is wanted any more, and the thread ends."""
        while True:
            with self._lock:
                if picture.wanted is None:
                    picture.thread = None
                    return None
                if time.monotonic() - picture.since >= _PATIENCE:
                    options, picture.wanted = picture.wanted, None
                    return options
            time.sleep(0.02)

    def _answer(self, picture: _Picture, options: dict[str, Any]) -> dict[str, Any] | None:
        """None where meanwhile something else is wanted."""
        while picture.wanted is None:
            answer = picture.client.hits(picture.document, options)
            if answer.get("state") != "running":
                return answer
            time.sleep(POLL_SECONDS)
        return None
