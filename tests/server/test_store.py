"""Nothing is lost: what is not ours, what the database does not know, a database that is gone."""

import json
import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from diffbgm_server.config import Config, Retention
from diffbgm_server.retention import Keeper
from diffbgm_server.services import Services
from flask.testing import FlaskClient

from diffbgm.errors import StorageError
from tests.fake_composer import FakeComposer
from tests.server.conftest import client_of

Ended = Callable[[str], dict[str, Any]]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def opened(root: Path) -> Services:
    return Services(Config(root), FakeComposer())


def submit(client: FlaskClient, film: str) -> str:
    return client.post("/v1/compositions", json={"media": film}).json["id"]


def test_a_folder_of_somebody_else_is_refused_and_kept(tmp_path: Path) -> None:
    for name in ("media/film.mp4", "work/report.txt", "compositions/a/score.mid"):
        path = tmp_path / "theirs" / name
        path.parent.mkdir(parents=True)
        path.write_text(name)
    before = contents(tmp_path / "theirs")
    with pytest.raises(StorageError, match=r"is not empty and no store.*empty folder"):
        opened(tmp_path / "theirs").__enter__()
    assert contents(tmp_path / "theirs") == before


def test_what_the_database_does_not_know_is_set_aside_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "store"
    with opened(root):
        pass
    strange = ["media/" + "a" * 64 + "/film.mp4", "compositions/holiday/mix.wav", "work/my.txt"]
    strange += ["requests/x.json", "compositions/" + "b" * 32 + "/composition.json"]
    for name in strange:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(name)
    (root / "work" / "upload-00").write_text("half a film")
    with caplog.at_level(logging.WARNING), opened(root) as services:
        assert services.store.usage().lost_and_found == sum(map(len, strange))
    lost = contents(root / "lost+found")
    assert sorted(name.split("/", 1)[1] for name in lost) == sorted(strange)
    assert len([r for r in caplog.records if "lost+found" in r.getMessage()]) == len(strange)
    assert not list((root / "work").iterdir())


@pytest.mark.parametrize("damage", ["gone", "empty", "noise", "cut off", "other tables"])
def test_a_database_that_cannot_be_used_is_made_again_from_the_folders(
    tmp_path: Path, damage: str
) -> None:
    root = tmp_path / "store"
    with opened(root) as services:
        client = client_of(services)
        film = client.post("/v1/media?name=a.mp4", data=b"the film").json["id"]
        done = submit(client, film)
        wait_until_idle(services)
        before = client.get(f"/v1/compositions/{done}").json
    path = root / "diffbgm.sqlite"
    content = path.read_bytes()
    path.unlink()
    if damage == "other tables":
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE cats (name)")
    elif damage != "gone":
        damaged = {"empty": b"", "noise": b"x" * 9000, "cut off": content[: len(content) // 2]}
        path.write_bytes(damaged[damage])
    with opened(root) as services:
        client = client_of(services)
        after = client.get(f"/v1/compositions/{done}").json
        assert (after["title"], after["state"], after["result"]) == (
            "a.mp4",
            "done",
            before["result"],
        )
        assert client.get(f"/v1/media/{film}").status_code == 200
        take = client.post(f"/v1/compositions/{done}/shots/1/takes", json={"seed": 3})
        assert take.status_code == 202
        wait_until_idle(services)
        shots = client.get(f"/v1/compositions/{done}").json["result"]["shots"]
        assert [shot["take"] for shot in shots] == [0, 1, 0]
        again = submit(client, film)
        wait_until_idle(services)
        assert client.get(f"/v1/compositions/{again}").json["state"] == "done"
    kept = list((root / "lost+found").rglob("diffbgm.sqlite"))
    assert len(kept) == (damage not in ("gone", "empty"))


def wait_until_idle(services: Services) -> None:
    while True:
        version, queue = services.jobs.version, services.jobs.queue()
        if queue.running is None and not queue.places:
            return
        assert services.jobs.wait_for_change(version, 30)


def old_store(root: Path, films: dict[str, bytes]) -> None:
    """A store as it was made before there was a mark and a version."""
    for film, content in films.items():
        (root / "media" / film).mkdir(parents=True)
        (root / "media" / film / "film.mp4").write_bytes(content)
    (root / "token").write_text("the token")
    with closing(sqlite3.connect(root / "diffbgm.sqlite")) as connection, connection:
        connection.executescript("""
            CREATE TABLE media (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
                size INTEGER NOT NULL, created DATETIME NOT NULL);
            CREATE TABLE compositions (id TEXT NOT NULL PRIMARY KEY, title TEXT NOT NULL,
                request JSON NOT NULL, created DATETIME NOT NULL);
            CREATE TABLE used_media (composition_id TEXT NOT NULL REFERENCES compositions (id)
                ON DELETE CASCADE, media_id TEXT NOT NULL REFERENCES media (id),
                PRIMARY KEY (composition_id, media_id));
            CREATE TABLE jobs (id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
                composition_id TEXT NOT NULL REFERENCES compositions (id) ON DELETE CASCADE,
                kind TEXT NOT NULL, arguments JSON NOT NULL, state TEXT NOT NULL,
                attempts INTEGER NOT NULL, error JSON, created DATETIME NOT NULL);
        """)
        for film, content in films.items():
            row = (film, "film.mp4", len(content), "2026-01-31 12:00:00.000000")
            connection.execute("INSERT INTO media VALUES (?, ?, ?, ?)", row)
            request = json.dumps({"media": film, "options": {"seed": 7}})
            row = ("c" * 32, "film.mp4", request, "2026-01-31 12:00:00.000000")
            connection.execute("INSERT INTO compositions VALUES (?, ?, ?, ?)", row)
            connection.execute("INSERT INTO used_media VALUES (?, ?)", ("c" * 32, film))
            row = ("c" * 32, "compose", "{}", "queued", 0, "2026-01-31 12:00:00.000000")
            connection.execute(
                "INSERT INTO jobs (composition_id, kind, arguments, state, attempts, created) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )


def test_an_older_store_is_backed_up_and_brought_up_to_date(tmp_path: Path) -> None:
    root = tmp_path / "store"
    old_store(root, {"f" * 64: b"a film of old"})
    with opened(root) as services:
        assert services.store.token == "the token"
        wait_until_idle(services)
        state = client_of(services).get(f"/v1/compositions/{'c' * 32}").json
        assert (state["state"], state["created"]) == ("done", "2026-01-31T12:00:00+00:00")
        assert state["result"]["options"]["seed"] == 7
    (backup,) = (root / "backups").iterdir()
    with closing(sqlite3.connect(backup)) as connection:
        rows = connection.execute("SELECT request FROM compositions").fetchall()
    assert len(rows) == 1


def test_a_newer_store_is_refused_and_kept(tmp_path: Path) -> None:
    root = tmp_path / "store"
    with opened(root):
        pass
    with closing(sqlite3.connect(root / "diffbgm.sqlite")) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = contents(root)
    with pytest.raises(StorageError, match="newer diffbgm"):
        opened(root).__enter__()
    assert contents(root) == before


def test_a_film_that_is_gone_from_the_disc_is_unknown_until_it_is_uploaded_again(
    client: FlaskClient, film: str, services: Services, ended: Ended
) -> None:
    media = services.store.media(film)
    assert media is not None
    path = services.store.media_path(media)
    for damage in (path.unlink, lambda: path.write_bytes(b"half")):
        damage()
        assert client.get(f"/v1/media/{film}").status_code == 404
        refused = client.post("/v1/compositions", json={"media": film})
        assert (refused.status_code, refused.json["error"]["code"]) == (404, "media_unknown")
        assert client.post("/v1/media?name=b.mp4", data=b"the film").status_code == 201
        assert path.read_bytes() == b"the film"
        assert client.post("/v1/media?name=b.mp4", data=b"the film").status_code == 200
    assert ended(submit(client, film))["state"] == "done"


def test_films_are_listed_and_removed_unless_they_are_used(
    client: FlaskClient, film: str, ended: Ended
) -> None:
    assert client.get("/v1/media").json["media"] == [
        {"id": film, "name": "holiday.mp4", "size": len(b"the film")}
    ]
    done = ended(submit(client, film))
    assert done["size"] > 100_000
    refused = client.delete(f"/v1/media/{film}")
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "media_used")
    store = client.get("/v1/info").json["store"]
    assert (store["media_bytes"], store["composition_bytes"]) == (8, done["size"])
    client.delete(f"/v1/compositions/{done['id']}")
    other = client.post("/v1/media", data=b"another film").json["id"]
    assert client.delete(f"/v1/media/{other}").status_code == 204
    assert client.delete(f"/v1/media/{other}").status_code == 404
    assert client.get("/v1/media").json == {"media": []}


def test_what_nobody_composed_and_what_is_old_or_too_much_goes(
    client: FlaskClient, film: str, ended: Ended, services: Services
) -> None:
    first, second = (ended(submit(client, film))["id"] for _ in range(2))
    unused = client.post("/v1/media", data=b"another film").json["id"]
    now = datetime.now(UTC)

    def tidy(when: datetime, **kept: Any) -> set[str]:
        Keeper(services.store, services.jobs, Retention(**kept)).tidy(when)
        return {one["id"] for one in client.get("/v1/compositions").json["compositions"]}

    assert tidy(now + timedelta(days=6)) == {first, second}
    assert client.get(f"/v1/media/{unused}").status_code == 200
    assert tidy(now + timedelta(days=8)) == {first, second}
    assert client.get(f"/v1/media/{unused}").status_code == 404
    assert client.get(f"/v1/media/{film}").status_code == 200
    usage = services.store.usage()
    assert tidy(now, most_bytes=usage.media + usage.compositions - 1) == {second}
    assert tidy(now + timedelta(days=31), composition_days=30) == set()
    assert list((services.store.root / "compositions").iterdir()) == []
