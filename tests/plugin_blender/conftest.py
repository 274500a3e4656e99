"""The add-on's zip, and folders of their own for Blender, the add-on and the server."""

import json
import subprocess
import sys
from pathlib import Path

import addon
import pytest


@pytest.fixture(scope="session")
def addon_zip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("zip")
    script = str(addon.SOURCE / "package.py")
    subprocess.run([sys.executable, script, str(folder)], check=True, stdout=subprocess.DEVNULL)
    return next(folder.glob("*.zip"))


@pytest.fixture(scope="session")
def user_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment variables for a user who has installed the quick server and nothing else."""
    user = tmp_path_factory.mktemp("user")
    variables = {"BLENDER_USER_RESOURCES": user / "blender", "XDG_DATA_HOME": user / "data"}
    for name in ("CONFIG", "SCRIPTS", "DATAFILES"):
        variables[f"BLENDER_USER_{name}"] = user / "blender" / name.lower()
    for folder in variables.values():
        folder.mkdir(parents=True)
    installed = user / "data" / "diffbgm"
    installed.mkdir()
    program = addon.write_program(user)
    record = {"program": str(program), "version": "0.1.0"}
    (installed / "install.json").write_text(json.dumps(record))
    return {name: str(folder) for name, folder in variables.items()}
