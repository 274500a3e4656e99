"""The file in which a server tells its clients of the same user where it is: its usual place."""

import os
from pathlib import Path

from platformdirs import user_data_path

VARIABLE = "DIFFBGM_HANDSHAKE"


def default_handshake() -> Path:
    """Where the environment variable `DIFFBGM_HANDSHAKE` says, else in the user's data folder."""
    given = os.environ.get(VARIABLE)
    return Path(given) if given else user_data_path("diffbgm", appauthor=False) / "server.json"
