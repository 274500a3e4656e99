"""A server process that unknown clients, slow clients and other servers lean on."""

import os
import re
import signal
import socket
import stat
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from benchmarks import attack
from tests.server_process import server_process, start

pytestmark = [pytest.mark.slow, pytest.mark.alone]


def test_half_sent_requests_and_too_many_streams_lock_nobody_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with server_process(tmp_path) as server:
        composition = server.submit(style="patient")
        server.wait(composition, lambda state: state["state"] == "running")
        attack.main([str(server.handshake_path), "--requests", "40"])
        reported = capsys.readouterr().out
        assert len(re.findall(r"p95 [\d.]+ ms", reported)) == 6
        assert "answers to the streams: {200: 2, 503: 40}" in reported
        with capsys.disabled():
            sys.stdout.write(f"\n{reported}")
        (tmp_path / "gate").touch()
        assert server.ended(composition)["state"] == "done"


def test_streams_hold_no_thread(tmp_path: Path) -> None:
    with server_process(tmp_path, "--event-streams", "60") as server:
        composition = server.submit(style="patient")
        handshake = server.handshake
        with attack.event_streams(handshake, 0) as statuses:
            assert statuses == [200] * 60
            threads = psutil.Process(server.process.pid).num_threads()
            assert threads < 40
            assert server.ask("GET", "/health").status_code == 200
            refused = server.ask("GET", f"/v1/compositions/{composition}/events")
            assert (refused.status_code, refused.headers["Retry-After"]) == (503, "5")
        (tmp_path / "gate").touch()
        assert server.ended(composition)["state"] == "done"


def test_who_sends_nothing_more_is_left(tmp_path: Path) -> None:
    """After ten seconds; who has the token goes on meanwhile."""
    with server_process(tmp_path) as server:
        where = server.handshake
        with socket.create_connection((where["host"], where["port"]), timeout=60) as client:
            client.sendall(attack.HALF)
            assert server.ask("GET", "/v1/info").status_code == 200
            assert client.recv(100) == b""


def test_an_upload_needs_its_size_once(tmp_path: Path) -> None:
    film, largest = os.urandom(1_000_000) * 30, 0
    with server_process(tmp_path) as server:
        is_over = threading.Event()

        def watch() -> None:
            nonlocal largest
            while not is_over.is_set():
                largest = max(largest, size_of(tmp_path / "store"))
                time.sleep(0.01)

        watcher = threading.Thread(target=watch)
        before = size_of(tmp_path / "store")
        watcher.start()
        try:
            assert server.ask("POST", "/v1/media?name=a.mov", data=film).status_code == 201
        finally:
            is_over.set()
            watcher.join()
        assert largest - before < 1.2 * len(film)


def test_an_upload_that_is_cut_off_leaves_nothing(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        where = server.handshake
        head = (
            f"POST /v1/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9000000\r\n"
            f"Authorization: Bearer {where['token']}\r\n\r\n"
        )
        work = tmp_path / "store" / "work"
        with socket.create_connection((where["host"], where["port"]), timeout=60) as client:
            client.sendall(head.encode() + bytes(1_000_000))
            wait(lambda: size_of(work) >= 1_000_000)
        wait(lambda: not list(work.iterdir()))
        assert server.ask("GET", "/health").status_code == 200


def test_what_the_store_holds_is_for_its_user_alone(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        server.ended(server.submit())
    opened = [path for path in (tmp_path / "store").rglob("*") if path.name != "lock"]
    for path in opened:
        path.chmod(0o755 if path.is_dir() else 0o644)
    with server_process(tmp_path) as server:
        server.ended(server.submit())
        for path in [tmp_path / "store", *(tmp_path / "store").rglob("*")]:
            wanted = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_second_server_never_takes_the_handshake_of_the_first(tmp_path: Path) -> None:
    with server_process(tmp_path) as first:
        before = first.handshake
        with start(tmp_path, "--store", str(tmp_path / "other")) as second:
            _, complaint = second.communicate(timeout=60)
        assert second.returncode == 1
        assert complaint.startswith("option_invalid: ")
        assert "--handshake" in complaint and str(before["pid"]) in complaint
        assert first.handshake == before
    assert not first.handshake_path.exists()


def test_a_handshake_of_a_killed_server_is_taken_over(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        server.kill()
        assert server.handshake_path.exists()
    with server_process(tmp_path) as server:
        assert server.ask("GET", "/health").status_code == 200


@pytest.mark.parametrize("kind", [signal.SIGTERM, signal.SIGINT])
def test_a_server_with_streams_ends_at_once(tmp_path: Path, kind: signal.Signals) -> None:
    with server_process(tmp_path) as server:
        server.submit(style="patient")
        with attack.event_streams(server.handshake, 0):
            server.process.send_signal(kind)
            assert server.process.wait(60) == 0


def wait(until: object) -> None:
    assert callable(until)
    for _ in range(600):
        if until():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to that")


def size_of(folder: Path) -> int:
    sizes = 0
    for path in folder.rglob("*"):
        try:
            sizes += path.stat().st_size if path.is_file() else 0
        except FileNotFoundError:
            continue
    return sizes
