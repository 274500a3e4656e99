"""A real server process, whose composer alone is a fake, for the add-on's real client."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from server_process import ServerProcess, server_process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """`server.handshake` tells address and token; `tmp_path / "gate"` ends the style `patient`."""
    with server_process(tmp_path) as process:
        yield process
