"""/openapi.json is true: generated requests, good and bad, are answered as it says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server_process import HERE, server_process

# Thousands of requests, one after the other: beside much else each waits for a processor.
pytestmark = [pytest.mark.slow, pytest.mark.alone]

CHECKS, EXAMPLES, SEED = "all", 5, 909


def test_generated_requests_are_answered_as_documented(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        given = server.handshake
        limits = ["--checks", CHECKS, "--max-examples", str(EXAMPLES), "--seed", str(SEED)]
        token = ["--header", f"Authorization: Bearer {given['token']}"]
        hooks = str(HERE / "server" / "schemathesis_hooks.py")
        outcome = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"),
                "--no-color",
                *("--config-file", HERE / "server" / "schemathesis.toml"),
                "run",
                f"{given['address']}/openapi.json",
                *limits,
                *token,
            ],
            cwd=tmp_path,
            env=os.environ | {"SCHEMATHESIS_HOOKS": hooks},
            capture_output=True,
            text=True,
            timeout=600,
        )
        assert outcome.returncode == 0, outcome.stdout + outcome.stderr
        assert server.ask("GET", "/health").json()["ready"]
