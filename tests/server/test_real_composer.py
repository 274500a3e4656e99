"""The server as users start it, with the real library behind it."""

import json
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffbgm.demo.film import Truth
from tests.server_process import REAL, ServerProcess, server_process

pytestmark = pytest.mark.slow

QUICK = {"steps": 4, "style": "cinematic", "seed": 3}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("real"), program=REAL) as process:
        yield process


@pytest.fixture(scope="module")
def film(server: ServerProcess, demo: tuple[Path, Truth]) -> str:
    with demo[0].open("rb") as content:
        uploaded = server.ask("POST", "/v1/media?name=demo.mp4", data=content)
    return uploaded.json()["id"]


def compose(server: ServerProcess, **request: object) -> dict:
    posted = server.ask("POST", "/v1/compositions", json=request)
    assert posted.status_code == 202, posted.text
    return server.ended(posted.json()["id"])


def seconds_of(server: ServerProcess, url: str, path: Path) -> float:
    path.write_bytes(server.ask("GET", url).content)
    with wave.open(str(path)) as sound:
        return sound.getnframes() / sound.getframerate()


def test_a_film_is_scored_and_one_shot_done_again(
    server: ServerProcess, film: str, demo: tuple[Path, Truth], tmp_path: Path
) -> None:
    done = compose(server, media=film, options={**QUICK, "mux": True})

    assert (done["state"], done["error"]) == ("done", None)
    result = done["result"]
    assert result["frames"] == demo[1].frames
    exact = result["frames"] * result["frame_rate"][1] / result["frame_rate"][0]
    audible = seconds_of(server, result["files"]["mix.wav"], tmp_path / "mix.wav")
    assert audible == pytest.approx(exact, abs=1 / 48_000)
    for name in ("score.mid", "overview.png", "timeline.otio", "film.mp4", "shots/000.png"):
        assert server.ask("GET", result["files"][name]).status_code == 200

    for suffix in ("edl", "xml", "fcpxml", "kdenlive", "mlt"):
        edit = server.ask("GET", f"/v1/compositions/{done['id']}/timeline.{suffix}")
        assert edit.status_code == 200, edit.text
        assert b"000.flac" in edit.content
    assert server.ask("GET", f"/v1/compositions/{done['id']}").json()["result"] == result

    takes = f"/v1/compositions/{done['id']}/shots/1/takes"
    assert server.ask("POST", takes, json={"energy": 0.9}).status_code == 202
    again = server.ended(done["id"])
    assert (again["state"], again["error"]) == ("done", None)
    assert [shot["take"] for shot in again["result"]["shots"]][:3] == [0, 1, 0]

    take = f"/v1/compositions/{done['id']}/shots/1/take"
    assert server.ask("PUT", take, json={"take": 0}).status_code == 202
    assert server.ended(done["id"])["result"]["shots"] == [
        {**shot, "takes": 2 if shot["index"] == 1 else 1} for shot in result["shots"]
    ]


def test_a_timeline_of_the_film_is_scored(
    server: ServerProcess, film: str, demo: tuple[Path, Truth]
) -> None:
    rate = float(demo[1].frame_rate)

    def span(start: int, frames: int) -> dict:
        return {
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": {"OTIO_SCHEMA": "RationalTime.1", "value": start, "rate": rate},
            "duration": {"OTIO_SCHEMA": "RationalTime.1", "value": frames, "rate": rate},
        }

    def clip(start: int, frames: int) -> dict:
        reference = {
            "OTIO_SCHEMA": "ExternalReference.1",
            "target_url": f"diffbgm:media/{film}",
            "available_range": span(0, demo[1].frames),
        }
        return {
            "OTIO_SCHEMA": "Clip.1",
            "name": "clip",
            "source_range": span(start, frames),
            "media_reference": reference,
        }

    track = {
        "OTIO_SCHEMA": "Track.1",
        "kind": "Video",
        "children": [clip(100, 60), clip(10, 90)],
    }
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track]}
    timeline = {"OTIO_SCHEMA": "Timeline.1", "name": "My edit", "tracks": stack}
    done = compose(server, timeline=json.loads(json.dumps(timeline)), options=QUICK)

    assert (done["state"], done["error"]) == ("done", None)
    edges = [(shot["start_frame"], shot["end_frame"]) for shot in done["result"]["shots"]]
    assert edges == [(0, 60), (60, 150)]


def test_a_file_that_is_no_film_is_named_as_the_client_named_it(server: ServerProcess) -> None:
    uploaded = server.ask("POST", "/v1/media?name=notes.mp4", data=b"no film at all")
    failed = compose(server, media=uploaded.json()["id"])
    assert (failed["state"], failed["error"]["code"]) == ("failed", "film_unusable")
    assert "notes.mp4" in failed["error"]["message"]
    assert "/" not in failed["error"]["message"].split("notes.mp4")[0]


def test_the_network_and_its_device_are_told_once_they_are_loaded(server: ServerProcess) -> None:
    deadline = time.monotonic() + 1200
    while not (info := server.ask("GET", "/v1/info").json())["models"]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert info["device"] in ("cpu", "cuda")
    assert len(info["models"][0]["sha256"]) == 64
    assert {"cinematic"} < set(info["styles"])
    assert "calm" in info["moods"]
