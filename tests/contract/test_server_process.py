"""Finding and starting the server: handshake, program, time-outs, and what a failure says."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import platformdirs
import pytest
from addon_modules import server_process
from addon_modules.client import ServerUnreachable
from addon_modules.server_process import ServerSettings, connect

pytestmark = pytest.mark.slow


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's data folder in which nothing of ours is."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("DIFFBGM_HANDSHAKE", raising=False)
    return tmp_path / "data" / "diffbgm"


def test_folder_is_the_one_that_the_server_uses(user: Path, monkeypatch: pytest.MonkeyPatch):
    assert server_process.user_folder() == user
    assert user == platformdirs.user_data_path("diffbgm", appauthor=False)
    monkeypatch.setenv("XDG_DATA_HOME", "")
    assert server_process.user_folder() == platformdirs.user_data_path("diffbgm", appauthor=False)


def test_nothing_installed_says_what_to_do(user: Path):
    with pytest.raises(ServerUnreachable, match=r"python install\.py"):
        connect(ServerSettings(), _wait)


def test_program_that_is_gone_is_named(user: Path):
    _record(user, Path("/no/such/diffbgm"))
    with pytest.raises(ServerUnreachable, match="/no/such/diffbgm is gone"):
        connect(ServerSettings(), _wait)


def test_installed_program_is_started_once_and_shared(user: Path, program: Path):
    _record(user, program)
    first = connect(ServerSettings(), _wait)
    reported = json.loads((user / "server.json").read_text())
    assert first.address == reported["address"]
    assert first.info()["name"] == "diffbgm"
    assert connect(ServerSettings(), _wait).address == first.address
    os.kill(reported["pid"], signal.SIGTERM)
    server_process.children()[-1].wait(20)


def test_word_of_a_killed_server_is_not_believed(user: Path, program: Path):
    first = connect(ServerSettings(program=str(program)), _wait)
    child = server_process.children()[-1]
    child.kill()
    child.wait()
    assert (user / "server.json").exists()
    second = connect(ServerSettings(program=str(program)), _wait)
    assert second.address != first.address
    server_process.children()[-1].terminate()
    server_process.children()[-1].wait(20)


def test_failure_shows_the_end_of_the_log(user: Path, tmp_path: Path):
    with pytest.raises(ServerUnreachable, match="no SoundFont"):
        connect(_program(tmp_path, "echo one; echo there is no SoundFont >&2; exit 1"), _wait)


def test_silence_is_told_after_a_while(user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(server_process, "PATIENCE", 0.5)
    with pytest.raises(ServerUnreachable, match="left no word"):
        connect(_program(tmp_path, "exec sleep 60"), _wait)
    assert server_process.children()[-1].wait(20) != 0


def test_program_that_cannot_run_is_named(user: Path, tmp_path: Path):
    broken = tmp_path / "diffbgm"
    broken.write_text("no program")
    with pytest.raises(ServerUnreachable, match="does not start"):
        connect(ServerSettings(program=str(broken)), _wait)


def test_server_of_another_version_is_named(user: Path, tmp_path: Path):
    user.mkdir(parents=True)
    with _answering({"name": "diffbgm", "version": "9.9"}) as address:
        (user / "server.json").write_text(json.dumps({"version": "9.9", "address": address}))
        with pytest.raises(ServerUnreachable, match=r"version 9\.9"):
            connect(_program(tmp_path, "exit 1"), _wait)


def test_what_a_dead_server_left_never_hides_the_log(user: Path, tmp_path: Path):
    user.mkdir(parents=True)
    (user / "server.json").write_text('{"version": "9.9", "address": "http://127.0.0.1:1"}')
    with pytest.raises(ServerUnreachable, match="no weights here") as raised:
        connect(_program(tmp_path, "echo no weights here; exit 1"), _wait)
    assert raised.value.mend == "diffbgm.show_log"


def test_who_waits_for_another_start_can_be_stopped(user: Path, tmp_path: Path):
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    with server_process._starting, pytest.raises(KeyboardInterrupt):
        connect(_program(tmp_path, "exec sleep 60"), stop)


@contextmanager
def _answering(health: dict[str, str]) -> Iterator[str]:
    """The address of a server that answers this to everything."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(health).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_stopping_stops_the_start(user: Path, tmp_path: Path):
    def stop(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        connect(_program(tmp_path, "exec sleep 60"), stop)
    assert server_process.children()[-1].wait(20) != 0


def test_address_of_another_machine_is_taken_as_it_is(user: Path):
    with pytest.raises(ServerUnreachable, match=r"No answer from .*http://127\.0\.0\.1:1"):
        connect(ServerSettings(address="http://127.0.0.1:1"), _wait)


def test_only_other_machines_need_online_access():
    near = ["", "http://localhost:80", "http://127.0.0.1:8765", "http://[::1]:8765"]
    assert all(ServerSettings(address).is_on_this_machine() for address in near)
    assert not ServerSettings("http://192.168.1.5:8765").is_on_this_machine()


def _wait(seconds: float) -> None:
    import time

    time.sleep(seconds)


def _record(user: Path, program: Path) -> None:
    """As install.py does."""
    user.mkdir(parents=True)
    (user / "install.json").write_text(json.dumps({"program": str(program), "version": "0.1.0"}))


def _program(folder: Path, script: str) -> ServerSettings:
    program = folder / "diffbgm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return ServerSettings(program=str(program))
