"""The add-on's own client against the real server, over a socket."""

import hashlib
import socket
import threading
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from addon_modules import otio
from addon_modules.client import Client, ServerRefused, ServerUnreachable

pytestmark = pytest.mark.slow

RATE = Fraction(24000, 1001)
SHOTS = [(0, 10), (10, 31), (31, 48)]


def test_server_says_what_it_offers(client: Client):
    assert client.health()["name"] == "diffbgm"
    assert "cinematic" in client.info()["styles"]
    assert "tense" in client.info()["moods"]


def test_film_is_uploaded_once(client: Client, tmp_path: Path):
    film = tmp_path / "an edit.mp4"
    film.write_bytes(b"picture" * 200_000)
    sent: list[float] = []
    media = client.upload(film, sent.append)
    assert media == hashlib.sha256(film.read_bytes()).hexdigest()
    assert sent == sorted(sent)
    assert sent[-1] == 1.0
    again: list[float] = []
    assert client.upload(film, again.append) == media
    assert again == []


def test_stopped_upload_leaves_no_media(client: Client, tmp_path: Path):
    film = tmp_path / "long.mp4"
    film.write_bytes(b"frames" * 300_000)

    def stop(fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.upload(film, stop)
    sent: list[float] = []
    client.upload(film, sent.append)
    assert sent


def test_files_arrive_whole(client: Client, composed: dict, tmp_path: Path):
    part = tmp_path / "part"
    digest = client.download(composed["id"], "shots/001.flac", part, lambda: None)
    assert part.read_bytes().startswith(b"fLaC")
    assert digest == hashlib.sha256(part.read_bytes()).hexdigest()


def test_stopped_download_leaves_no_file(client: Client, composed: dict, tmp_path: Path):
    def stop() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.download(composed["id"], "shots/001.flac", tmp_path / "part", stop)
    assert list(tmp_path.iterdir()) == []


def test_shots_are_those_of_the_document(composed: dict):
    shots = [(shot["start_frame"], shot["end_frame"]) for shot in composed["result"]["shots"]]
    assert shots == SHOTS
    assert composed["result"]["frame_rate"] == [24000, 1001]


def test_refusals_carry_the_servers_code_and_words(client: Client, tmp_path: Path):
    with pytest.raises(ServerRefused) as refusal:
        client.state("no-such-composition")
    assert (refusal.value.status, refusal.value.code) == (404, "composition_unknown")
    film = tmp_path / "film.mp4"
    film.write_bytes(b"no picture is looked at either")
    media = client.upload(film, lambda fraction: None)
    with pytest.raises(ServerRefused, match="style"):
        client.compose_film(media, {"style": "polka"})
    with pytest.raises(ServerRefused) as refusal:
        client.download("no/such", "../secret", tmp_path / "part", lambda: None)
    assert refusal.value.status == 404


def test_wrong_token_is_refused(client: Client):
    unauthorised = Client(client.address, "guessed")
    assert unauthorised.health()["name"] == "diffbgm"
    with pytest.raises(ServerRefused) as refusal:
        unauthorised.info()
    assert refusal.value.status == 401


def test_dead_address_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(ServerUnreachable, match=f"http://127.0.0.1:{port}"):
        Client(f"http://127.0.0.1:{port}").health()


@pytest.mark.parametrize("address", ["192.168.1.5:8765", "ftp://host", "http://host:port", "hello"])
def test_address_that_is_none_is_told(address: str):
    with pytest.raises(ServerUnreachable, match="no address"):
        Client(address).health()


class _Stranger(BaseHTTPRequestHandler):
    """Answers everything: with a page, with half of what it promises, or with an error."""

    def do_GET(self) -> None:
        body = b'{"name": "another"}'
        self.send_response(503 if self.path.startswith("/broken") else 200)
        half = self.path.startswith("/half")
        self.send_header("Content-Length", str(len(body) * (2 if half else 1)))
        self.end_headers()
        self.wfile.write(b"<html>" + body[6:] if self.path.startswith("/page") else body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def other_server():
    server = HTTPServer(("127.0.0.1", 0), _Stranger)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("path", ["", "/page"])
def test_another_server_is_not_taken_for_ours(other_server: str, path: str):
    with pytest.raises(ServerUnreachable, match="no diffbgm server"):
        Client(other_server + path).health()


def test_answer_that_breaks_off_is_no_answer(other_server: str, tmp_path: Path):
    with pytest.raises(ServerUnreachable):
        Client(f"{other_server}/half").download("id", "mix.wav", tmp_path / "part", lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_error_in_a_foreign_form_is_told_by_its_status(other_server: str):
    with pytest.raises(ServerRefused, match="503"):
        Client(f"{other_server}/broken").health()


@pytest.fixture(scope="module")
def composed(client: Client, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The state of a finished composition of three shots."""
    film = tmp_path_factory.mktemp("film") / "edit.mp4"
    film.write_bytes(b"no picture is looked at")
    media = client.upload(film, lambda fraction: None)
    clips = [otio.Clip(otio.uploaded(media), start, end) for start, end in SHOTS]
    state = client.compose(otio.document("Scene", RATE, clips), {"seed": 7})
    while state["state"] in ("queued", "running"):
        state = client.state(state["id"])
    assert state["state"] == "done", state["error"]
    return state
