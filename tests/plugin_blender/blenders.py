"""The Blenders to test in: the system's 3.4, and `bpy` in environments of its own."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

import install
from tests import addon

ROOT = Path(__file__).resolve().parent.parent.parent
# A wheel runs in one Python alone; where there is none, it is not tested.
VERSIONS = (
    "3.4",
    *(
        name.removeprefix("bpy-")
        for name, (_, python) in install.BPY_VERSIONS.items()
        if install.find_python(python)
    ),
)


def command(version: str) -> list[str]:
    """What runs a script in that Blender without a window; skips the test where it is not here."""
    if version == "3.4":
        return [*program(), "--background", "--factory-startup", "--python"]
    python = ROOT / ".venvs" / f"bpy-{version}" / "bin" / "python"
    if not python.exists():
        pytest.skip(f"no bpy {version} in {python.parent.parent}: `python install.py test` sets up")
    return [str(python)]


def program() -> list[str]:
    """Blender itself, with a window."""
    blender = shutil.which("blender")
    if blender is None:
        pytest.skip("no blender on the PATH: `python install.py test` sets it up")
    return [blender]


def run(version: str, arguments: list[str], environment: dict[str, str]) -> str:
    """All that a script in that Blender prints. Fails after some minutes."""
    done = subprocess.run(
        [*command(version), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **environment},
        timeout=1200,
        check=False,
        encoding="utf-8",
        errors="replace",
    )
    return done.stdout


def make_user(user: Path, program: Path) -> dict[str, str]:
    """Folders for Blender and for the server below `user`, and the variables that name them."""
    variables = {"BLENDER_USER_RESOURCES": user / "blender", "XDG_DATA_HOME": user / "data"}
    for name in ("CONFIG", "SCRIPTS", "DATAFILES"):
        variables[f"BLENDER_USER_{name}"] = user / "blender" / name.lower()
    for folder in variables.values():
        folder.mkdir(parents=True, exist_ok=True)
    addon.record_program(user / "data", program)
    return {name: str(folder) for name, folder in variables.items()}
