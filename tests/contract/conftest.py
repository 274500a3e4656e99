"""A quick server of one's own, started as the add-on starts it, and a client of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from addon_modules import server_process
from addon_modules.client import Client
from addon_modules.server_process import ServerSettings

from tests import addon


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the add-on takes for the diffbgm program."""
    return addon.write_program(tmp_path_factory.mktemp("program"))


@pytest.fixture(scope="module")
def settings(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerSettings]:
    """A server on this machine with a user folder of its own; it ends with the module."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("user")))
        yield ServerSettings(program=str(program))
        for child in server_process.children():
            child.terminate()
            child.wait()


@pytest.fixture(scope="module")
def client(settings: ServerSettings) -> Client:
    return server_process.connect(settings, lambda seconds: None)
