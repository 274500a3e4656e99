"""Which films a timeline of a client may open: uploaded ones, and its own where it sits here."""

import random
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.server.made_timelines import clip, damaged, external, rich, timeline, with_several

MISSING = {"OTIO_SCHEMA": "MissingReference.1"}
FAR = {"REMOTE_ADDR": "192.168.1.20"}


def post(client: FlaskClient, document: dict[str, Any], **overrides: str) -> Any:
    return client.post("/v1/compositions", json={"timeline": document}, environ_overrides=overrides)


def naming(path: str) -> list[dict[str, Any]]:
    """Timelines that name a file in every way there is."""
    row = {"OTIO_SCHEMA": "ImageSequenceReference.1", "target_url_base": path}
    return [
        timeline(clip(path, MISSING)),
        timeline(clip(path, None)),
        timeline(clip("a", external(path))),
        timeline(clip("a", external(f"file://{path}"))),
        timeline(clip("a", external(f"FILE:{path}"))),
        timeline(clip("a", row)),
        timeline(with_several("a", "b", b=external(path), c=MISSING)),
        timeline(with_several(path, "c", b=external("/b"), c=MISSING)),
        timeline({"OTIO_SCHEMA": "Stack.1", "children": [clip(path, MISSING)]}),
        timeline(clip("a", MISSING | {"metadata": {"m": external(path)}})),
        timeline(clip("a", None, markers=[], metadata={"x": [external(path)]})),
    ]


def test_a_far_client_learns_nothing_of_our_files(client: FlaskClient, tmp_path: Path) -> None:
    there, gone = tmp_path / "film.mp4", tmp_path / "gone.mp4"
    there.write_bytes(b"a film of ours")
    for one, other in zip(naming(str(there)), naming(str(gone)), strict=True):
        answers = [post(client, document, **FAR) for document in (one, other)]
        assert [answer.status_code for answer in answers] == [422, 422], one
        reported = [
            answer.text.replace(there.name, "").replace(gone.name, "") for answer in answers
        ]
        assert reported[0] == reported[1]
    for path in ("../../film.mp4", "film.mp4", "//host/film.mp4", "C:\\film.mp4", "~/film.mp4"):
        assert {post(client, each, **FAR).status_code for each in naming(path)} == {422}
    assert client.get("/v1/compositions").json == {"compositions": []}


def test_uploaded_films_are_for_everyone(client: FlaskClient, film: str, ended: Any) -> None:
    document = rich(f"diffbgm:media/{film}")
    assert ended(post(client, document, **FAR).json["id"])["state"] == "done"


def test_clients_on_this_machine_may_name_its_files(
    client: FlaskClient, tmp_path: Path, ended: Any
) -> None:
    path = str(tmp_path / "film.mp4")
    for document in (timeline(clip("a", external(path))), timeline(clip(path, MISSING))):
        assert ended(post(client, document).json["id"])["state"] == "done"
    assert post(client, timeline(clip("film.mp4", MISSING))).status_code == 422


@pytest.mark.parametrize(
    "document",
    [
        timeline(clip("a", None, frames=10**9)),
        timeline(clip("a", None, frames=1e300)),
        timeline(clip("a", external("/" + "x" * 5000))),
    ],
)
def test_what_no_film_can_be_is_refused_at_once(client: FlaskClient, document: dict) -> None:
    refused = post(client, document)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "timeline_unusable")


def test_damaged_timelines_never_make_a_500(client: FlaskClient, film: str) -> None:
    seed = 6
    chance = random.Random(seed)
    for number in range(300):
        document = damaged(rich(f"diffbgm:media/{film}"), chance)
        answer = post(client, document, **FAR)
        assert answer.status_code in (202, 404, 422, 429), (seed, number, answer.json)
        if answer.status_code == 202:
            client.delete(f"/v1/compositions/{answer.json['id']}")
            client.post("/v1/media?name=holiday.mp4", data=b"the film")
