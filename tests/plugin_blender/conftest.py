"""The add-on's zip, and folders of their own for Blender, the add-on and the server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import addon
from tests.plugin_blender import blenders


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
    return blenders.make_user(user, addon.write_program(user))
