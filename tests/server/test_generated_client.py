"""A client that a public generator makes of /openapi.json composes a film."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import soundfile

from tests.fake_composer import EDGES, RATE
from tests.server_process import HERE, server_process

pytestmark = pytest.mark.slow

PROGRAMS = HERE.parent / ".venvs" / "openapi" / "bin"
# That a zip is bytes is not among what the generator knows by itself.
SETTINGS = {"content_type_overrides": {"application/zip": "application/octet-stream"}}


def test_a_generated_client_composes_a_film(tmp_path: Path) -> None:
    film, mix = tmp_path / "film.mp4", tmp_path / "mix.wav"
    film.write_bytes(b"the film")
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))

    def run(*command: str | Path) -> str:
        # The generator calls ruff, which it finds on the path.
        paths = os.pathsep.join([str(PROGRAMS), os.environ["PATH"]])
        environment = os.environ | {"PATH": paths, "PYTHONPATH": str(tmp_path)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    with server_process(tmp_path) as server:
        (tmp_path / "openapi.json").write_text(server.ask("GET", "/openapi.json").text)
        run(
            PROGRAMS / "openapi-python-client",
            *("generate", "--path", "openapi.json", "--config", "settings.json"),
            *("--meta", "none", "--output-path", "generated", "--fail-on-warning"),
        )
        given = server.handshake
        client = HERE / "server" / "generated_client.py"
        run(PROGRAMS / "python", client, given["address"], given["token"], film, mix)
    assert soundfile.info(mix).duration == pytest.approx(float(EDGES[-1] / RATE))
