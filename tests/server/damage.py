"""Damaged films, timelines and requests: `python -m tests.server.damage --count 2000`.

A third each, mutations of good ones, are sent to a server that looks at the films as the library
does. Prints the seed and what came of them; fails at an answer of 500 or above, an error that
nobody foresaw, a job that does not end, a server that is not ready, or a file that is left.
"""

import copy
import json
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.readers.made_media import make_medium, make_picture
from tests.server.by_chance import counted
from tests.server.made_timelines import ODD, damaged, rich
from tests.server_process import ServerProcess, server_process

PATIENCE = 60.0  # seconds until a job counts as one that hangs
KINDS = ("film.mp4", "film.mkv", "film.avi", "film.mov", "still.png")
_UNFORESEEN = ("failed", "composer_crashed", "internal_error")
GOOD: dict[str, Any] = {
    "media": "",
    "options": {"style": "looks", "seed": 3, "energy": 0.5, "mood": "calm", "bpm": [80, 120]},
}


def main(arguments: list[str]) -> None:
    count, seed = counted(__doc__, "count", 2000, arguments)
    with tempfile.TemporaryDirectory() as folder:
        counts = send(Path(folder), count, seed)
    for what, times in sorted(counts.items()):
        sys.stdout.write(f"{times:6} {what}\n")
    sys.stdout.write(f"seed {seed}: {count} sent, none did harm\n")


def send(folder: Path, count: int, seed: int) -> Counter[str]:
    """What came of so many. AssertionError, with the seed and the number, where one did harm."""
    films = made_films(folder / "films")
    counts: Counter[str] = Counter()
    with server_process(folder) as server:
        sender = _Sender(server, films)
        for number in range(count):
            chance = random.Random(f"{seed} {number}")
            kind, act = sender.kinds[number % len(sender.kinds)]
            try:
                counts[f"{kind}: {act(chance)}"] += 1
                sender.check_all_is_gone(folder / "store")
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, number {number}, a {kind}: {error}") from error
        assert server.ask("GET", "/health").json()["ready"]
        assert server.process.poll() is None
    return counts


def made_films(folder: Path) -> dict[str, bytes]:
    made = {}
    for name in KINDS:
        path = folder / name
        made[name] = (
            make_picture(path, 255) if path.suffix == ".png" else make_medium(path, seconds=0.5)
        ).read_bytes()
    return made


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Bytes changed, cut out, doubled or put elsewhere, most of them near the beginning."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8, 40))):
        at = min(int(chance.expovariate(6) * len(found)), len(found) - 1)
        length = chance.choice((1, 1, 4, 16, 500))
        kind = chance.random()
        if kind < 0.5:
            found[at : at + 1] = bytes([chance.randrange(256)])
        elif kind < 0.65:
            found[at : at + 4] = chance.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff"))
        elif kind < 0.75:
            found[at:at] = found[at : at + length]
        elif kind < 0.85 and len(found) > length + 1:
            del found[at : at + length]
        elif kind < 0.93:
            other = chance.randrange(len(found))
            found[at : at + length] = found[other : other + length]
        elif at:
            del found[at:]
    return bytes(found)


class _Sender:
    def __init__(self, server: ServerProcess, films: dict[str, bytes]) -> None:
        self._server, self._films = server, films
        self._good = self._upload("good.mp4", films["film.mp4"])
        self.kinds: tuple[tuple[str, Callable[[random.Random], str]], ...] = (
            ("film", self._film),
            ("timeline", self._timeline),
            ("request", self._request),
        )

    def check_all_is_gone(self, store: Path) -> None:
        """But for the one film that is whole."""
        listed = self._server.ask("GET", "/v1/compositions").json()["compositions"]
        left = [path.name for path in (store / "work").iterdir()]
        kept = {path.parent.name for path in (store / "media").rglob("*") if path.is_file()}
        assert (listed, left) == ([], []), (listed, left)
        assert kept <= {self._good}, kept

    def _film(self, chance: random.Random) -> str:
        name = chance.choice(KINDS)
        media = self._upload(name, mutated(self._films[name], chance))
        if media == self._good:
            return "was left as it was"
        request = {"media": media, "options": {"style": "looks"}}
        return self._composed(json.dumps(request).encode(), media)

    def _timeline(self, chance: random.Random) -> str:
        document = damaged(rich(f"diffbgm:media/{self._good}"), chance)
        request = json.dumps({"timeline": document, "options": {"style": "looks"}}).encode()
        return self._composed(mutated(request, chance) if chance.random() < 0.2 else request)

    def _request(self, chance: random.Random) -> str:
        request = copy.deepcopy(GOOD | {"media": self._good})
        for _ in range(chance.randrange(1, 3)):
            place = chance.choice((request, request.get("options")))
            if not isinstance(place, dict):
                continue
            key = chance.choice([*place, "timeline", "loudness", "x" * 3000])
            place[key] = chance.choice(ODD)
        body = json.dumps(request).encode()
        return self._composed(mutated(body, chance) if chance.random() < 0.4 else body)

    def _composed(self, body: bytes, media: str | None = None) -> str:
        """How a composition was refused, or ended; it and its film are removed."""
        kind = {"Content-Type": "application/json"}
        answer = self._server.ask("POST", "/v1/compositions", data=body, headers=kind)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 202:
            outcome = self._ended(answer.json()["id"])
        else:
            outcome = f"{answer.status_code} {answer.json()['error']['code']}"
        if media is not None:
            gone = self._server.ask("DELETE", f"/v1/media/{media}")
            assert gone.status_code in (204, 404), gone.text
        return outcome

    def _ended(self, composition: str) -> str:
        url, began = f"/v1/compositions/{composition}", time.monotonic()
        while (state := self._server.ask("GET", url).json())["state"] in ("queued", "running"):
            assert time.monotonic() - began < PATIENCE, f"it is {state['state']} still"
            time.sleep(0.01)
        code = (state.get("error") or {}).get("code", "")
        assert code not in _UNFORESEEN, state["error"]
        assert self._server.ask("DELETE", url).status_code == 204
        # Its film went with it where nobody else uses it: the good one is put back.
        self._upload("good.mp4", self._films["film.mp4"])
        return f"{state['state']} {code}"

    def _upload(self, name: str, content: bytes) -> str:
        answer = self._server.ask("POST", f"/v1/media?name={name}", data=content)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()["id"]


if __name__ == "__main__":
    main(sys.argv[1:])
