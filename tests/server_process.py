"""Starts a server as a process, waits until it is ready, and talks to it over its socket."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

HERE = Path(__file__).parent
FAKE = (str(HERE / "serve_fake.py"),)  # The whole server, but for its composer.
REAL = ("-m", "diffbgm_server")  # What `diffbgm serve` is.


@dataclass(frozen=True)
class ServerProcess:
    """`process`, and where it is reported to be."""

    process: subprocess.Popen[str]
    handshake_path: Path
    session: requests.Session

    @property
    def handshake(self) -> dict[str, Any]:
        return json.loads(self.handshake_path.read_text())

    def ask(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """A request with the token."""
        handshake = self.handshake
        headers = {"Authorization": f"Bearer {handshake['token']}"} | kwargs.pop("headers", {})
        url = handshake["address"] + path
        return self.session.request(method, url, headers=headers, timeout=600, **kwargs)

    def submit(self, **options: Any) -> str:
        """Uploads a film and queues a composition of it; its id."""
        film = self.ask("POST", "/v1/media?name=holiday.mp4", data=b"the film").json()["id"]
        posted = self.ask("POST", "/v1/compositions", json={"media": film, "options": options})
        return posted.json()["id"]

    def wait(self, composition: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Follows the events of a composition until a state satisfies `until`."""
        path = f"/v1/compositions/{composition}/events"
        with self.ask("GET", path, stream=True) as events:
            for line in events.iter_lines(decode_unicode=True, chunk_size=1):
                if line.startswith("data: ") and until(state := json.loads(line[6:])):
                    return state
        raise AssertionError(f"{composition} came to its end before")

    def ended(self, composition: str) -> dict[str, Any]:
        self.wait(composition, lambda state: state["state"] not in ("queued", "running"))
        return self.ask("GET", f"/v1/compositions/{composition}").json()

    def kill(self) -> None:
        """As the system does when memory is short: no chance to tidy up."""
        self.process.kill()
        self.process.wait(600)


@contextmanager
def server_process(
    folder: Path, *options: str, program: tuple[str, ...] = FAKE
) -> Iterator[ServerProcess]:
    """A ready server with `folder/store` and `folder/server.json`; terminated at the end."""
    with start(folder, *options, program=program) as process, requests.Session() as session:
        try:
            ready = process.stdout.readline() if process.stdout else ""
            assert ready, process.communicate()
            yield ServerProcess(process, folder / "server.json", session)
        finally:
            process.terminate()
            process.communicate(timeout=600)


def start(folder: Path, *options: str, program: tuple[str, ...] = FAKE) -> subprocess.Popen[str]:
    """Starts it without waiting; `program` is FAKE or REAL."""
    places = ["--store", str(folder / "store"), "--handshake", str(folder / "server.json")]
    return subprocess.Popen(
        [sys.executable, *program, *places, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": f"{HERE.parent}{os.pathsep}{HERE}"},
    )
