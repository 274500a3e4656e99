"""Runs the checks of `inside/` in every Blender that is here, each version a process of its own."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.plugin_blender import blenders

pytestmark = pytest.mark.slow

INSIDE = Path(__file__).parent / "inside"
# Mixdowns at eight frame rates take two minutes: one version of each generation of the sequencer.
SLOW = {"check_joins": ("3.4", "4.5", "5.0")}


def _checks() -> list[tuple[str, str, str]]:
    return [
        (module.stem, node.name, version)
        for module in sorted(INSIDE.glob("check_*.py"))
        for node in ast.parse(module.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
        for version in SLOW.get(module.stem, blenders.VERSIONS)
    ]


@pytest.mark.parametrize(("module", "check", "version"), _checks())
def test_inside(version: str, module: str, check: str, addon_zip: Path, user_folders: dict):
    verdicts, output = _run(version, module, str(addon_zip), tuple(user_folders.items()))
    assert check in verdicts, f"Blender {version} did not come to {check}:\n{output[-4000:]}"
    assert verdicts[check] == "", verdicts[check]


@cache
def _run(
    version: str, module: str, addon_zip: str, environment: tuple[tuple[str, str], ...]
) -> tuple[dict[str, str], str]:
    """What each check of a module said: nothing, or its traceback; and all that was printed."""
    script = str(INSIDE / "run.py")
    done = blenders.run(version, [script, "--", addon_zip, module], dict(environment))
    reported = re.split(r"^(PASS|FAIL) (check_\w+)$", done, flags=re.MULTILINE)[1:]
    each = zip(reported[::3], reported[1::3], reported[2::3], strict=True)
    return {name: text if verdict == "FAIL" else "" for verdict, name, text in each}, done
