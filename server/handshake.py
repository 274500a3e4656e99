"""The file in which a server tells clients of the same user where it is and its token."""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from diffbgm.files import replacing


@dataclass(frozen=True)
class Handshake:
    """`address` is a URL without a slash at its end, `pid` the server's process."""

    address: str
    host: str
    port: int
    token: str
    pid: int
    version: str

    @property
    def page(self) -> str:
        """The page's address; the token is in the fragment, which browsers send nowhere."""
        return f"{self.address}/#token={self.token}"


def write(path: Path, handshake: Handshake) -> None:
    """Writes it in one step, readable by its owner alone. Raises StorageError."""
    with replacing(path) as part:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(handshake), file)


def read(path: Path) -> Handshake | None:
    """The running server that `path` tells of; None if there is none, or if it is dead."""
    try:
        handshake = Handshake(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return handshake if is_alive(handshake.pid) else None


def remove(path: Path, pid: int) -> None:
    """Removes it if it is that process's own."""
    handshake = read(path)
    if handshake is not None and handshake.pid == pid:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs; one that has ended and was not awaited does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
