"""docs/http_api.md is true: every route and every error of it is there, its example runs."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.server_process import server_process

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[2] / "docs" / "http_api.md"
REQUESTS = {"compose": "ComposeRequestOptions", "take": "TakeRequest"}
SOURCES = Path(__file__).parents[2] / "server"


def routes(client: FlaskClient) -> set[str]:
    """All rules as the documentation writes them, but for the parts of the /docs page."""
    rules = client.application.url_map.iter_rules()
    written = {re.sub(r"<\w+:(\w+)>", r"<\1>", rule.rule) for rule in rules}
    return {rule for rule in written if not rule.startswith("/docs/")}


def test_every_route_is_documented(client: FlaskClient) -> None:
    text = DOCUMENT.read_text()
    documented = {match.split("?")[0] for match in re.findall(r"`[A-Z]+ (/[^` ]*)`", text)}
    assert documented == routes(client)


def test_every_code_of_ours_is_documented() -> None:
    sources = "".join(path.read_text() for path in SOURCES.rglob("*.py"))
    codes = re.findall(r'ApiError\(\s*\d+,\s*"(\w+)"', sources)
    assert len(codes) > 8
    text = DOCUMENT.read_text()
    assert [code for code in codes if f"`{code}`" not in text] == []


def test_every_option_is_listed_and_its_kind_is_documented(client: FlaskClient) -> None:
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    listed = client.get("/v1/info").json["options"]
    for of, name in REQUESTS.items():
        assert [option["name"] for option in listed[of]] == list(schemas[name]["properties"])
    table = DOCUMENT.read_text().split("| Kind |")[1].split("\n\n")[0]
    rows = "".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `"))
    kinds = {option["kind"] for options in listed.values() for option in options}
    assert kinds == set(re.findall(r"`(\w+)`", rows))


def test_what_is_for_who_runs_the_server_is_not_listed(client: FlaskClient) -> None:
    listed = client.get("/v1/info").json["options"]
    names = {option["name"] for options in listed.values() for option in options}
    assert {"style", "notes", "mux"} <= names
    assert not names & {"device", "checkpoint", "soundfont"}


def test_the_openapi_document_has_every_route(client: FlaskClient) -> None:
    document: dict[str, Any] = client.get("/openapi.json").json
    versioned = {rule.replace("<", "{").replace(">", "}") for rule in routes(client)}
    assert {r for r in versioned if r.startswith(("/v1", "/health", "/ready", "/metrics"))} == set(
        document["paths"]
    )
    assert document["openapi"].startswith("3.")
    assert json.dumps(document).count("ErrorAnswer") > 10


def test_the_python_example_runs(tmp_path: Path) -> None:
    example = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
    (tmp_path / "film.mp4").write_bytes(b"the film")
    with server_process(tmp_path) as server:
        subprocess.run(
            [sys.executable, "-c", example],
            cwd=tmp_path,
            env=os.environ | {"DIFFBGM_HANDSHAKE": str(server.handshake_path)},
            check=True,
            timeout=600,
        )
    assert (tmp_path / "mix.wav").read_bytes().startswith(b"RIFF")


def test_the_lines_for_curl_run(tmp_path: Path) -> None:
    lines = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[0]
    (tmp_path / "film.mp4").write_bytes(b"the film")
    with server_process(tmp_path) as server:
        told = subprocess.run(
            ["bash", "-eu", "-o", "pipefail", "-c", lines],
            cwd=tmp_path,
            env=os.environ | {"DIFFBGM_HANDSHAKE": str(server.handshake_path)},
            check=True,
            timeout=600,
            capture_output=True,
            text=True,
        )
        (composition,) = server.ask("GET", "/v1/compositions").json()["compositions"]
    assert [(job["kind"], job["state"]) for job in composition["jobs"]] == [
        ("compose", "done"),
        ("take", "done"),
    ]
    assert told.stdout.count("event: state") >= 2
    assert (tmp_path / "mix.wav").read_bytes()[:1024] == (tmp_path / "head.wav").read_bytes()
    with zipfile.ZipFile(tmp_path / "stems.zip") as stems:
        assert stems.testzip() is None
        assert stems.namelist() == ["stems/melody.flac"]
    assert json.loads((tmp_path / "timeline.otio").read_text())["OTIO_SCHEMA"] == "Timeline.1"
