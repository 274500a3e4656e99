"""How soon a server answers many clients while it composes: `python benchmarks/clients.py HANDSHAKE
FILM`.

HANDSHAKE is the file of a running server, FILM what it composes meanwhile. Prints how many requests
of 50 clients were answered, and p50 and p95 of the time of each kind; then the times of a timeline
of 11 MB, to post it and to list it.
"""

import argparse
import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests

THINKING = 0.5  # seconds between two requests of a client
LARGE = 11_000_000  # bytes

Times = dict[str, list[float]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("handshake", type=Path)
    parser.add_argument("film", type=Path)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--style", default="cinematic")
    given = parser.parse_args(arguments)
    client = Client(json.loads(given.handshake.read_text()))
    with given.film.open("rb") as film:
        media = client.ask("POST", f"/v1/media?name={given.film.name}", data=film)["id"]
    options = {"style": given.style}
    job = client.ask("POST", "/v1/compositions", json={"media": media, "options": options})["id"]
    report(_at_once(client, job, given.clients, given.seconds))
    state = client.ask("GET", f"/v1/compositions/{job}")
    _say(f"meanwhile the job was {state['state']}")
    _large_timeline(client, media)


class Client:
    """Asks by a connection of its own, and takes the time."""

    def __init__(self, server: dict[str, Any]) -> None:
        self.server, self.session = server, requests.Session()
        self.session.headers["Authorization"] = f"Bearer {server['token']}"
        self.times: Times = defaultdict(list)

    def ask(self, method: str, path: str, kind: str = "", **kwargs: Any) -> Any:
        begin = time.perf_counter()
        answer = self.session.request(method, self.server["address"] + path, timeout=60, **kwargs)
        self.times[kind or f"{method} {path}"].append(time.perf_counter() - begin)
        answer.raise_for_status()
        return answer.json()


def _at_once(client: Client, job: str, clients: int, seconds: float) -> Times:
    end = time.monotonic() + seconds
    start = threading.Barrier(clients)

    def work(number: int) -> Times:
        own = Client(client.server)
        start.wait()
        while time.monotonic() < end:
            own.ask("GET", f"/v1/compositions/{job}", "GET a composition")
            own.ask("GET", "/v1/compositions?limit=20", "GET the list")
            own.ask("GET", "/v1/info", "GET info")
            time.sleep(THINKING)
        return own.times

    times: Times = defaultdict(list)
    with ThreadPoolExecutor(clients) as pool:
        for found in pool.map(work, range(clients)):
            for kind, taken in found.items():
                times[kind] += taken
    return times


def report(times: Times) -> None:
    every = [seconds for taken in times.values() for seconds in taken]
    for kind, taken in [*times.items(), ("all", every)]:
        cuts = [1000 * cut for cut in quantiles(taken, n=20)]
        _say(f"{kind}: {len(taken)} answers, p50 {cuts[9]:.0f} ms, p95 {cuts[18]:.0f} ms")


def _large_timeline(client: Client, media: str) -> None:
    """It is refused or queued; either way it is removed."""
    own = Client(client.server)
    answer = own.ask("POST", "/v1/compositions", "POST", json=_timeline(media))
    own.ask("GET", "/v1/compositions?limit=20", "list")
    own.ask("GET", f"/v1/compositions/{answer['id']}", "get")
    seconds = {kind: taken[0] for kind, taken in own.times.items()}
    _say(
        f"a timeline of {LARGE / 1e6:.0f} MB: posted in {seconds['POST'] * 1000:.0f} ms, listed in "
        f"{seconds['list'] * 1000:.0f} ms, told in {seconds['get'] * 1000:.0f} ms"
    )
    url = f"{own.server['address']}/v1/compositions/{answer['id']}"
    own.session.delete(url, timeout=60).raise_for_status()


def _timeline(media: str) -> dict[str, Any]:
    """One clip, and what an editor keeps beside it."""
    rate = {"OTIO_SCHEMA": "RationalTime.1", "rate": 24.0}
    span = {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": {**rate, "value": 0.0},
        "duration": {**rate, "value": 24.0},
    }
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": f"diffbgm:media/{media}"}
    clip = {"OTIO_SCHEMA": "Clip.1", "name": "a", "source_range": span}
    clip |= {"media_reference": reference, "metadata": {"editor": "x" * LARGE}}
    track = {"OTIO_SCHEMA": "Track.1", "kind": "Video", "children": [clip]}
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    return {"timeline": {"OTIO_SCHEMA": "Timeline.1", "name": "large", "tracks": stack}}


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
