"""A client of a diffbgm server, on this machine or on another: HTTP in, HTTP out, no music.

    with Client.local() as client:
        music = client.wait(client.compose("film.mp4", style="ambient"))
        client.download_all(music["id"], "music")

Needs requests and platformdirs, and loads nothing else: no network, no decoder.

DiffBGMError
├── ServerUnreachableError   no answer, or none of a diffbgm server
├── ServerRefusedError       an answer that is an error
└── JobFailedError           the work itself ended with an error
"""

import hashlib
import ipaddress
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import requests
from requests.auth import AuthBase

from diffbgm.errors import DiffBGMError, FilmError, StorageError
from diffbgm.files import replacing
from diffbgm.files.handshake import default_handshake

State = dict[str, Any]
"""A composition's state, as docs/http_api.md describes it."""

_BLOCK = 1 << 18  # bytes
_PAUSE = 1.0  # seconds before a lost server is asked again
_GOES_ON = ("queued", "running")


class ServerUnreachableError(DiffBGMError):
    """Nothing, or no diffbgm server, answers at the address."""

    code = "server_unreachable"


class ServerRefusedError(DiffBGMError):
    """An answer that is an error; `code` and message are the server's."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class JobFailedError(DiffBGMError):
    """What was asked for failed or was cancelled; `code` and message are the job's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Client:
    """One server at `address`, such as http://127.0.0.1:8765.

    `timeout` is how many seconds an answer may take, `patience` how long a server that went away
    in the middle of the work may take to come back. Every method may raise
    ServerUnreachableError and ServerRefusedError.
    """

    def __init__(
        self, address: str, token: str = "", timeout: float = 60.0, patience: float = 120.0
    ) -> None:
        self.address = address.rstrip("/")
        self._timeout = timeout
        self._patience = patience
        self._session = requests.Session()
        self._session.auth = _Token(token)
        # A proxy cannot reach this machine's own addresses.
        self._proxies = {"http": "", "https": ""} if _is_loopback(self.address) else None

    @classmethod
    def local(cls, handshake: str | Path | None = None, **arguments: Any) -> "Client":
        """A client of the server that runs on this machine for this user.

        `handshake` is the file in which it tells its address, if not the usual one.
        """
        path = Path(handshake or default_handshake())
        try:
            told = json.loads(path.read_text())
            return cls(told["address"], told["token"], **arguments)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ServerUnreachableError(
                f"no server runs on this machine: {path} tells of none; start `diffbgm serve`"
            ) from error

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    # The server, and its films

    def health(self) -> dict[str, Any]:
        """`name`, `version`, `ready`."""
        return self._json("GET", "/health")

    def info(self) -> dict[str, Any]:
        """`styles`, `moods`, `options`, `limits` and more."""
        return self._json("GET", "/v1/info")

    def upload(self, film: str | Path) -> str:
        """The film's id on the server; sends it unless it is known there. FilmError if unread."""
        path = Path(film)
        try:
            media = _sha256(path)
            try:
                return self._json("GET", f"/v1/media/{media}")["id"]
            except ServerRefusedError as refusal:
                if refusal.code != "media_unknown":
                    raise
            with path.open("rb") as content:
                query = {"name": path.name}
                return self._json("POST", "/v1/media", params=query, data=content)["id"]
        except OSError as error:
            raise FilmError(f"{path} cannot be read: {error.strerror or error}") from error

    # Compositions

    def compose(self, source: str | Path | dict[str, Any], **options: Any) -> State:
        """Ask for music to a film, or to an edit as an OpenTimelineIO document; its first state.

        A film is uploaded; `upload_media` does that for the media of an edit. `options` are those
        that `info()` lists.
        """
        named = {"timeline": source} if isinstance(source, dict) else {"media": self.upload(source)}
        return self._json("POST", "/v1/compositions", json={**named, "options": options})

    def upload_media(self, timeline: dict[str, Any], folder: str | Path = ".") -> dict[str, Any]:
        """The same document with the uploads in place of its media; `folder` is where it lay."""
        return {key: self._uploaded(key, value, Path(folder)) for key, value in timeline.items()}

    def compositions(self, limit: int = 100) -> list[State]:
        """The newest first, without their results."""
        return self._json("GET", "/v1/compositions", params={"limit": limit})["compositions"]

    def state(self, composition: str) -> State:
        """How it stands now, with the result once there is one."""
        return self._json("GET", _url(composition))

    def states(self, composition: str) -> Iterator[State]:
        """Its state now and at every change, without results, until nothing of it goes on.

        A server that goes away meanwhile is waited for.
        """
        lost_since: float | None = None
        while True:
            try:
                for state in self._events(composition):
                    lost_since = None
                    yield state
                    if state["state"] not in _GOES_ON:
                        return
            except ServerRefusedError as refusal:
                if refusal.code != "too_many_streams":
                    raise
                yield self.state(composition)
            except ServerUnreachableError:
                lost_since = lost_since or time.monotonic()
                if time.monotonic() - lost_since > self._patience:
                    raise
            time.sleep(_PAUSE)

    def wait(
        self, composition: str | State, progress: Callable[[str, float], None] | None = None
    ) -> State:
        """Wait until nothing of it goes on; the state with the result.

        `progress(stage, fraction)` may raise to stop waiting. JobFailedError if the last thing
        that was asked for failed or was cancelled.
        """
        known = composition if isinstance(composition, str) else composition["id"]
        for state in self.states(known):
            if progress and state["progress"]:
                progress(state["progress"]["stage"], state["progress"]["fraction"])
        state = self.state(known)
        if state["error"]:
            raise JobFailedError(state["error"]["code"], state["error"]["message"])
        if state["state"] == "cancelled":
            raise JobFailedError("cancelled", "it was cancelled")
        return state

    def new_take(self, composition: str, shot: int, **options: Any) -> State:
        """Ask for a shot again, its neighbours unchanged; `options` are those of a take."""
        return self._json("POST", f"{_url(composition)}/shots/{shot}/takes", json=options)

    def refit(self, composition: str, timeline: dict[str, Any], **options: Any) -> State:
        """Ask for the music carried over to a changed edit, as a composition of its own."""
        body = {"timeline": timeline, **options}
        return self._json("POST", f"{_url(composition)}/refits", json=body)

    def choose_take(self, composition: str, shot: int, take: int) -> State:
        """Ask for an earlier take of a shot back."""
        return self._json("PUT", f"{_url(composition)}/shots/{shot}/take", json={"take": take})

    def cancel(self, composition: str) -> State:
        """Cancel what is queued or running of it, and of no other."""
        return self._json("POST", f"{_url(composition)}/cancel")

    def delete(self, composition: str) -> None:
        """Forget it and its files."""
        with self._answer("DELETE", _url(composition)):
            pass

    # Files

    def download(self, composition: str, path: str, target: str | Path) -> Path:
        """Write one file of the result, such as `mix.wav`, to `target`: whole, or not at all."""
        target = Path(target)
        _make_folder(target.parent)
        with (
            self._answer("GET", f"{_url(composition)}/files/{quote(path)}", stream=True) as answer,
            replacing(target) as part,
            part.open("wb") as file,
        ):
            for block in self._blocks(answer):
                file.write(block)
        return target

    def download_all(self, composition: str, folder: str | Path) -> list[Path]:
        """Write all files of the result into `folder`, under their own names."""
        root = Path(folder).resolve()
        files = (self.state(composition)["result"] or {}).get("files", {})
        targets = {path: (root / path).resolve() for path in files}
        if strays := [path for path, target in targets.items() if root not in target.parents]:
            raise StorageError(f"the server names a file outside of {root}: {strays[0]}")
        return [self.download(composition, path, target) for path, target in targets.items()]

    # HTTP

    def _uploaded(self, key: str, value: Any, folder: Path) -> Any:
        if isinstance(value, dict):
            return self.upload_media(value, folder)
        if isinstance(value, list):
            return [self._uploaded(key, each, folder) for each in value]
        if key == "target_url" and isinstance(value, str) and not value.startswith("diffbgm:"):
            path = unquote(value.removeprefix("file://").removeprefix("localhost"))
            return f"diffbgm:media/{self.upload(folder / path)}"
        return value

    def _events(self, composition: str) -> Iterator[State]:
        """The states of one stream of server-sent events, to its end."""
        with self._answer("GET", f"{_url(composition)}/events", stream=True) as answer:
            event = ""
            for line in map(bytes.decode, answer.iter_lines(chunk_size=1)):
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: ") and event in ("state", "error"):
                    content = json.loads(line.removeprefix("data: "))
                    if event == "error":
                        raise ServerRefusedError(404, **content["error"])
                    yield content

    def _blocks(self, answer: requests.Response) -> Iterator[bytes]:
        try:
            yield from answer.iter_content(_BLOCK)
        except requests.RequestException as error:  # An OSError, too, and no fault of the disc.
            raise self._unreachable(error) from error

    def _json(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        with self._answer(method, path, **request) as answer:
            try:
                content = answer.json()
            except ValueError:
                content = None
        if not isinstance(content, dict):
            raise self._stranger()
        return content

    @contextmanager
    def _answer(self, method: str, path: str, **request: Any) -> Iterator[requests.Response]:
        """The one place that touches the network."""
        try:
            with self._session.request(
                method,
                self.address + path,
                timeout=self._timeout,
                proxies=self._proxies,
                **request,
            ) as answer:
                if answer.status_code >= 400:
                    raise self._refusal(answer)
                yield answer
        except (requests.RequestException, ValueError) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> ServerUnreachableError:
        return ServerUnreachableError(f"no answer from the server at {self.address}: {error}")

    def _refusal(self, answer: requests.Response) -> DiffBGMError:
        with suppress(ValueError, KeyError, TypeError):
            error = answer.json()["error"]
            return ServerRefusedError(answer.status_code, error["code"], error["message"])
        return self._stranger()

    def _stranger(self) -> ServerUnreachableError:
        return ServerUnreachableError(f"what answers at {self.address} is no diffbgm server")


class _Token(AuthBase):
    """Signs requests; a .netrc of the user's does not come in between."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error


def _is_loopback(address: str) -> bool:
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _url(composition: str) -> str:
    return f"/v1/compositions/{quote(composition, safe='')}"
