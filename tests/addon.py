"""The add-on for tests: its modules without Blender, and servers for it to start."""

import importlib.machinery
import importlib.util
import json
import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "plugin_blender"

# The package without its `__init__`, which wants Blender: modules that know no Blender import.
_spec = importlib.machinery.ModuleSpec("addon_modules", None, is_package=True)
_spec.submodule_search_locations = [str(SOURCE)]
sys.modules.setdefault("addon_modules", importlib.util.module_from_spec(_spec))


QUICK = (sys.executable, str(Path(__file__).with_name("quick_server.py")))
REAL = (sys.executable, "-c", "from diffbgm.cli.main import main; main()")


def write_program(folder: Path, command: tuple[str, ...] = QUICK) -> Path:
    """A program that takes the flags of `diffbgm`: one that hums at once, or the real one."""
    program = folder / "diffbgm-program"
    program.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec {shlex.join(command)} "$@"\n', "utf-8")
    program.chmod(0o755)
    return program


def record_program(data: Path, program: Path) -> None:
    """Leave word of an installed program in a user's data folder, as install.py does."""
    folder = data / "diffbgm"
    folder.mkdir(parents=True)
    record = {"program": str(program), "version": "0.1.0"}
    (folder / "install.json").write_text(json.dumps(record), "utf-8")
