"""What `install.py clip` leaves behind, fetched from a hub on this machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from diffbgm.preview import analyse
from diffbgm.video.clip import installed_clip
from diffbgm.video.clip_weights import CONFIG, SOURCES, WEIGHTS, installed, models_folder
from tests.video.fake_hub import serving
from tests.video.films import texture

REPOSITORY = SOURCES["clip"].repository


@pytest.fixture
def data(tmp_path, monkeypatch) -> Path:
    """A user's data folder, empty at first."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


@pytest.fixture
def published(clip_folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in clip_folder.iterdir()}


def fetch(address: str) -> subprocess.CompletedProcess[str]:
    """What `install.py clip` runs, with another hub."""
    command = [sys.executable, "-m", "diffbgm.cli.fetch", "clip"]
    environment = {**os.environ, "HF_ENDPOINT": address, "NO_PROXY": "127.0.0.1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment)


def last_line(result: subprocess.CompletedProcess[str]) -> str:
    return result.stderr.strip().splitlines()[-1]


@pytest.mark.slow
def test_fetched_once_it_is_found(data, published, write_film):
    film = write_film([texture(1)] * 24)
    assert installed_clip() is None
    assert analyse(film).mood_source == "colour"
    with serving(REPOSITORY, published) as hub:
        assert fetch(hub.address).returncode == 0
        fetched = list(hub.fetched)
        assert fetch(hub.address).returncode == 0
    assert hub.fetched == fetched == [CONFIG, WEIGHTS[0]]
    assert [path.name for path in models_folder().iterdir()] == ["clip"]
    assert sorted(path.name for path in (models_folder() / "clip").iterdir()) == [*published]
    assert installed_clip("cpu") is not None
    assert analyse(film).mood_source == "clip"


@pytest.mark.slow
def test_an_interrupted_download_is_nothing_and_goes_on(data, published):
    with serving(REPOSITORY, published) as hub:
        hub.broken = {WEIGHTS[0]}
        result = fetch(hub.address)
        assert (result.returncode, installed("clip")) == (1, None)
        assert last_line(result).startswith("install.py: no network: ")
        hub.broken, hub.fetched = set(), []
        assert fetch(hub.address).returncode == 0
    assert hub.fetched == [WEIGHTS[0]]
    assert installed("clip")


def test_no_network_is_one_line_that_says_what_to_do(data):
    result = fetch("http://127.0.0.1:9")
    assert result.returncode == 1
    assert result.stderr.startswith(f"install.py: no network: {REPOSITORY} cannot be fetched")
    assert f"put its {CONFIG} and {WEIGHTS[0]} into {models_folder() / 'clip'}" in result.stderr
    assert result.stderr.count("\n") == 1
    assert not list(data.rglob("*.json"))


@pytest.mark.slow
def test_what_arrives_damaged_is_not_installed(data, published):
    published = {**published, WEIGHTS[0]: published[WEIGHTS[0]][:5000]}
    with serving(REPOSITORY, published) as hub:
        result = fetch(hub.address)
    assert (result.returncode, installed("clip")) == (1, None)
    assert "is damaged" in last_line(result)
    assert list(models_folder().iterdir()) == []


def test_what_lacks_a_file_or_the_library_is_not_installed(data, published, monkeypatch):
    folder = models_folder() / "clip"
    folder.mkdir(parents=True)
    (folder / CONFIG).write_bytes(published[CONFIG])
    assert installed("clip") is None
    (folder / WEIGHTS[1]).touch()
    assert installed("clip") == folder
    monkeypatch.setitem(sys.modules, "open_clip", None)
    assert installed("clip") is None
