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
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from diffbgm.client.connection import Connection
from diffbgm.client.errors import JobFailedError, ServerRefusedError, ServerUnreachableError
from diffbgm.errors import FilmError, StorageError
from diffbgm.files import replacing
from diffbgm.files.handshake import default_handshake

State = dict[str, Any]
"""A composition's state, as docs/http_api.md describes it."""

__all__ = ["Client", "JobFailedError", "ServerRefusedError", "ServerUnreachableError"]

Source = dict[str, Any]
"""An OpenTimelineIO document, or what `read_edit` makes of an edit."""

Telling = Callable[[str, float], None] | None
"""Is told a stage and how much of the whole is done, 0 to 1."""

_PAUSE = 1.0  # seconds before a lost server is asked again
_GOES_ON = ("queued", "running")


class Client:
    """One server at `address`, such as http://127.0.0.1:8765.

    `timeout` is how many seconds an answer may take, `patience` how long a server that went away
    in the middle of the work may take to come back. Every method may raise
    ServerUnreachableError and ServerRefusedError.
    """

    def __init__(
        self, address: str, token: str = "", timeout: float = 60.0, patience: float = 120.0
    ) -> None:
        self._server = Connection(address, token, timeout)
        self.address = self._server.address
        self._patience = patience

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
        self._server.close()

    # The server, and its films

    def health(self) -> dict[str, Any]:
        """`name`, `version`, `ready`."""
        return self._server.json("GET", "/health")

    def info(self) -> dict[str, Any]:
        """`styles`, `moods`, `options`, `limits` and more."""
        return self._server.json("GET", "/v1/info")

    def upload(self, film: str | Path) -> str:
        """The film's id on the server; sends it unless it is known there. FilmError if unread."""
        path = Path(film)
        try:
            media = _sha256(path)
            try:
                return self._server.json("GET", f"/v1/media/{media}")["id"]
            except ServerRefusedError as refusal:
                if refusal.code != "media_unknown":
                    raise
            with path.open("rb") as content:
                query = {"name": path.name}
                return self._server.json("POST", "/v1/media", params=query, data=content)["id"]
        except OSError as error:
            raise FilmError(f"{path} cannot be read: {error.strerror or error}") from error

    def read_edit(self, edit: str | Path, rate: float | None = None) -> Source:
        """An edit in any format, with its media uploaded, for all that takes a source.

        `rate` is for an EDL, which names none. FilmError where the edit is not read.
        """
        path = Path(edit)
        query = {"name": path.name} | ({} if rate is None else {"rate": str(rate)})
        try:
            content = path.read_bytes()
        except OSError as error:
            raise FilmError(f"{path} cannot be read: {error.strerror or error}") from error
        read = self._server.json("POST", "/v1/timelines", params=query, data=content)
        named = {name: path.parent / _path(name) for name in read["films"]}
        films = {name: self.upload(film) for name, film in named.items() if film.is_file()}
        return {"timeline": read["timeline"], "films": films}

    # Before composing

    def hits(self, source: str | Path | Source, progress: Telling = None, **options: Any) -> State:
        """How composing with these options would meet the cuts; waits while the film is looked at.

        `progress(stage, fraction)` may raise to stop waiting.
        """
        return self._ask("/v1/hits", {**self._source(source), "options": options}, progress)

    def shots(self, source: str | Path | Source, progress: Telling = None, **options: Any) -> State:
        """The shots that composing would find; as `hits`."""
        return self._ask("/v1/shots", {**self._source(source), "options": options}, progress)

    # Compositions

    def compose(self, source: str | Path | Source, **options: Any) -> State:
        """Ask for music to a film, an edit of `read_edit`, or an OpenTimelineIO document.

        Returns its first state. A film is uploaded; `upload_media` does that for the media of a
        document. `options` are those that `info()` lists.
        """
        body = {**self._source(source), "options": options}
        return self._server.json("POST", "/v1/compositions", json=body)

    def upload_media(self, timeline: dict[str, Any], folder: str | Path = ".") -> dict[str, Any]:
        """The same document with the uploads in place of its media; `folder` is where it lay."""
        return {key: self._uploaded(key, value, Path(folder)) for key, value in timeline.items()}

    def compositions(self, limit: int = 100) -> list[State]:
        """The newest first, without their results."""
        return self._server.json("GET", "/v1/compositions", params={"limit": limit})["compositions"]

    def state(self, composition: str) -> State:
        """How it stands now, with the result once there is one."""
        return self._server.json("GET", _url(composition))

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

    def wait(self, composition: str | State, progress: Telling = None) -> State:
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
        return self._server.json("POST", f"{_url(composition)}/shots/{shot}/takes", json=options)

    def refit(self, composition: str, source: Source, **options: Any) -> State:
        """Ask for the music carried over to a changed edit, as a composition of its own."""
        body = {**self._source(source), **options}
        return self._server.json("POST", f"{_url(composition)}/refits", json=body)

    def preview_refit(self, composition: str, source: Source, progress: Telling = None) -> State:
        """What became of every shot in a changed edit; waits as `hits`."""
        return self._ask(f"{_url(composition)}/refits/preview", self._source(source), progress)

    def choose_take(self, composition: str, shot: int, take: int) -> State:
        """Ask for an earlier take of a shot back."""
        return self._server.json(
            "PUT", f"{_url(composition)}/shots/{shot}/take", json={"take": take}
        )

    def cancel(self, composition: str) -> State:
        """Cancel what is queued or running of it, and of no other."""
        return self._server.json("POST", f"{_url(composition)}/cancel")

    def delete(self, composition: str) -> None:
        """Forget it and its files."""
        with self._server.answer("DELETE", _url(composition)):
            pass

    # Files

    def download(self, composition: str, path: str, target: str | Path) -> Path:
        """Write one file of the result, such as `mix.wav`, to `target`: whole, or not at all."""
        return self._fetch(f"{_url(composition)}/files/{quote(path)}", Path(target))

    def download_timeline(self, composition: str, target: str | Path) -> Path:
        """Write the edit with its music; the suffix of `target`, such as .fcpxml, is the format."""
        suffix = quote(Path(target).suffix.lower(), safe=".") or ".otio"
        return self._fetch(f"{_url(composition)}/timeline{suffix}", Path(target))

    def download_stems(self, composition: str, target: str | Path) -> Path:
        """Write all stems, as one zip."""
        return self._fetch(f"{_url(composition)}/stems.zip", Path(target))

    def download_all(self, composition: str, folder: str | Path) -> list[Path]:
        """Write all files of the result into `folder`, under their own names."""
        root = Path(folder).resolve()
        files = (self.state(composition)["result"] or {}).get("files", {})
        targets = {path: (root / path).resolve() for path in files}
        if strays := [path for path, target in targets.items() if root not in target.parents]:
            raise StorageError(f"the server names a file outside of {root}: {strays[0]}")
        return [self.download(composition, path, target) for path, target in targets.items()]

    # HTTP

    def _source(self, source: str | Path | Source) -> dict[str, Any]:
        """How a request names it."""
        if not isinstance(source, dict):
            return {"media": self.upload(source)}
        return source if "timeline" in source else {"timeline": source}

    def _ask(self, path: str, body: dict[str, Any], progress: Telling) -> State:
        """The answer to a question that the server may have to look at the film for."""
        while True:
            answer = self._server.json("POST", path, json=body)
            if answer.get("state") != "running":
                return answer
            if progress:
                progress(answer["stage"], answer["fraction"])

    def _fetch(self, url: str, target: Path) -> Path:
        _make_folder(target.parent)
        with (
            self._server.answer("GET", url, stream=True) as answer,
            replacing(target) as part,
            part.open("wb") as file,
        ):
            for block in self._server.blocks(answer):
                file.write(block)
        return target

    def _uploaded(self, key: str, value: Any, folder: Path) -> Any:
        if isinstance(value, dict):
            return self.upload_media(value, folder)
        if isinstance(value, list):
            return [self._uploaded(key, each, folder) for each in value]
        if key == "target_url" and isinstance(value, str) and not value.startswith("diffbgm:"):
            return f"diffbgm:media/{self.upload(folder / _path(value))}"
        return value

    def _events(self, composition: str) -> Iterator[State]:
        """The states of one stream of server-sent events, to its end."""
        with self._server.answer("GET", f"{_url(composition)}/events", stream=True) as answer:
            event = ""
            for line in map(bytes.decode, answer.iter_lines(chunk_size=1)):
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                elif line.startswith("data: ") and event in ("state", "error"):
                    content = json.loads(line.removeprefix("data: "))
                    if event == "error":
                        raise ServerRefusedError(404, **content["error"])
                    yield content


def _path(name: str) -> str:
    """The path that an edit means by a name or a URL."""
    return unquote(name.removeprefix("file://").removeprefix("localhost"))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _url(composition: str) -> str:
    return f"/v1/compositions/{quote(composition, safe='')}"
