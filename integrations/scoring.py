"""Music for an edit, from a running diffbgm server: what all integrations share.

Python's standard library alone, so that it runs inside editors, too. `diffbgm serve` must run on
this machine; DIFFBGM_HANDSHAKE names its handshake file where it is not the usual one.
"""

import argparse
import hashlib
import json
import os
import sys
import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import quote, unquote, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

WANTED = ("mix.wav", "score.mid", "LICENSE.txt", "composition.json")


class ScoringError(Exception):
    """Why there is no music, in one line for the person who asked."""


class Server:
    """The server of this user on this machine."""

    def __init__(self):
        try:
            told = json.loads(_handshake().read_text())
            self._address, self._token = told["address"], told["token"]
        except (OSError, ValueError, KeyError) as error:
            raise ScoringError("no diffbgm server runs: start `diffbgm serve`") from error
        self._opener = build_opener(ProxyHandler({}))

    def score(self, edit, folder, options, tell=lambda text: None):
        """Composes for `edit`, a file or an OpenTimelineIO document, into `folder`.

        The result is composition.json; its files of sound are there then, under their names.
        """
        near, request = Path(), {"timeline": edit, "options": options}
        if not isinstance(edit, dict):
            near = Path(edit).resolve().parent
            read = self._ask("POST", f"/v1/timelines?name={quote(Path(edit).name)}", Path(edit))
            named = {name: _local(near, name) for name in read["films"]}
            films = {name: self._upload(path) for name, path in named.items() if path.is_file()}
            request = {"timeline": read["timeline"], "films": films, "options": options}
        state = self._ask("POST", "/v1/compositions", request)
        url = f"/v1/compositions/{state['id']}"
        while state["state"] in ("queued", "running"):
            if state["progress"]:
                tell(f"{state['progress']['stage']}: {state['progress']['fraction']:.0%}")
            time.sleep(0.5)
            state = self._ask("GET", url)
        if state["error"] or not state["result"]:
            reason = state["error"] or {"message": f"it was {state['state']}"}
            raise ScoringError(reason["message"])
        self._fetch(state["result"], Path(folder))
        return state["result"]

    def _fetch(self, result, folder):
        sound = {shot["audio"] for shot in result["shots"]}
        for name, url in result["files"].items():
            if name in WANTED or name in sound or name.startswith("stems/"):
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                with self._open("GET", url) as answer:
                    target.write_bytes(answer.read())

    def _upload(self, path):
        with path.open("rb") as film:
            known = hashlib.file_digest(film, "sha256").hexdigest()
        try:
            return self._ask("GET", f"/v1/media/{known}")["id"]
        except ScoringError:
            return self._ask("POST", f"/v1/media?name={quote(path.name)}", path)["id"]

    def _ask(self, method, url, body=None):
        if isinstance(body, Path):
            with body.open("rb") as file:
                return self._ask(method, url, file)
        with self._open(method, url, body) as answer:
            return json.load(answer)

    def _open(self, method, url, body=None):
        headers = {"Authorization": f"Bearer {self._token}"}
        if isinstance(body, dict):
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        elif body is not None:
            headers["Content-Type"] = "application/octet-stream"
            headers["Content-Length"] = str(os.fstat(body.fileno()).st_size)
        request = Request(self._address + url, data=body, headers=headers, method=method)
        try:
            return self._opener.open(request, timeout=120)
        except HTTPError as error:
            raise ScoringError(json.load(error)["error"]["message"]) from error
        except URLError as error:
            raise ScoringError(f"the diffbgm server does not answer: {error.reason}") from error


def run(description, with_music, suffix, read=lambda edit: edit):
    """An integration's command line: `with_music(edit, result, folder)` gives the new document.

    `read` makes of the edit's file what the server reads.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("edit", type=Path, help="what the editor saved or exported")
    parser.add_argument("-o", "--out", type=Path, help="where the edit with its music goes")
    parser.add_argument("--style", help="which instruments play, and how")
    parser.add_argument("--seed", type=int, help="another number, another piece")
    given = parser.parse_args()
    out = given.out or given.edit.with_name(f"{given.edit.stem} with music{suffix(given.edit)}")
    folder = out.resolve().with_suffix(".music")
    named = {"style": given.style, "seed": given.seed}
    options = {name: value for name, value in named.items() if value is not None}
    try:
        result = Server().score(
            read(given.edit), folder, options, lambda text: print(text, end="\r")
        )
        out.write_bytes(with_music(given.edit, result, folder))
    except (ScoringError, OSError, ValueError) as error:
        sys.exit(f"diffbgm: {error}")
    print(f"{out}: {len(result['shots'])} shots, sound in {folder}")


def _local(near, name):
    """The file that an edit means by a name or a URL."""
    path = unquote(urlsplit(name).path) if name.startswith("file:") else name
    return near / path


def _handshake():
    given = os.environ.get("DIFFBGM_HANDSHAKE")
    if given:
        return Path(given)
    home = Path.home()
    places = {"darwin": home / "Library/Application Support", "win32": home / "AppData/Local"}
    linux = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    return places.get(sys.platform, linux) / "diffbgm" / "server.json"
