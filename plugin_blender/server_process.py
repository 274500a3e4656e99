"""Finds the server that serves this user, and starts it where none runs. Knows nothing of Blender.

A server writes a handshake file (address, token, version); several Blenders share one server. Like
every call of the client these block: never call them on Blender's main thread.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .client import Client, ServerRefused, ServerUnreachable

VERSION = "0.1.0"  # the add-on's; a server on this machine must be of the same
PATIENCE = 90.0  # seconds until a server that was started must answer; a cold disc is slow
LOG_LINES = 8

_starting = threading.Lock()  # two jobs must not start two servers
_answers: list[str] = []  # the address of the server that answered last, if it did
_children: list[subprocess.Popen] = []  # kept, as Python complains of one that is forgotten


@dataclass(frozen=True)
class ServerSettings:
    """What the preferences say; an empty `address` means a server of this machine's own.

    `program` is the command that starts it, empty for the one that the installer recorded.
    """

    address: str = ""
    token: str = ""
    program: str = ""

    def is_on_this_machine(self) -> bool:
        host = urlsplit(self.address).hostname if self.address else "localhost"
        return host == "localhost" or host == "::1" or str(host).startswith("127.")


def connect(settings: ServerSettings, wait: Callable[[float], None]) -> Client:
    """A client of a server that answers; starts one if need be. Raises ClientError.

    `wait(seconds)` is called while a server starts; what it raises ends the waiting.
    """
    _answers.clear()
    if settings.address:
        client = Client(settings.address, settings.token)
        client.health()
    else:
        client = _connect_here(settings, wait)
    _answers.append(client.address)
    return client


def state() -> str:
    """Of the server that was asked last: "starting", "running", or "" where none answered."""
    if _starting.locked():
        return "starting"
    return "running" if _answers else ""


def _connect_here(settings: ServerSettings, wait: Callable[[float], None]) -> Client:
    while not _starting.acquire(timeout=0.1):
        wait(0)  # Another job may wait long for a server that hangs: this one can be cancelled.
    try:
        return _running() or _start(settings, wait)
    finally:
        _starting.release()


def children() -> list[subprocess.Popen]:
    """The servers that this process has started; each ends with it."""
    return list(_children)


def user_folder() -> Path:
    """Where server and installer leave word: `platformdirs.user_data_dir("diffbgm", False)`."""
    if sys.platform == "win32":
        return Path(os.environ["LOCALAPPDATA"]) / "diffbgm"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "diffbgm"
    return (
        Path(os.environ.get("XDG_DATA_HOME", "").strip() or "~/.local/share").expanduser()
        / "diffbgm"
    )


def handshake_path() -> Path:
    """The file in which a running server tells its address and token."""
    return Path(os.environ.get("DIFFBGM_HANDSHAKE") or user_folder() / "server.json")


def log_path() -> Path:
    return user_folder() / "server.log"


def find_program(given: str) -> Path:
    """The command that starts a server: the one `given`, else the installed one.

    Raises ServerUnreachable, which says what to do.
    """
    program = given or str(_read_json(user_folder() / "install.json").get("program", ""))
    if not program:
        raise ServerUnreachable(
            "The music server is not installed: run `python install.py` in diffbgm's folder, "
            "or name the diffbgm program in the add-on's preferences"
        )
    if not Path(program).is_file():
        raise ServerUnreachable(
            f"The music server's program {program} is gone: run `python install.py` again, "
            "or correct it in the add-on's preferences"
        )
    return Path(program)


def _running() -> Client | None:
    """A client of the server that the handshake file tells of, if it is alive and ours."""
    handshake = _read_json(handshake_path())
    if handshake.get("version") != VERSION:
        return None
    client = Client(str(handshake.get("address")), str(handshake.get("token")), timeout=5.0)
    try:
        alive = client.health().get("version") == VERSION
    except (ServerUnreachable, ServerRefused):
        return None  # left behind by a server that was killed
    return Client(client.address, str(handshake["token"])) if alive else None


def _start(settings: ServerSettings, wait: Callable[[float], None]) -> Client:
    process = _spawn(find_program(settings.program))
    deadline = time.monotonic() + PATIENCE
    try:
        while process.poll() is None and time.monotonic() < deadline:
            if client := _running():
                return client
            wait(0.1)
    except BaseException:
        process.terminate()
        raise
    # One that ended may have found another at work, started by another Blender a moment ago.
    if client := _running():
        return client
    process.terminate()
    raise ServerUnreachable(_failure(), mend="diffbgm.show_log")


def _spawn(program: Path) -> subprocess.Popen:
    handshake = handshake_path()
    command = [str(program), "serve", "--port", "0", "--parent-pid", str(os.getpid())]
    try:
        log_path().parent.mkdir(parents=True, exist_ok=True)
        with log_path().open("wb") as log:
            process = subprocess.Popen(
                [*command, "--handshake", str(handshake)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_environment(),
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        _children.append(process)
        return process
    except OSError as error:
        raise ServerUnreachable(f"The music server {program} does not start: {error}") from error


def _environment() -> dict[str, str]:
    """The environment without what is meant for Blender's own Python."""
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def _failure() -> str:
    other = _other_version()
    if other is not None:
        return (
            f"A music server of version {other} runs, but this add-on is {VERSION}: "
            "stop it, and install both from the same release"
        )
    with contextlib.suppress(OSError):
        lines = log_path().read_text(errors="replace").splitlines()
        if lines:
            last = "\n".join(lines[-LOG_LINES:])
            return f"The music server did not start. Its last words:\n{last}"
    return f"The music server did not start, and left no word in {log_path()}"


def _other_version() -> str | None:
    """The version of a server of another one that answers; a file that one left says nothing."""
    handshake = _read_json(handshake_path())
    if handshake.get("version") in (None, VERSION):
        return None
    try:
        client = Client(str(handshake.get("address")), str(handshake.get("token")), timeout=2.0)
        return str(client.health().get("version"))
    except (ServerUnreachable, ServerRefused):
        return None


def _read_json(path: Path) -> dict:
    """A JSON object from a file; empty where the file is missing or is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
