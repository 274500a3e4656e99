"""Talks HTTP to a diffbgm server. Standard library only; knows nothing of Blender.

ClientError
├── ServerUnreachable    no answer: not running, wrong address, network down
└── ServerRefused        an answer that is an error; `code` is the server's, stable

Every call blocks: never make one on Blender's main thread.
"""

import hashlib
import http.client
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

BLOCK = 1 << 18  # bytes


class ClientError(Exception):
    """What a user of the client has to catch; the message is one line for people."""


class ServerUnreachable(ClientError):
    """Nothing, or nothing that makes sense, answers at the address.

    `mend` names the operator whose button helps: the preferences or the server's log.
    """

    def __init__(self, message: str, mend: str = "diffbgm.preferences") -> None:
        super().__init__(message)
        self.mend = mend


class ServerRefused(ClientError):
    """The server answered with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Client:
    """One server. `address` is a URL such as `http://127.0.0.1:8765`; `timeout` is in seconds."""

    def __init__(self, address: str, token: str = "", timeout: float = 30.0) -> None:
        self.address = address.rstrip("/")
        self._token = token
        self._timeout = timeout

    def health(self) -> dict[str, Any]:
        """Name, version and readiness; ServerUnreachable where something else answers."""
        health = self._json("GET", "/health")
        if health.get("name") != "diffbgm":
            raise self._stranger()
        return health

    def info(self) -> dict[str, Any]:
        """What the server suggestions: `styles`, `moods` and more."""
        return self._json("GET", "/v1/info")

    def upload(self, film: Path, sending: Callable[[float], None]) -> str:
        """The film's id on the server, its SHA-256; uploads it unless it is known there.

        `sending(fraction)` is called between blocks; what it raises ends the upload.
        """
        media = _sha256(film)
        try:
            self._json("GET", f"/v1/media/{media}")
        except ServerRefused as refusal:
            if refusal.code != "media_unknown":
                raise
            self._send_film(film, sending)
        return media

    def compose(self, timeline: dict, options: dict) -> dict[str, Any]:
        """Queues a composition for an OpenTimelineIO document; its first state."""
        return self._json("POST", "/v1/compositions", {"timeline": timeline, "options": options})

    def compose_film(self, media: str, options: dict) -> dict[str, Any]:
        """Queues a composition for an uploaded film whose cuts the server shall find."""
        return self._json("POST", "/v1/compositions", {"media": media, "options": options})

    def shots(self, timeline: dict, options: dict) -> dict[str, Any]:
        """The shots of a document that composing would find; `state` is "running" before."""
        return self._json("POST", "/v1/shots", {"timeline": timeline, "options": options})

    def hits(self, timeline: dict, options: dict) -> dict[str, Any]:
        """How the music would meet the cuts of a document; `state` is "running" before."""
        return self._json("POST", "/v1/hits", {"timeline": timeline, "options": options})

    def new_take(self, composition: str, shot: int, options: dict) -> dict[str, Any]:
        """Queues a new take of one shot; the composition's state, the new job its last."""
        return self._json("POST", f"{_url(composition)}/shots/{shot}/takes", options)

    def choose_take(self, composition: str, shot: int, take: int) -> dict[str, Any]:
        """Queues an earlier take of a shot for the mix; the composition's state, as `new_take`."""
        return self._json("PUT", f"{_url(composition)}/shots/{shot}/take", {"take": take})

    def refit(self, composition: str, timeline: dict, options: dict) -> dict[str, Any]:
        """Queues the music of a composition for a changed edit; the new one's first state."""
        content = {"timeline": timeline, **options}
        return self._json("POST", f"{_url(composition)}/refits", content)

    def state(self, composition: str) -> dict[str, Any]:
        """State, progress, jobs, and the result once there is one."""
        return self._json("GET", _url(composition))

    def cancel(self, composition: str) -> None:
        """Cancels what is queued or running of this composition, and of no other."""
        self._json("POST", f"{_url(composition)}/cancel", {})

    def download(self, composition: str, path: str, part: Path, check: Callable[[], None]) -> str:
        """Writes one file of the result to `part`; its SHA-256.

        `check` is called between blocks; whatever is raised, `part` is gone then.
        """
        digest = hashlib.sha256()
        try:
            with part.open("wb") as file:
                for block in self._blocks("GET", f"{_url(composition)}/files/{quote(path)}"):
                    check()
                    digest.update(block)
                    file.write(block)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return digest.hexdigest()

    def _send_film(self, film: Path, sending: Callable[[float], None]) -> None:
        size = film.stat().st_size
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        body = _read_blocks(film, sending)
        path = f"/v1/media?name={quote(film.name)}"
        for _ in self._blocks("POST", path, body, headers):
            pass

    def _json(self, method: str, path: str, content: dict | None = None) -> dict[str, Any]:
        body = None if content is None else json.dumps(content).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        answer = _parse(b"".join(self._blocks(method, path, body, headers)))
        if answer is None:
            raise self._stranger()
        return answer

    def _blocks(
        self,
        method: str,
        path: str,
        body: bytes | Iterator[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Iterator[bytes]:
        """The answer's body, block by block. The one place that touches the network."""
        token = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        url = urlsplit(self.address).path + path
        connection = self._connection()
        try:
            connection.request(method, url, body, token | (headers or {}))
            answer = connection.getresponse()
            if answer.status >= 400:
                raise _refusal(answer.status, answer.read())
            while block := answer.read(BLOCK):
                yield block
            if answer.length:  # `read` of a size is silent about an answer that was cut short
                raise http.client.IncompleteRead(b"", answer.length)
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise ServerUnreachable(
                f"No answer from the server at {self.address}: {why}"
            ) from error
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        try:
            parts = urlsplit(self.address)
            kind = {"http": "HTTPConnection", "https": "HTTPSConnection"}[parts.scheme]
            # The second is not there where Python was built without TLS.
            return getattr(http.client, kind)(parts.hostname, parts.port, timeout=self._timeout)
        except AttributeError as error:
            raise ServerUnreachable(f"This Python cannot do https: {self.address}") from error
        except (KeyError, ValueError, http.client.InvalidURL) as error:
            raise ServerUnreachable(
                f"{self.address!r} is no address of a server; write it like http://192.168.1.5:8765"
            ) from error

    def _stranger(self) -> ServerUnreachable:
        return ServerUnreachable(f"What answers at {self.address} is no diffbgm server")


def _url(composition: str) -> str:
    return f"/v1/compositions/{quote(composition, safe='')}"


def _parse(body: bytes) -> dict[str, Any] | None:
    try:
        content = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _refusal(status: int, body: bytes) -> ServerRefused:
    """The error of an answer; one that is not in our form is known by its status alone."""
    error = (_parse(body) or {}).get("error")
    if not isinstance(error, dict):
        return ServerRefused(status, "http_error", f"The server answered with HTTP status {status}")
    return ServerRefused(status, str(error.get("code")), str(error.get("message")))


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    for block in _read_blocks(path, lambda fraction: None):
        digest.update(block)
    return digest.hexdigest()


def _read_blocks(path: Path, reading: Callable[[float], None]) -> Iterator[bytes]:
    size = max(path.stat().st_size, 1)
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            yield block
            reading(file.tell() / size)
