"""Many clients at once, and a worker that goes on whatever happens around it."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from diffbgm_server.config import Config
from diffbgm_server.services import Services
from flask.testing import FlaskClient
from sqlalchemy import event

from diffbgm.errors import CheckpointError
from tests.fake_composer import FakeComposer
from tests.server.conftest import client_of

Ended = Callable[[str], dict[str, Any]]


def submit(client: FlaskClient, film: str, **options: Any) -> str:
    return client.post("/v1/compositions", json={"media": film, "options": options}).json["id"]


@pytest.mark.slow
def test_deletes_and_takes_at_once_are_answered_by_404_or_409(
    services: Services, client: FlaskClient, ended: Ended
) -> None:
    counts: Counter[int] = Counter()
    film = client.post("/v1/media?name=kept.mp4", data=b"the film").json["id"]
    keeps_the_film = submit(client, film)
    ended(keeps_the_film)
    with ThreadPoolExecutor(8) as pool:
        for turn in range(25):
            url = f"/v1/compositions/{ended(submit(client, film))['id']}"
            clients = [client_of(services) for _ in range(8)]
            asks: list[Callable[[FlaskClient], Any]] = [
                lambda one, url=url: one.delete(url),
                lambda one, url=url: one.post(f"{url}/shots/0/takes", json={}),
                lambda one, url=url: one.put(f"{url}/shots/0/take", json={"take": 0}),
                lambda one, url=url: one.post(f"{url}/cancel"),
            ]
            asked = [asks[0]] * 8 if turn % 2 else [*asks, *asks]
            random.Random(turn).shuffle(asked)
            answers = list(
                pool.map(lambda pair: pair[0](pair[1]), zip(asked, clients, strict=True))
            )
            counts.update(answer.status_code for answer in answers)
    assert set(counts) <= {200, 202, 204, 404, 409}, counts
    assert counts[204] == 25
    assert client.get("/health").json["ready"]
    assert ended(submit(client, film))["state"] == "done"


def test_deletes_of_what_the_worker_is_about_to_take_do_no_harm(
    services: Services, client: FlaskClient, film: str, ended: Ended
) -> None:
    kept = submit(client, film)
    ended(kept)
    chance = random.Random(10)

    def come_and_go(one: FlaskClient) -> set[int]:
        answers = set()
        for _ in range(25):
            posted = one.post("/v1/compositions", json={"media": film})
            answers.add(posted.status_code)
            if posted.status_code == 202:
                services.jobs.wait_for_change(services.jobs.version, chance.random() / 50)
                deleted = one.delete(f"/v1/compositions/{posted.json['id']}")
                answers.add(deleted.status_code)
        return answers

    with ThreadPoolExecutor(4) as pool:
        answers = set().union(*pool.map(come_and_go, [client_of(services) for _ in range(4)]))
    assert answers <= {202, 204, 429}
    assert ended(submit(client, film))["state"] == "done"
    assert services.worker.is_alive()


class Stumbling(FakeComposer):
    """Ends the first job by an error that no thread survives."""

    fell = False

    def compose(self, source: Path, folder: Path, options: Any, progress: Any) -> None:
        if not Stumbling.fell:
            Stumbling.fell = True
            raise SystemExit(1)
        super().compose(source, folder, options, progress)


def test_the_worker_starts_again_after_an_error_that_nobody_foresaw(tmp_path: Path) -> None:
    with Services(Config(tmp_path / "store"), Stumbling()) as services:
        client = client_of(services)
        film = client.post("/v1/media", data=b"the film").json["id"]
        first, second = submit(client, film), submit(client, film)
        wait(services, lambda: client.get(f"/v1/compositions/{second}").json["state"] == "done")
        assert client.get(f"/v1/compositions/{first}").json["state"] == "failed"
        assert client.get("/health").json["ready"]


class Unloadable(FakeComposer):
    def describe(self, progress: Any) -> Any:
        raise CheckpointError("weights.safetensors: is damaged")


def test_a_server_that_could_not_compose_is_not_ready(tmp_path: Path) -> None:
    with Services(Config(tmp_path / "store"), Unloadable()) as services:
        client = client_of(services)
        wait(services, lambda: not client.get("/health").json["ready"])


def wait(services: Services, until: Callable[[], bool]) -> None:
    for _ in range(200):
        if until():
            return
        services.jobs.wait_for_change(services.jobs.version, 0.1)
    raise AssertionError("it did not come to that")


def test_a_list_costs_the_same_whatever_was_asked_for(
    services: Services, client: FlaskClient, film: str, gate: Path
) -> None:
    """The statements of a list do not grow with its rows, and no request is read for it."""
    submit(client, film, style="patient")
    statements: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if threading.current_thread() is threading.main_thread():  # Not what the worker asks.
            statements.append(statement)

    def cost() -> int:
        statements.clear()
        assert client.get("/v1/compositions").status_code == 200
        return len(statements)

    event.listen(services.store.database.engine, "after_cursor_execute", note)
    one = cost()
    for _ in range(4):
        submit(client, film)
    assert cost() == one
    assert not any("request" in statement for statement in statements)
    gate.touch()
