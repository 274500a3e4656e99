"""Kills a server, or its composing process, at random: `python -m tests.server.soak --kills 100`.

Between the kills clients upload, compose, ask for takes and delete. After every start all that a
server said was done must be there, to the byte, and nothing that nobody knows. Prints the counts
and the seed.
"""

import hashlib
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from tests.server.by_chance import counted
from tests.server_process import ServerProcess, server_process

LONGEST_LIFE = 1.5  # seconds


@dataclass
class Known:
    """What servers have said to be done, by composition: the hash of every file."""

    done: dict[str, dict[str, str]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)


def main(arguments: list[str]) -> None:
    kills, seed = counted(__doc__, "kills", 100, arguments)
    with tempfile.TemporaryDirectory() as folder:
        counts = soak(Path(folder), kills, seed)
    sys.stdout.write(f"seed {seed}: {dict(counts)}\n")


def soak(folder: Path, kills: int, seed: int) -> Counter[str]:
    """Counts of what was done and checked. AssertionError where something was lost."""
    chance, known = random.Random(seed), Known()
    while kills:
        with server_process(folder) as server:
            check(server, folder, known, chance.sample(sorted(known.done), min(4, len(known.done))))
            for _ in range(min(kills, chance.randrange(1, 4))):
                client = threading.Thread(target=work, args=(server, known, chance.random()))
                client.start()
                time.sleep(chance.random() * LONGEST_LIFE)
                kills -= 1
                if chance.random() < 0.5 and (children := composers(server)):
                    children[0].kill()
                    known.counts["kills of the composer"] += 1
                    client.join()
                    continue
                server.kill()
                known.counts["kills of the server"] += 1
                client.join()
                break
    with server_process(folder) as server:
        check(server, folder, known, list(known.done))
    return known.counts


def composers(server: ServerProcess) -> list[psutil.Process]:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(server.process.pid).children()
    return []


def work(server: ServerProcess, known: Known, seed: float) -> None:
    """What a client does until the server is gone."""
    chance = random.Random(seed)
    with suppress(requests.RequestException, OSError), requests.Session() as session:
        own = ServerProcess(server.process, server.handshake_path, session)
        own.ask("POST", "/v1/media?name=other.mp4", data=chance.randbytes(300_000))
        composition = own.submit(seed=chance.randrange(1000))
        known.counts["composed"] += 1
        with suppress(AssertionError):  # Its stream was cut off.
            note(own, own.ended(composition), known)
        if known.done and chance.random() < 0.2:
            gone = chance.choice(sorted(known.done))
            known.deleted.add(gone)  # Whatever the answer: it may have been done.
            own.ask("DELETE", f"/v1/compositions/{gone}")
            known.counts["deleted"] += 1


def note(server: ServerProcess, state: dict[str, Any], known: Known) -> None:
    if state["state"] == "done":
        known.done[state["id"]] = hashes(server, state)
        known.counts["done"] += 1


def hashes(server: ServerProcess, state: dict[str, Any]) -> dict[str, str]:
    found = {}
    for path, url in state["result"]["files"].items():
        answer = server.ask("GET", url)
        assert answer.status_code == 200, (path, answer.text)
        found[path] = hashlib.sha256(answer.content).hexdigest()
    return found


def check(server: ServerProcess, folder: Path, known: Known, wanted: list[str]) -> None:
    """All that is known to be done is there, what is `wanted` to the byte; all is settled."""
    listed = server.ask("GET", "/v1/compositions?limit=1000").json()["compositions"]
    for composition in listed:
        if composition["state"] in ("queued", "running"):
            server.ended(composition["id"])
    assert {one for one in known.done if one not in known.deleted} <= {one["id"] for one in listed}
    for composition in set(wanted) - known.deleted:
        state = server.ask("GET", f"/v1/compositions/{composition}")
        assert state.status_code == 200, composition
        assert hashes(server, state.json()) == known.done[composition], composition
        known.counts["checked"] += 1
    store = folder / "store"
    assert {path.name for path in store.glob("lost+found/*/compositions/*")} <= known.deleted
    assert [path.name for path in (store / "work").iterdir()] == []
    assert server.ask("GET", "/health").json()["ready"]
    known.counts["starts"] += 1


if __name__ == "__main__":
    main(sys.argv[1:])
