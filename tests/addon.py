"""The add-on for tests: its modules without Blender, and a quick server for it to start."""

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "plugin_blender"

# The package without its `__init__`, which wants Blender: modules that know no Blender import.
_spec = importlib.machinery.ModuleSpec("addon_modules", None, is_package=True)
_spec.submodule_search_locations = [str(SOURCE)]
sys.modules.setdefault("addon_modules", importlib.util.module_from_spec(_spec))


def write_program(folder: Path) -> Path:
    """A program that is started like `diffbgm` and serves music in no time."""
    program = folder / "quick-diffbgm"
    script = Path(__file__).with_name("quick_server.py")
    program.write_text(
        f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" "{script}" "$@"\n', "utf-8"
    )
    program.chmod(0o755)
    return program
