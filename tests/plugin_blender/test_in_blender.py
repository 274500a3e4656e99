"""Runs the checks of `inside/` in every Blender that is here, each version a process of its own.

One process, and one server, does all checks of a version: to start them takes longer than most.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.plugin_blender import blenders

pytestmark = pytest.mark.slow

INSIDE = Path(__file__).parent / "inside"
# Mixdowns at eight frame rates take half a minute: one version of each generation of the sequencer.
SLOW = {"check_joins": ("3.4", "4.5", "5.0")}


def _modules(version: str) -> list[str]:
    names = sorted(module.stem for module in INSIDE.glob("check_*.py"))
    return [name for name in names if version in SLOW.get(name, blenders.VERSIONS)]


def _checks() -> list[tuple[str, str, str]]:
    return [
        (version, module, node.name)
        for version in blenders.VERSIONS
        for module in _modules(version)
        for node in ast.parse((INSIDE / f"{module}.py").read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("check_")
    ]


@pytest.mark.parametrize(("version", "module", "check"), _checks())
def test_inside(version: str, module: str, check: str, addon_zip: Path, user_folders: dict):
    verdicts, output = _run(version, str(addon_zip), tuple(user_folders.items()))
    assert (module, check) in verdicts, f"Blender {version} never came to it:\n{output[-4000:]}"
    assert verdicts[module, check] == "", verdicts[module, check]


@cache
def _run(
    version: str, addon_zip: str, environment: tuple[tuple[str, str], ...]
) -> tuple[dict[tuple[str, str], str], str]:
    """What each check said, by module and name: nothing, or its traceback; and all that was
    printed."""
    command = [str(INSIDE / "run.py"), "--", addon_zip, *_modules(version)]
    done = blenders.run(version, command, dict(environment))
    reported = re.split(r"^(PASS|FAIL) (check_\w+) (check_\w+)$", done, flags=re.MULTILINE)[1:]
    each = zip(*(reported[place::4] for place in range(4)), strict=True)
    return {
        (module, name): text if verdict == "FAIL" else "" for verdict, module, name, text in each
    }, done
