"""The file in which a server tells clients of the same user where it is and its token."""

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from diffbgm.errors import OptionError, StorageError
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


@contextlib.contextmanager
def announced(path: Path, handshake: Handshake) -> Iterator[None]:
    """Inside, `path` tells of this server and of no other; after, it is gone.

    Raises OptionError where another server is named there, StorageError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # A lock and not the file itself: a process of the same number may be another program's.
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        other = read(path)
        raise OptionError(
            f"{path} tells of another server{f' (process {other.pid})' if other else ''} that "
            "runs; stop that one, or give this one a --handshake of its own."
        ) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
    try:
        _write(path, handshake)
        yield
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def _write(path: Path, handshake: Handshake) -> None:
    """Writes it in one step, readable by its owner alone."""
    with replacing(path) as part:
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


def is_alive(pid: int) -> bool:
    """Whether a process of that number runs; one that has ended and was not awaited does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
