"""diffbgm.client against a real server process, whose composer is quick."""

import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffbgm.client import (
    Client,
    JobFailedError,
    ServerRefusedError,
    ServerUnreachableError,
)
from diffbgm.errors import FilmError, StorageError
from tests.integrations.made_edits import write_edit
from tests.server_process import ServerProcess, server_process

pytestmark = pytest.mark.slow

DOCUMENT = Path(__file__).parents[1] / "docs" / "client.md"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with server_process(tmp_path_factory.mktemp("server")) as process:
        yield process


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with Client.local(server.handshake_path, patience=20) as client:
        yield client


@pytest.fixture
def film(tmp_path: Path) -> Path:
    (tmp_path / "film.mp4").write_bytes(b"the film")
    return tmp_path / "film.mp4"


def test_importing_it_loads_nothing_of_what_composes():
    code = "import sys, diffbgm.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout
    heavy = {"torch", "numpy", "av", "cv2", "scipy", "matplotlib", "flask", "pydantic", "psutil"}
    assert not heavy & set(loaded.split())


def test_a_film_becomes_a_folder(client: Client, film: Path, tmp_path: Path):
    told: list[tuple[str, float]] = []
    asked = client.compose(film, style="cinematic", seed=3)
    music = client.wait(asked, lambda stage, fraction: told.append((stage, fraction)))
    assert music["result"]["options"]["seed"] == 3
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    folder = tmp_path / "music"
    paths = client.download_all(music["id"], folder)
    assert {path.relative_to(folder).as_posix() for path in paths} == set(music["result"]["files"])
    assert (folder / "mix.wav").read_bytes().startswith(b"RIFF")
    assert [state["id"] for state in client.compositions(1)] == [music["id"]]


def test_an_upload_is_sent_once(client: Client, server: ServerProcess, film: Path):
    film.write_bytes(b"another film")
    before = client.info()["store"]["media_bytes"]
    assert client.upload(film) == client.upload(film)
    assert client.info()["store"]["media_bytes"] == before + len(b"another film")


def test_the_media_of_an_edit_are_uploaded(client: Client, film: Path):
    reference = {"OTIO_SCHEMA": "ExternalReference.1", "target_url": "film.mp4"}
    document = {"tracks": {"children": [{"media_references": {"DEFAULT_MEDIA": reference}}]}}
    changed = client.upload_media(document, film.parent)
    (clip,) = changed["tracks"]["children"]
    url = clip["media_references"]["DEFAULT_MEDIA"]["target_url"]
    assert url == f"diffbgm:media/{client.upload(film)}"
    assert client.upload_media(changed) == changed


def test_takes(client: Client, film: Path):
    music = client.wait(client.compose(film, style="cinematic"))
    client.wait(client.new_take(music["id"], 1, energy=0.9))
    again = client.wait(client.choose_take(music["id"], 1, 0))
    assert (again["result"]["shots"][1]["take"], again["result"]["shots"][1]["takes"]) == (0, 2)
    client.delete(music["id"])
    with pytest.raises(ServerRefusedError) as refused:
        client.state(music["id"])
    assert (refused.value.status, refused.value.code) == (404, "composition_unknown")


def test_an_edit_is_looked_at_composed_and_carried_over(client: Client, tmp_path: Path):
    edit = client.read_edit(write_edit(tmp_path, ".otio"))
    assert list(edit["films"].values()) == [client.upload(tmp_path / "film.mp4")]
    told: list[str] = []
    hits = client.hits(edit, lambda stage, _: told.append(stage), bpm=[80, 120])
    shots = client.shots(edit)
    assert [shot["start_frame"] for shot in shots["shots"]] == [0, *hits["cuts"]]
    music = client.wait(client.compose(edit, style="cinematic"))
    timeline = client.download_timeline(music["id"], tmp_path / "back.otio")
    assert b"Timeline.1" in timeline.read_bytes()
    stems = client.download_stems(music["id"], tmp_path / "stems.zip")
    assert zipfile.is_zipfile(stems)
    with pytest.raises(ServerRefusedError) as refused:
        client.preview_refit("unknown", edit)
    assert refused.value.code == "composition_unknown"


def test_what_fails_is_an_error_with_the_codes_of_the_server(client: Client, film: Path):
    with pytest.raises(JobFailedError, match="give a film") as failed:
        client.wait(client.compose(film, style="unusable"))
    assert failed.value.code == "film_unusable"
    with pytest.raises(ServerRefusedError) as refused:
        client.compose(film, style="nonsense")
    assert refused.value.code == "style_invalid"


def test_a_cancelled_job_is_an_error(client: Client, film: Path):
    asked = client.compose(film, style="patient")
    client.cancel(asked["id"])
    with pytest.raises(JobFailedError) as failed:
        client.wait(asked)
    assert failed.value.code == "cancelled"


def test_who_waits_lives_through_a_restart_of_the_server(tmp_path: Path, film: Path):
    with server_process(tmp_path) as first:
        port = str(first.handshake["port"])
        with Client.local(first.handshake_path, patience=60) as client:
            asked = client.compose(film, style="patient")
            states = client.states(asked["id"])
            next(states)
            first.kill()
            with server_process(tmp_path, "--port", port):
                (tmp_path / "gate").touch()
                *_, last = states
    assert last["state"] == "done"


def test_files_of_this_machine(client: Client, film: Path, tmp_path: Path):
    with pytest.raises(FilmError, match=r"nothing\.mp4 cannot be read"):
        client.compose(tmp_path / "nothing.mp4")
    music = client.wait(client.compose(film, style="cinematic"))
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match="taken"):
        client.download(music["id"], "mix.wav", tmp_path / "taken" / "mix.wav")


def test_nobody_there(server: ServerProcess, tmp_path: Path):
    with pytest.raises(ServerUnreachableError, match="start `diffbgm serve`"):
        Client.local(tmp_path / "server.json")
    with pytest.raises(ServerUnreachableError, match="no answer from the server at"):
        Client("http://127.0.0.1:9").health()
    with pytest.raises(ServerUnreachableError):
        Client("nonsense").health()
    with pytest.raises(ServerRefusedError) as refused:
        Client(server.handshake["address"], "wrong").info()
    assert refused.value.code == "token_missing"


def test_every_method_is_documented():
    text = DOCUMENT.read_text()
    methods = [name for name in vars(Client) if not name.startswith("_") and name != "close"]
    assert [name for name in methods if f"`{name}(" not in text and f".{name}(" not in text] == []


def test_the_example_of_the_documentation_runs(server: ServerProcess, film: Path):
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    environment = os.environ | {"DIFFBGM_HANDSHAKE": str(server.handshake_path)}
    subprocess.run([sys.executable, "-c", code], cwd=film.parent, env=environment, check=True)
    assert (film.parent / "music" / "mix.wav").read_bytes().startswith(b"RIFF")
