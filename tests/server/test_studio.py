"""A studio with the real Redis and PostgreSQL: jobs end once, whoever is killed in the middle."""

import json
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from diffbgm_server.config import Studio
from diffbgm_server.job_table import JobLostError, JobTable
from diffbgm_server.studio.artifacts import Shared
from diffbgm_server.studio.database import open_shared
from diffbgm_server.studio.opening import shared_store
from sqlalchemy import inspect, text

from diffbgm.errors import CancelledError, OptionError, StorageError
from tests.server.made_timelines import clip, external, timeline
from tests.studio import (
    Postgres,
    Redis,
    StudioProcesses,
    Workers,
    databases,
    studio_processes,
)

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcesses]:
    """A server and two workers."""
    with studio_processes(tmp_path_factory.mktemp("studio"), workers=2) as running:
        yield running


def is_diffusing(state: dict[str, Any]) -> bool:
    return state["progress"] is not None and state["progress"]["stage"] == "diffusing"


def versions(studio: StudioProcesses, composition: str) -> list[str]:
    folder = studio.workers.folder / "artifacts" / "compositions" / composition
    return [path.name for path in folder.iterdir()] if folder.exists() else []


def test_workers_compose_what_a_server_is_asked_for(studio: StudioProcesses):
    server = studio.server
    done = server.ended(server.submit(style="slow"))
    assert (done["state"], [shot["take"] for shot in done["result"]["shots"]]) == ("done", [0] * 3)
    url = f"/v1/compositions/{done['id']}/shots/1/takes"
    assert server.ask("POST", url, json={"seed": 3}).status_code == 202
    taken = server.ended(done["id"])
    assert [shot["take"] for shot in taken["result"]["shots"]] == [0, 1, 0]
    assert server.ask("GET", taken["result"]["files"]["mix.wav"]).status_code == 200
    assert len(versions(studio, done["id"])) == 1, "an earlier result stayed"
    assert taken["size"] > done["size"] > 0
    assert server.ask("GET", "/ready").status_code == 200
    assert server.ask("GET", "/v1/info").json()["device"] == "cpu"
    assert "diffbgm_jobs_running 0.0" in server.ask("GET", "/metrics").text
    assert server.ask("DELETE", f"/v1/compositions/{done['id']}").status_code == 204
    assert versions(studio, done["id"]) == []


def test_what_clients_send_is_refused_as_by_a_server_by_itself(studio: StudioProcesses):
    server = studio.server
    assert server.ask("GET", "/v1/compositions/%00").status_code == 404
    assert server.ask("GET", "/v1/media/%00").status_code == 404
    assert server.ask("DELETE", "/v1/compositions/%00").status_code == 404
    assert server.ask("POST", "/v1/compositions/%00/cancel").status_code == 404
    film = server.ask("POST", "/v1/media?name=holiday.mp4", data=b"the film").json()["id"]
    for url, status in ((f"diffbgm:media/{film}", 202), ("file:///etc/hostname", 422)):
        document = timeline(clip("a", external(url)), name="a\0b")
        sent = server.ask("POST", "/v1/compositions", json={"timeline": document})
        assert sent.status_code == status, sent.text
    assert server.ask("GET", "/v1/compositions").json()["compositions"][0]["title"] == "a\ufffdb"


def test_two_workers_work_side_by_side_and_each_job_is_cancelled_by_itself(
    studio: StudioProcesses,
):
    server = studio.server
    first, second = (server.submit(style="patient") for _ in range(2))
    for composition in (first, second):
        server.wait(composition, is_diffusing)
    third = server.submit()
    server.ask("POST", f"/v1/compositions/{first}/cancel")
    assert server.ended(first)["state"] == "cancelled"
    assert server.ended(third)["state"] == "done"
    server.ask("DELETE", f"/v1/compositions/{second}")
    assert server.ended(server.submit())["state"] == "done"
    assert versions(studio, first) == versions(studio, second) == []


def test_a_job_whose_worker_is_killed_is_done_by_another_one(studio: StudioProcesses):
    server, workers = studio.server, studio.workers
    composition = server.submit(style="patient")
    server.wait(composition, is_diffusing)
    workers.kill(who_is_busy(workers))
    (workers.folder / "gate").touch()
    try:
        assert server.ended(composition)["state"] == "done"
    finally:
        (workers.folder / "gate").unlink()
    assert len(versions(studio, composition)) == 1
    workers.start()


def who_is_busy(workers: Workers) -> subprocess.Popen[str]:
    """The one that has a job in hand: there is a desk in its own folder."""
    while True:
        desks = Path(tempfile.gettempdir()).glob("diffbgm-worker-*/work/job-*")
        owners = [json.loads((desk.parents[1] / "owner.json").read_text()) for desk in desks]
        pids = {owner["pid"] for owner in owners}
        busy = [one for one in workers.running if one.pid in pids]
        if len(busy) == 1:  # Another one may be about to end one that was cancelled.
            return busy[0]
        time.sleep(0.05)


def test_redis_and_postgresql_may_be_killed(studio: StudioProcesses):
    server = studio.server
    (studio.workers.folder / "gate").unlink(missing_ok=True)
    running = [server.submit(style="patient") for _ in range(2)]
    for composition in running:
        server.wait(composition, is_diffusing)
    waiting = [server.submit() for _ in range(3)]
    studio.redis.kill()
    later = server.submit()
    studio.redis.start()
    studio.postgres.kill()
    answer = server.ask("GET", f"/v1/compositions/{later}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "storage_failed")
    studio.postgres.start()
    (studio.workers.folder / "gate").touch()
    for composition in [*running, *waiting, later]:
        assert server.ended(composition)["state"] == "done"
        assert len(versions(studio, composition)) == 1


def test_a_worker_without_work_gives_its_memory_back(studio: StudioProcesses):
    worker = studio.workers.start("--idle", "0.5")
    end = time.monotonic() + 60
    while has_composer(worker):
        assert time.monotonic() < end, "the composing process stays"
        time.sleep(0.05)
    worker.terminate()
    assert worker.wait(60) == 0


def has_composer(worker: subprocess.Popen[str]) -> bool:
    """Whether its composing process is there."""
    for child in psutil.Process(worker.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                return True
    return False


# --- the table of jobs in PostgreSQL


@pytest.fixture(scope="module")
def machines() -> Iterator[tuple[Redis, Postgres]]:
    with databases() as both:
        yield both


def test_who_lost_a_job_can_neither_report_nor_end_it(
    machines: tuple[Redis, Postgres], tmp_path: Path
):
    shared = Studio(machines[0].url, machines[1].url, str(tmp_path / "artifacts"))
    with shared_store(shared, tmp_path / "own") as store:
        made = store.add_composition("holiday", {}, [])
        table = JobTable(store.database)
        paused = table.claim()
        assert paused is not None
        assert table.claim() is None, "a job was given out twice"
        table.renew(paused, stage="diffusing", fraction=0.5)
        assert table.take_back(60, attempts=3) == 0
        assert table.take_back(-1, attempts=3) == 1
        second = table.claim()
        assert second is not None
        with pytest.raises(JobLostError):
            table.renew(paused)
        desk = store.artifacts.desk(made, tmp_path / "paused")
        desk.mkdir()
        (desk / "mix.wav").write_text("by one who was given up")
        version = store.artifacts.publish(made.id, desk, f"{paused.job.id}-{paused.token}")
        assert not table.end(paused, None, version=version)
        (desk / "mix.wav").write_text("by the one who has the job")
        version = store.artifacts.publish(made.id, desk, f"{second.job.id}-{second.token}")
        assert table.end(second, None, version=version)
        store.artifacts.settle(made.id, version)
        assert not table.end(second, None, version="again")
        found = [path.read_text() for path in tmp_path.glob("artifacts/compositions/*/*/mix.wav")]
        assert found == ["by the one who has the job"]
        assert store.folder(made.id).joinpath("mix.wav").read_text() == found[0]


def test_films_and_results_of_many_gigabytes_are_counted(
    machines: tuple[Redis, Postgres], tmp_path: Path
):
    shared = Studio(machines[0].url, machines[1].url, str(tmp_path / "artifacts"))
    with shared_store(shared, tmp_path / "own") as store:
        (tmp_path / "part").touch()
        store.keep_media(tmp_path / "part", "a" * 64, "long.mp4", 6 * 10**9)
        made = store.add_composition("holiday", {}, [])
        table = JobTable(store.database)
        while (claim := table.claim()) and claim.composition.id != made.id:
            table.end(claim, None)
        assert claim is not None and table.end(claim, None, version="1-a", size=7 * 10**9)
        used = store.usage()
    assert (used.media, used.compositions) == (6 * 10**9, 7 * 10**9)


def test_many_claim_at_once_and_each_job_is_given_once(
    machines: tuple[Redis, Postgres], tmp_path: Path
):
    shared = Studio(machines[0].url, machines[1].url, str(tmp_path / "artifacts"))
    claims: list[int] = []
    with shared_store(shared, tmp_path / "own") as store:
        made = [store.add_composition("holiday", {}, []).id for _ in range(12)]
        for composition in made:
            JobTable(store.database).add(composition, "select", {})

        def work() -> None:
            table = JobTable(store.database)
            while claim := table.claim():
                claims.append(claim.job.id)
                if claim.job.kind == "compose":
                    assert table.end(claim, None)
                else:
                    table.cancel(claim.composition.id)
                    with pytest.raises(CancelledError):
                        table.renew(claim)
                    assert table.end(claim, None)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        while JobTable(store.database).queued():
            work()
        states = [[job.state for job in store.composition(one).jobs] for one in made]  # type: ignore[union-attr]
    assert len(claims) == len(set(claims)) == 24
    assert states == [["done", "done"]] * 12


def test_an_older_database_is_brought_up_to_date_and_a_newer_one_refused(
    machines: tuple[Redis, Postgres], tmp_path: Path
):
    shared = Studio(machines[0].url, machines[1].url, str(tmp_path / "artifacts"))

    def statement(*lines: str) -> None:
        with store.database.engine.begin() as connection:
            for line in lines:
                connection.execute(text(line))

    with shared_store(shared, tmp_path / "own") as store:
        as_made = columns(store.database.engine)
        statement(
            "DROP TABLE runs",
            "DROP TABLE members",
            "ALTER TABLE compositions DROP COLUMN version",
            "UPDATE diffbgm_version SET number = 1",
        )
    with shared_store(shared, tmp_path / "own") as store:
        assert columns(store.database.engine) == as_made
        statement("UPDATE diffbgm_version SET number = 99")
    with pytest.raises(StorageError, match="newer diffbgm"), shared_store(shared, tmp_path / "own"):
        pass
    statement("UPDATE diffbgm_version SET number = 2")
    store.database.close()


def columns(engine: Any) -> dict[str, dict[str, str]]:
    found = inspect(engine)
    return {
        table: {column["name"]: str(column["type"]) for column in found.get_columns(table)}
        for table in found.get_table_names()
    }


def test_what_cannot_be_reached_is_named_without_its_password(tmp_path: Path):
    with pytest.raises(StorageError, match="does not answer") as raised:
        open_shared("postgresql://me:secret@127.0.0.1:9/studio", None)  # type: ignore[arg-type]
    assert "secret" not in str(raised.value) and "\n" not in str(raised.value)
    with pytest.raises(OptionError, match="postgresql://, not mysql://"):
        open_shared("mysql://127.0.0.1/studio", None)  # type: ignore[arg-type]
    with pytest.raises(OptionError, match="cannot be used"):
        Shared("nosuch://bucket/here", tmp_path)
