"""A job whose end goes wrong leaves the composition as it was: nothing that is done is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diffbgm_server.job_table import Claim, JobTable
from diffbgm_server.services import Services
from diffbgm_server.tables import Run
from flask.testing import FlaskClient
from sqlalchemy import delete
from sqlalchemy.exc import OperationalError

from diffbgm.errors import DiffBGMError

Ended = Callable[[str], dict[str, Any]]


def submit(client: FlaskClient, film: str, **options: Any) -> str:
    answer = client.post("/v1/compositions", json={"media": film, "options": options})
    return answer.json["id"]  # type: ignore[index]


def files(services: Services, composition: str) -> dict[str, bytes]:
    folder = services.store.folder(composition)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.*")}


def lose_the_job(services: Services) -> None:
    """As if it had been given to another one."""
    while not services.jobs.queue().runs:
        assert services.jobs.wait_for_change(services.jobs.version, 30)
    with services.store.database.writing() as session:
        session.execute(delete(Run))


@pytest.mark.parametrize("answers_lost", [1, 2])
def test_an_end_whose_answer_is_lost_is_written_again_and_the_result_stays(
    client: FlaskClient,
    film: str,
    ended: Ended,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    answers_lost: int,
):
    end, lost = JobTable.end, []

    def end_and_lose(
        table: JobTable, claim: Claim, error: DiffBGMError | None, **result: Any
    ) -> bool:
        is_ours = end(table, claim, error, **result)
        if len(lost) < answers_lost:
            lost.append(claim)
            raise OperationalError("COMMIT", {}, Exception("the connection broke"))
        return is_ours

    monkeypatch.setattr("diffbgm_server.runner._RETRY_SECONDS", 0.01)
    monkeypatch.setattr(JobTable, "end", end_and_lose)
    done = ended(submit(client, film))
    assert done["state"] == "done" and done["size"] > 0
    before = files(services, done["id"])
    assert client.post(f"/v1/compositions/{done['id']}/shots/0/takes", json={}).status_code == 202
    taken = ended(done["id"])
    assert [shot["take"] for shot in taken["result"]["shots"]] == [1, 0, 0]
    assert before.keys() <= files(services, done["id"]).keys()
    assert len(lost) == answers_lost


def test_a_take_that_was_lost_leaves_the_composition(
    client: FlaskClient, film: str, ended: Ended, services: Services, gate: Path
):
    done = ended(submit(client, film))["id"]
    before = files(services, done)
    client.post(f"/v1/compositions/{done}/shots/0/takes", json={"style": "patient"})
    lose_the_job(services)
    assert ended(submit(client, film))["state"] == "done"
    assert files(services, done) == before


def test_a_composition_that_was_made_and_lost_stays_where_it_is(
    client: FlaskClient, film: str, ended: Ended, services: Services, monkeypatch: Any
):
    end = JobTable.end

    def lose_and_end(table: JobTable, claim: Claim, *rest: Any, **result: Any) -> bool:
        lose_the_job(services)
        monkeypatch.setattr(JobTable, "end", end)
        return end(table, claim, *rest, **result)

    monkeypatch.setattr(JobTable, "end", lose_and_end)
    lost = submit(client, film)
    assert ended(submit(client, film))["state"] == "done"
    assert "composition.json" in files(services, lost)
