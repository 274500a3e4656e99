"""A server process over its socket: its beginning, its end, and what a violent end leaves."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from diffbgm_server import handshake

from tests.server_process import ServerProcess, server_process, start

pytestmark = pytest.mark.slow


def is_diffusing(state: dict[str, Any]) -> bool:
    return state["progress"] is not None and state["progress"]["stage"] == "diffusing"


def test_the_handshake_tells_where_the_server_is_and_goes_with_it(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        reported = handshake.read(server.handshake_path)
        assert reported is not None
        assert (reported.pid, reported.host) == (server.process.pid, "127.0.0.1")
        assert reported.address == f"http://127.0.0.1:{reported.port}"
        assert stat.S_IMODE(server.handshake_path.stat().st_mode) == 0o600
        assert stat.S_IMODE((tmp_path / "store" / "token").stat().st_mode) == 0o600
        health = requests.get(f"{reported.address}/health", timeout=120).json()
        assert health == {"name": "diffbgm", "version": reported.version, "ready": True}
        assert requests.get(f"{reported.address}/v1/info", timeout=120).status_code == 401
        assert server.ask("GET", "/v1/info").status_code == 200

        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
    assert list(tmp_path.glob("server.json*")) == []


def test_the_token_stays_when_the_server_starts_again(tmp_path: Path) -> None:
    tokens = set()
    for _ in range(2):
        with server_process(tmp_path) as server:
            tokens.add(server.handshake["token"])
    assert len(tokens) == 1


def test_a_second_server_on_the_same_store_is_told_who_has_it(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        before = server.handshake
        with start(tmp_path) as second:
            _, complaint = second.communicate(timeout=600)
        assert second.returncode == 1
        assert complaint.startswith("store_in_use: ")
        assert f"process {server.process.pid}" in complaint
        assert complaint.count("\n") == 1
        assert server.handshake == before
        assert server.ask("GET", "/health").status_code == 200


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start(tmp_path, "--port", str(port)) as server:
            _, complaint = server.communicate(timeout=600)
    assert server.returncode == 1
    assert complaint.startswith("option_invalid: ") and str(port) in complaint


def test_a_killed_server_leaves_results_and_does_its_job_again(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        done = server.ended(server.submit())
        unfinished = server.submit(style="patient")
        waiting = server.submit()
        server.wait(unfinished, is_diffusing)
        folders = tmp_path / "store" / "compositions"
        assert {folder.name for folder in folders.iterdir()} == {done["id"], f".{unfinished}"}
        (tmp_path / "store" / "work" / "upload-1").write_bytes(b"half a film")
        composing = psutil.Process(server.process.pid).children()
        server.kill()
        psutil.wait_procs(composing, timeout=300)
        assert not any(handshake.is_alive(process.pid) for process in composing)
        assert server.handshake_path.exists()
        assert handshake.read(server.handshake_path) is None

    with server_process(tmp_path) as server:
        assert not (folders / f".{unfinished}").exists()
        assert not (tmp_path / "store" / "work" / "upload-1").exists()
        assert server.ask("GET", f"/v1/compositions/{done['id']}").json() == done
        assert server.ask("GET", done["result"]["files"]["mix.wav"]).status_code == 200
        server.wait(unfinished, is_diffusing)
        (tmp_path / "gate").touch()
        assert server.ended(unfinished)["state"] == "done"
        assert server.ended(waiting)["state"] == "done"


def test_a_job_that_ends_its_server_twice_is_not_tried_a_third_time(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        unfinished = server.submit(style="patient")
        server.wait(unfinished, is_diffusing)
        server.kill()
    with server_process(tmp_path) as server:
        server.wait(unfinished, is_diffusing)
        server.kill()
    with server_process(tmp_path) as server:
        state = server.ended(unfinished)
        assert (state["state"], state["error"]["code"]) == ("failed", "server_stopped")
        assert "2 times" in state["error"]["message"]
        assert server.ended(server.submit())["state"] == "done"


def test_a_clean_stop_puts_the_job_back_as_often_as_one_likes(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        unfinished = server.submit(style="patient")
        server.wait(unfinished, is_diffusing)
    for _ in range(2):
        with server_process(tmp_path) as server:
            server.wait(unfinished, is_diffusing)
    assert list((tmp_path / "store" / "compositions").iterdir()) == []
    (tmp_path / "gate").touch()
    with server_process(tmp_path) as server:
        assert server.ended(unfinished)["state"] == "done"


def test_a_crash_of_the_composer_ends_one_job_and_no_more(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        crashed = server.ended(server.submit(style="deadly"))
        assert (crashed["state"], crashed["error"]["code"]) == ("failed", "composer_crashed")
        assert "SIGKILL" in crashed["error"]["message"]
        assert list((tmp_path / "store" / "compositions").iterdir()) == []
        buggy = server.ended(server.submit(style="buggy"))
        assert (buggy["state"], buggy["error"]["code"]) == ("failed", "failed")
        assert server.ended(server.submit())["state"] == "done"


def test_cancel_reaches_the_composing_process(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        unfinished = server.submit(style="patient")
        server.wait(unfinished, is_diffusing)
        server.ask("POST", f"/v1/compositions/{unfinished}/cancel")
        assert server.ended(unfinished)["state"] == "cancelled"
        assert list((tmp_path / "store" / "compositions").iterdir()) == []
        assert server.ended(server.submit())["state"] == "done"


def test_the_server_ends_with_its_parent(tmp_path: Path) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as parent,
        server_process(tmp_path, "--parent-pid", str(parent.pid)) as server,
    ):
        assert server.ask("GET", "/health").status_code == 200
        parent.kill()
        assert server.process.wait(60) == 0
    assert not (tmp_path / "server.json").exists()


def test_a_parent_that_is_gone_already_is_said(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as parent:
        parent.wait(60)
    with start(tmp_path, "--parent-pid", str(parent.pid)) as server:
        _, complaint = server.communicate(timeout=600)
    assert (server.returncode, complaint.split(":")[0]) == (1, "option_invalid")


def test_watchers_hear_of_progress_while_it_happens_and_may_leave(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        composition = server.submit(style="patient")
        for _ in range(5):  # A watcher that leaves gives its stream back, of which there are two.
            server.wait(composition, is_diffusing)
        (tmp_path / "gate").touch()
        assert server.ended(composition)["state"] == "done"


def test_notes_are_seen_while_they_come_by_who_asks_for_them(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        composition = server.submit(style="patient")
        path = f"/v1/compositions/{composition}/events?preview=true"
        told = []
        with server.ask("GET", path, stream=True) as events:
            for line in events.iter_lines(decode_unicode=True, chunk_size=1):
                told.append(line)
                if told[-2:-1] == ["event: preview"]:
                    break
        sketch = json.loads(told[-1].removeprefix("data: "))
        assert sketch == {"sixteenths": 16, "notes": [[0, 2, 6, 60]]}
        (tmp_path / "gate").touch()
        unasked = server.ask("GET", path.removesuffix("?preview=true")).text
        assert "event: state" in unasked
        assert "event: preview" not in unasked


def test_a_large_film_goes_up_and_ranges_come_down(tmp_path: Path) -> None:
    film = os.urandom(1_000_000) * 30
    with server_process(tmp_path) as server:
        uploaded = server.ask("POST", "/v1/media?name=long.mov", data=film)
        assert (uploaded.status_code, uploaded.json()["size"]) == (201, 30_000_000)
        chunks = server.ask("POST", "/v1/media", data=iter([film[:1000], film[1000:]]))
        assert (chunks.status_code, chunks.json()["id"]) == (200, uploaded.json()["id"])
        assert list((tmp_path / "store" / "work").iterdir()) == []

        files = server.ended(server.submit())["result"]["files"]
        part = server.ask("GET", files["mix.wav"], headers={"Range": "bytes=44-143"})
        assert (part.status_code, len(part.content)) == (206, 100)


def test_bodies_are_refused_in_json_before_they_are_stored(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        address = server.handshake["address"]

        def refused(response: requests.Response) -> tuple[int, str]:
            return response.status_code, response.json()["error"]["code"]

        large = b"x" * 41_000_000
        too_large = (413, "request_entity_too_large")
        assert refused(server.ask("POST", "/v1/media", data=large)) == too_large
        assert refused(server.ask("POST", "/v1/media", data=iter([large]))) == too_large
        assert refused(server.ask("POST", "/v1/compositions", data=large[:200_000])) == too_large
        tokenless = requests.post(f"{address}/v1/media", data=large, timeout=600)
        assert refused(tokenless) == (401, "token_missing")
        assert server.ask("GET", "/health").status_code == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_full_disc_is_said_and_nothing_is_left(tmp_path: Path, chunked: bool) -> None:
    film = b"x" * 8_000_000
    with server_process(tmp_path, "--largest-file", "4000000") as server:
        refused = server.ask("POST", "/v1/media", data=iter([film]) if chunked else film)
        assert (refused.status_code, refused.json()["error"]["code"]) == (507, "storage_failed")
        assert list((tmp_path / "store" / "work").iterdir()) == []
        assert list((tmp_path / "store" / "media").iterdir()) == []
        assert server.ended(server.submit())["state"] == "done"


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nX" + b"x" * 262_200 + b"\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"GET /health HTTP/1.1\r\n\r\n",
        b"POST /v1/media HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/media HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: odd\r\n\r\n",
        b"POST /v1/media HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /%00%ff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /health HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
def test_broken_http_is_refused_in_json(broken: ServerProcess, sent: bytes) -> None:
    where = broken.handshake
    with socket.create_connection((where["host"], where["port"]), timeout=300) as client:
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    if answer:
        head, _, body = answer.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        assert 200 <= status < 502 and status != 500
        # Who hangs up at once, as this client does, may get the head of an answer alone.
        assert status == 200 or not body or body.replace(b" ", b"").startswith(b'{"error"')
    assert broken.ask("GET", "/health").status_code == 200


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with server_process(tmp_path_factory.mktemp("broken")) as server:
        yield server


def test_a_job_that_wants_too_much_memory_is_told_so_and_the_composer_stays(
    tmp_path: Path,
) -> None:
    with server_process(tmp_path, "--job-memory", "2000000000") as server:
        server.ended(server.submit())
        composing = psutil.Process(server.process.pid).children()
        greedy = server.ended(server.submit(style="greedy"))
        assert (greedy["state"], greedy["error"]["code"]) == ("failed", "job_too_large")
        assert psutil.Process(server.process.pid).children() == composing
        assert server.ended(server.submit())["state"] == "done"


def test_a_stage_that_reports_nothing_is_cancelled_and_the_composer_stays(tmp_path: Path) -> None:
    with server_process(tmp_path) as server:
        server.ended(server.submit())
        composing = psutil.Process(server.process.pid).children()
        for _ in range(3):
            deaf = server.submit(style="deaf")
            server.wait(deaf, lambda state: (state["progress"] or {}).get("stage") == "analysing")
            server.ask("POST", f"/v1/compositions/{deaf}/cancel")
            assert server.ended(deaf)["state"] == "cancelled"
        assert psutil.Process(server.process.pid).children() == composing
        assert server.ended(server.submit())["state"] == "done"
