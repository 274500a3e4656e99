"""How soon a server answers while unknown clients hold it: `python benchmarks/attack.py HANDSHAKE`.

HANDSHAKE is the file of a running server. Prints the times of `GET /health` and of a route that
asks for the token: at rest, then while 130 clients hold half-sent requests, then while event
streams are opened far beyond their limit as well.
"""

import argparse
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

import requests

STRANGERS, BEYOND = 130, 40
HALF = b"POST /v1/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\nX-Half: "


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("handshake", type=Path)
    parser.add_argument("--requests", type=int, default=200)
    given = parser.parse_args(arguments)
    server = json.loads(given.handshake.read_text())
    measure("at rest", server, given.requests)
    with half_requests(server, STRANGERS):
        measure(f"{STRANGERS} half-sent requests", server, given.requests)
        with event_streams(server, BEYOND) as statuses:
            measure("and event streams", server, given.requests)
            sys.stdout.write(f"answers to the streams: {dict(Counter(statuses))}\n")


def measure(what: str, server: dict[str, Any], count: int) -> None:
    """Prints p50 and p95 of requests that each have a connection of their own."""
    token = {"Authorization": f"Bearer {server['token']}"}
    asks: dict[str, Callable[[], requests.Response]] = {
        "/health": lambda: requests.get(f"{server['address']}/health", timeout=30),
        "/v1/compositions": lambda: requests.get(
            f"{server['address']}/v1/compositions?limit=1", headers=token, timeout=30
        ),
    }
    for path, ask in asks.items():
        times = [_seconds(ask) for _ in range(count)]
        cuts = quantiles(times, n=20)
        sys.stdout.write(
            f"{what}: {path} p50 {cuts[9] * 1000:.1f} ms, p95 {cuts[18] * 1000:.1f} ms\n"
        )


def _seconds(ask: Callable[[], requests.Response]) -> float:
    begin = time.perf_counter()
    ask().raise_for_status()
    return time.perf_counter() - begin


@contextmanager
def half_requests(server: dict[str, Any], count: int) -> Iterator[None]:
    """Connections of unknown clients that begin a request and do not end it."""
    with ExitStack() as stack:
        for _ in range(count):
            client = socket.create_connection((server["host"], server["port"]), timeout=30)
            stack.enter_context(client)
            client.sendall(HALF)
        yield


@contextmanager
def event_streams(server: dict[str, Any], beyond: int) -> Iterator[list[int]]:
    """Streams of a composition that waits, as many as may be and `beyond` more; their statuses."""
    with requests.Session() as session, ExitStack() as stack:
        session.headers["Authorization"] = f"Bearer {server['token']}"
        base, statuses = f"{server['address']}/v1", []
        listed = session.get(f"{base}/compositions", timeout=30).json()["compositions"]
        waiting = [one["id"] for one in listed if one["state"] in ("queued", "running")]
        limit = session.get(f"{base}/info", timeout=30).json()["limits"]["event_streams"]
        for _ in range(limit + beyond if waiting else 0):
            url = f"{base}/compositions/{waiting[0]}/events"
            headers = dict(session.headers)
            stream = requests.get(url, headers=headers, stream=True, timeout=30)
            statuses.append(stack.enter_context(stream).status_code)
        yield statuses


if __name__ == "__main__":
    main(sys.argv[1:])
