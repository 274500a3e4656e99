"""Runs the checks of modules inside Blender, with the add-on installed from its zip.

    blender --background --factory-startup --python run.py -- ZIP MODULE...

Every function `check_*` begins with Blender's factory file. Lines `PASS module name` and
`FAIL module name`, then the traceback, tell how it went.
"""

import importlib
import os
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))


def install(zip_path: str) -> str:
    """Installs and enables the add-on as a user would; the name of its module."""
    if bpy.app.version < (4, 2):
        bpy.ops.preferences.addon_install(filepath=zip_path)
        bpy.ops.preferences.addon_enable(module="diffbgm_blender")
        return "diffbgm_blender"
    bpy.ops.extensions.package_install_files(
        filepath=zip_path, repo="user_default", enable_on_install=True
    )
    return "bl_ext.user_default.diffbgm_blender"


def run(zip_path: str, *modules: str) -> None:
    package = install(zip_path)
    sys.modules["addon"] = sys.modules[package]
    for name in (
        "compat",
        "conforming",
        "cuts",
        "films",
        "finding",
        "forms",
        "generating",
        "jobs",
        "joins",
        "looks",
        "manual",
        "operating",
        "operators",
        "heard",
        "panels",
        "history",
        "pieces",
        "placing",
        "refitting",
        "ranges",
        "sending",
        "shot_panel",
        "shot_properties",
        "speech_room",
        "stem_strips",
        "strips",
        "tags",
        "take_panels",
        "thumbnails",
        "timeline",
        "translations",
        "words",
        "work",
    ):
        sys.modules[f"addon.{name}"] = importlib.import_module(f"{package}.{name}")
    for module in modules:
        _check(importlib.import_module(module), package)


def _check(module, package: str) -> None:
    for name in [name for name in vars(module) if name.startswith("check_")]:
        bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=False)
        bpy.ops.preferences.addon_enable(module=package)
        try:
            getattr(module, name)()
        except Exception:
            sys.stdout.write(f"FAIL {module.__name__} {name}\n{traceback.format_exc()}\n")
        else:
            sys.stdout.write(f"PASS {module.__name__} {name}\n")


if __name__ == "__main__":
    run(*sys.argv[sys.argv.index("--") + 1 :])
    sys.stdout.flush()
    os._exit(0)  # without Blender's tidying up: bpy 4.5 as a module never ends with it
