"""Where a studio keeps its files: a folder of this machine, or what is copied to be read."""

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from diffbgm_server.studio.artifacts import Shared
from diffbgm_server.tables import Composition, Media

from diffbgm.errors import StorageError
from tests.bucket import bucket

FILM = b"the film"


@pytest.fixture(params=["folder", "bucket"])
def shared(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shared]:
    if request.param == "folder":
        yield Shared(str(tmp_path / "shared"), tmp_path / "copies")
        return
    with bucket() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        yield Shared("s3://films/here", tmp_path / "copies")


def test_a_bucket_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with bucket() as environment:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        shared = Shared("s3://films", tmp_path)
    with pytest.raises(StorageError, match=r"s3://films does not answer: [^\n]+$"):
        shared.has_film(media())


def test_copies_of_what_was_not_used_for_long_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("diffbgm_server.studio.artifacts._MOST_COPIED", 15)
    shared = Shared(f"memory://{tmp_path.name}", tmp_path / "copies")
    old, used, new = (media(name) for name in ("old", "used", "new"))
    for film in (old, used, new):
        (tmp_path / "upload").write_bytes(FILM)
        shared.keep_film(tmp_path / "upload", film)
    for film in (old, used):
        shared.film(film)
    os.utime(tmp_path / "copies" / "media" / old.id, (0, 0))
    assert shared.film(new).read_bytes() == FILM
    assert {path.name for path in (tmp_path / "copies" / "media").iterdir()} == {used.id, new.id}
    assert shared.film(old).read_bytes() == FILM


def media(name: str = "a.mp4") -> Media:
    digest = hashlib.sha256(name.encode()).hexdigest()
    return Media(id=digest, name=name, size=len(FILM), created=datetime.now(UTC))


def publish(shared: Shared, made: Composition, work: Path, job: str, content: str) -> str:
    desk = shared.desk(made, work)
    (desk / "stems").mkdir(parents=True, exist_ok=True)
    (desk / "composition.json").write_text("{}")
    (desk / "stems" / "piano.wav").write_text(content)
    return shared.publish(made.id, desk, job)


def test_a_film_is_read_where_it_was_not_sent(shared: Shared, tmp_path: Path):
    film, part = media(), tmp_path / "upload"
    assert not shared.has_film(film)
    part.write_bytes(FILM)
    shared.keep_film(part, film)
    assert shared.has_film(film) and not part.exists()
    assert shared.film(film).read_bytes() == FILM
    shared.forget_film(film.id)
    assert not shared.has_film(film)
    shared.forget_film(film.id)


def test_a_request_is_kept_until_it_is_forgotten(shared: Shared):
    shared.keep_request("a", {"title": "ä"})
    assert shared.request("a") == json.loads('{"title": "ä"}')
    shared.forget_request("a")
    with pytest.raises(FileNotFoundError):
        shared.request("a")


def test_the_version_that_counts_is_read_and_older_ones_go(shared: Shared, tmp_path: Path):
    made = Composition(id="c" * 32, title="holiday", version="")
    given_up = publish(shared, made, tmp_path / "1", "1-aa", "given up")
    made.version = publish(shared, made, tmp_path / "2", "1-bb", "first")
    shared.settle(made.id, made.version)
    assert not shared.has_result(made.id, given_up)
    result = shared.result(made.id, made.version)
    assert (result / "stems" / "piano.wav").read_text() == "first"

    later = publish(shared, made, tmp_path / "3", "2-cc", "a take")
    assert (shared.result(made.id, made.version) / "stems" / "piano.wav").read_text() == "first"
    shared.settle(made.id, made.version)  # Late: the next job's result is there already.
    assert shared.has_result(made.id, later)
    made.version = later
    shared.settle(made.id, later)
    assert not shared.has_result(made.id, "1-bb")
    assert (shared.result(made.id, later) / "stems" / "piano.wav").read_text() == "a take"
    shared.forget_results(made.id)
    assert not shared.has_result(made.id, later)
