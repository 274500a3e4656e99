"""What the commands say where a studio is named in part, or with addresses that are none."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from diffbgm.cli.main import app
from diffbgm.cli.terminal import UsageError

QUEUE, DATABASE = ("--queue", "redis://127.0.0.1:9"), ("--database", "postgresql://127.0.0.1:9/x")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("worker",), "needs --queue, --database and --artifacts"),
        (("worker", *QUEUE, *DATABASE), "needs --queue, --database and --artifacts"),
        (("serve", *QUEUE), "needs both"),
        (("serve", *DATABASE), "needs both"),
        (("serve", "--artifacts", "here"), "--artifacts are a studio's"),
    ],
)
def test_a_studio_that_is_named_in_part_is_refused(command: tuple[str, ...], said: str):
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)


def test_the_environment_names_a_studio_too(tmp_path: Path):
    named = {
        "DIFFBGM_QUEUE": "redis://127.0.0.1:9",
        "DIFFBGM_DATABASE": "postgresql://me:secret@127.0.0.1:9/x",
        "DIFFBGM_ARTIFACTS": str(tmp_path / "artifacts"),
    }
    command = [sys.executable, "-W", "error::DeprecationWarning", "-m", "diffbgm.cli", "worker"]
    result = subprocess.run(command, env=os.environ | named, capture_output=True, text=True)
    (line,) = result.stderr.splitlines()
    assert (result.returncode, "secret" in line) == (1, False)
    assert line.startswith(
        "diffbgm: The database postgresql://me:***@127.0.0.1:9/x does not answer"
    )
