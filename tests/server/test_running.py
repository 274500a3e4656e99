"""What who runs a server is told: readiness, figures, and logs that carry the composition's id."""

import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from diffbgm_server import logs
from diffbgm_server.metrics import Metrics
from diffbgm_server.security import is_local
from diffbgm_server.services import Services
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.server_process import server_process

Ended = Callable[[str], dict[str, Any]]


def compose(client: FlaskClient, film: str, style: str) -> str:
    request = {"media": film, "options": {"style": style}}
    return client.post("/v1/compositions", json=request).json["id"]


def figures(client: FlaskClient) -> dict[tuple[str, ...], float]:
    """Each figure by its name and the values of its labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_metrics_tell_of_queue_jobs_stages_and_memory(
    client: FlaskClient, film: str, gate: Path, ended: Ended
):
    ended(compose(client, film, "cinematic"))
    ended(compose(client, film, "unusable"))
    waiting = [compose(client, film, "patient") for _ in range(3)]
    now = figures(client)
    assert now["diffbgm_jobs_total", "compose", "done"] == 1
    assert now["diffbgm_jobs_total", "compose", "film_unusable"] == 1
    assert now["diffbgm_job_seconds_count", "compose"] == 2
    assert now["diffbgm_stage_seconds_count", "sounding"] == 1
    assert now["diffbgm_jobs_running",] + now["diffbgm_jobs_queued",] == 3
    assert now["diffbgm_memory_bytes", "server"] > 10_000_000
    assert now["diffbgm_store_bytes", "media"] == len(b"the film")
    assert now["diffbgm_ready",] == 1
    gate.touch()
    for composition in waiting:
        ended(composition)
    assert figures(client)["diffbgm_jobs_total", "compose", "done"] == 4


def test_metrics_are_for_those_who_know_the_token(tokenless: FlaskClient):
    assert tokenless.get("/metrics").status_code == 401


def test_ready_is_not_alive(services: Services, tokenless: FlaskClient, monkeypatch: Any):
    assert tokenless.get("/ready").status_code == 200
    monkeypatch.setattr(services.worker, "_trouble", "no weights")
    assert (tokenless.get("/ready").status_code, tokenless.get("/health").status_code) == (503, 200)


def test_stages_are_timed_one_after_the_other():
    metrics, told = Metrics(), []
    watch = metrics.watch("take", lambda stage, fraction: told.append(stage))
    for stage in ("analysis", "analysis", "sound"):
        watch.report(stage, 0.5)
    watch.end("done")
    sample = metrics.registry.get_sample_value
    for stage in ("analysis", "sound"):
        assert sample("diffbgm_stage_seconds_count", {"stage": stage}) == 1
    assert sample("diffbgm_jobs_total", {"kind": "take", "outcome": "done"}) == 1
    assert told == ["analysis", "analysis", "sound"]


def line_of(message: str, *arguments: object, failure: bool = False) -> dict[str, Any]:
    """What a log for programs says of an event."""
    error = None
    if failure:
        try:
            raise ValueError("Authorization: Bearer abc.def")
        except ValueError:
            error = sys.exc_info()
    record = logging.LogRecord("diffbgm", logging.INFO, "", 0, message, arguments, error)
    return json.loads(logs.formatter(is_read=False).format(record))


def test_a_log_line_is_json_with_its_context():
    with logs.about(composition="abc", job=3):
        line = line_of("job %d", 3)
    assert (line["event"], line["composition"], line["job"]) == ("job 3", "abc", 3)
    assert line["level"] == "info"
    assert "composition" not in line_of("later")


def test_no_token_is_written():
    logs.hide("s3cret-token")
    written = json.dumps(
        [
            line_of("asked with %s", "s3cret-token"),
            line_of("GET /#token=abcdef"),
            line_of("failed", failure=True),
        ]
    )
    assert "s3cret-token" not in written
    assert "abcdef" not in written
    assert "abc.def" not in written
    assert "ValueError" in written


@pytest.mark.slow
def test_parent_and_child_log_the_composition(tmp_path: Path):
    with server_process(tmp_path, "--logs") as server:
        composition = server.submit(style="buggy")
        server.ended(composition)
        token = server.handshake["token"]
        server.process.terminate()
        _, written = server.process.communicate(timeout=60)
    assert token not in written
    lines = [json.loads(line) for line in written.splitlines() if line.startswith("{")]
    of_it = [line for line in lines if line.get("composition") == composition]
    loggers = {line["logger"] for line in of_it}
    assert {"diffbgm_server.runner", "diffbgm_server.isolation"} <= loggers
    (failed,) = [line for line in of_it if line["event"] == "composing failed"]
    assert "an index is out of range" in failed["exception"]


def test_who_comes_by_a_proxy_is_not_on_this_machine():
    assert is_local("127.0.0.1", {"Host": "localhost"})
    for header in ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"):
        assert not is_local("127.0.0.1", {header: "203.0.113.9"})
    assert not is_local("203.0.113.9", {})
