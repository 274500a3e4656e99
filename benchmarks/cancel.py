"""How soon a composition is cancelled in each of its stages: `python benchmarks/cancel.py HANDSHAKE
FILM`.

HANDSHAKE is the file of a server that runs on this machine. For every stage that FILM comes to, a
composition is begun, and cancelled at a random moment of that stage. Prints the seconds until it is
cancelled, and whether the process that composes is still the same: warm.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
import requests

from diffbgm.progress import SHARES

LONGEST_WAIT = 2.0  # seconds after a stage has begun


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("handshake", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--stages", nargs="*", default=list(SHARES))
    parser.add_argument("--style", default="cinematic")
    parser.add_argument("--wait", type=float, default=LONGEST_WAIT)
    given = parser.parse_args(arguments)
    server, chance = Server(json.loads(given.handshake.read_text())), random.Random(1)
    with given.film.open("rb") as film:
        media = server.ask("POST", f"/v1/media?name={given.film.name}", data=film)["id"]
    for stage in given.stages:
        request = {"media": media, "options": {"style": given.style}}
        url = f"/v1/compositions/{server.ask('POST', '/v1/compositions', json=request)['id']}"
        if not server.comes_to(url, stage):
            _say(f"{stage}: it was over before")
            continue
        composers = server.composers()
        time.sleep(chance.random() * given.wait)
        begin = time.perf_counter()
        server.ask("POST", f"{url}/cancel")
        state = server.ended(url)
        seconds = time.perf_counter() - begin
        warm = "warm" if server.composers() == composers else "ended"
        _say(f"{stage}: {state} after {seconds:.2f} s, the composing process is {warm}")


class Server:
    """A running server, and its processes."""

    def __init__(self, handshake: dict[str, Any]) -> None:
        self.address, self.session = handshake["address"], requests.Session()
        self.session.headers["Authorization"] = f"Bearer {handshake['token']}"
        self.process = psutil.Process(handshake["pid"])

    def ask(self, method: str, path: str, **kwargs: Any) -> Any:
        answer = self.session.request(method, self.address + path, timeout=60, **kwargs)
        answer.raise_for_status()
        return answer.json()

    def composers(self) -> list[int]:
        return sorted(child.pid for child in self.process.children())

    def comes_to(self, url: str, stage: str) -> bool:
        """Whether it does, rather than end before."""
        while True:
            state = self.ask("GET", url)
            if state["state"] not in ("queued", "running"):
                return False
            if (state["progress"] or {}).get("stage") == stage:
                return True
            time.sleep(0.02)

    def ended(self, url: str) -> str:
        while (state := self.ask("GET", url)["state"]) in ("queued", "running"):
            time.sleep(0.02)
        return state


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
