"""Hits that follow the options: one question at a time, and just the last one counts."""

import threading
import time
from typing import Any

from addon_modules.client import ServerUnreachable
from addon_modules.live_hits import LiveHits


class Asked:
    """A client that answers when it is let go, and keeps what it was asked."""

    def __init__(self) -> None:
        self.options: list[dict[str, Any]] = []
        self.may_answer = threading.Event()

    def hits(self, timeline: dict, options: dict) -> dict[str, Any]:
        self.options.append(options)
        if options.get("fails"):
            raise ServerUnreachable("No answer from the server")
        return {"state": "done" if self.may_answer.is_set() else "running", "hits": [options]}


def test_last_of_many_changes_is_answered():
    client, hits = Asked(), LiveHits()
    client.may_answer.set()
    hits.look_at("Scene", client, {})  # type: ignore[arg-type]
    for tempo in range(50):
        hits.ask("Scene", {"bpm": tempo})
    _wait(hits)
    assert hits.found("Scene") == {"state": "done", "hits": [{"bpm": 49}]}
    assert len(client.options) < 5


def test_change_while_the_film_is_looked_at_goes_before():
    client, hits = Asked(), LiveHits()
    hits.look_at("Scene", client, {})  # type: ignore[arg-type]
    hits.ask("Scene", {"bpm": 1})
    while not client.options:
        time.sleep(0.01)
    hits.ask("Scene", {"bpm": 2})
    client.may_answer.set()
    _wait(hits)
    found = hits.found("Scene")
    assert isinstance(found, dict)
    assert found["hits"] == [{"bpm": 2}]


def test_server_that_is_gone_is_said_and_asked_again():
    client, hits = Asked(), LiveHits()
    client.may_answer.set()
    hits.look_at("Scene", client, {})  # type: ignore[arg-type]
    hits.ask("Scene", {"fails": True})
    _wait(hits)
    assert hits.found("Scene") == "No answer from the server"
    hits.ask("Scene", {})
    _wait(hits)
    assert isinstance(hits.found("Scene"), dict)


def test_scene_that_was_not_looked_at_is_not_asked_about():
    hits = LiveHits()
    hits.ask("Scene", {})
    assert not hits.knows("Scene")
    assert not hits.is_asking()
    assert hits.found("Scene") is None


def _wait(hits: LiveHits) -> None:
    deadline = time.monotonic() + 20
    while hits.is_asking():
        assert time.monotonic() < deadline
        time.sleep(0.01)
