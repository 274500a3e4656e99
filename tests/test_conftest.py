"""A test that skips fails in CI, and only there."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parent.parent
SKIPS = """
import pytest

def test_skips():
    pytest.skip("no Blender")

@pytest.mark.xfail(reason="known")
def test_fails_as_expected():
    assert False
"""
SKIPS_WHOLLY = "import pytest; pytest.skip('no bpy', allow_module_level=True)"


def run_pytest(folder: Path, module: str, ci: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "test_it.py").write_text(module)
    command = [sys.executable, "-m", "pytest", "-q", str(folder)]
    environment = {**os.environ, "CI": ci}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_skip_is_a_skip_on_a_developers_machine(tmp_path):
    result = run_pytest(tmp_path, SKIPS, ci="")
    assert result.returncode == 0
    assert "1 skipped, 1 xfailed" in result.stdout


@pytest.mark.parametrize(
    ("module", "reason"), [(SKIPS, "no Blender"), (SKIPS_WHOLLY, "no bpy")], ids=["test", "module"]
)
def test_a_skip_is_a_failure_in_ci(tmp_path, module, reason):
    result = run_pytest(tmp_path, module, ci="true")
    assert result.returncode != 0
    assert f"Nothing may be skipped in CI: Skipped: {reason}" in result.stdout
