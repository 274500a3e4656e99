"""Whatever a client sends, the answer is a clear refusal and never a 500."""

import hashlib
import io
import random
from typing import Any

import pytest
from diffbgm_server.services import Services
from flask.testing import FlaskClient

NAN_BODIES = ["NaN", "Infinity", "-Infinity", "1e999"]


def error_of(response: Any) -> tuple[int, str]:
    assert set(response.json) == {"error"}, response.json
    assert set(response.json["error"]) == {"code", "message"}
    assert response.json["error"]["message"]
    return response.status_code, response.json["error"]["code"]


def post(client: FlaskClient, body: str | bytes, kind: str = "application/json") -> Any:
    return client.post("/v1/compositions", data=body, content_type=kind)


def test_a_film_is_known_by_its_content(client, services: Services) -> None:
    content = random.Random(1).randbytes(90_000)
    first = client.post("/v1/media?name=../a%2Fb/H%C3%A4ndel%20.mp4", data=content)
    again = client.post("/v1/media", data=content)

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json == again.json
    assert first.json["id"] == hashlib.sha256(content).hexdigest()
    assert (first.json["name"], first.json["size"]) == ("Händel .mp4", 90_000)
    media = services.store.media(first.json["id"])
    assert media is not None
    assert services.store.media_path(media).read_bytes() == content
    assert list(services.store.work.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("..", "film"),
        ("a/../../b.mov", "b.mov"),
        ("C:\\films\\x.avi", "x.avi"),
        ("nul\0byte.mp4", "nul_byte.mp4"),
        ("x" * 200 + ".mp4", "x" * 50 + ".mp4"),
        ("映画.mp4", "映画.mp4"),
    ],
)
def test_names_of_films_are_harmless(client, name: str, stored: str) -> None:
    uploaded = client.post("/v1/media", query_string={"name": name}, data=name.encode() + b"x")
    assert uploaded.json["name"] == stored


def test_uploads_that_cannot_be_taken(client, services: Services) -> None:
    form = {"file": (io.BytesIO(b"film"), "film.mp4")}
    assert error_of(client.post("/v1/media", data=form)) == (415, "unsupported_media_type")
    assert error_of(client.post("/v1/media", data=b"")) == (422, "film_unusable")
    large = client.post("/v1/media", data=b"x" * 100_001)
    assert error_of(large) == (413, "request_entity_too_large")
    long = client.post("/v1/media", query_string={"name": "x" * 256}, data=b"x")
    assert error_of(long) == (422, "request_invalid")
    assert list(services.store.work.iterdir()) == []
    assert list((services.store.root / "media").iterdir()) == []


def test_bodies_that_are_no_json_object(client) -> None:
    for body in [b"", b"{", b"\xff\xfe\x00", b'{"media": }', "{'media': 1}", b'{"a":1}x']:
        assert error_of(post(client, body)) == (400, "bad_request")
    for body in ["[]", "1", '"text"', "null", '"{\\"media\\": 1}"']:
        assert error_of(post(client, body)) == (422, "request_invalid")
    for number in NAN_BODIES:
        assert error_of(post(client, f'{{"options": {{"energy": {number}}}}}'))[0] == 400
    assert error_of(post(client, "{}", "text/plain")) == (415, "unsupported_media_type")
    assert error_of(post(client, '{"a": "' + "x" * 60_000 + '"}'))[0] == 413
    assert error_of(post(client, '{"media": ' + "9" * 5000 + "}"))[0] == 400
    for deep in ['{"timeline": {"a":' + "[" * n + "]" * n + "}}" for n in (300, 900, 20_000)]:
        assert error_of(post(client, deep))[0] in (400, 422)


@pytest.mark.parametrize(
    "options",
    [
        {"style": 5},
        {"style": ""},
        {"styel": "piano"},
        {"mood": [0.1]},
        {"mood": [2, 0]},
        {"mood": {}},
        {"energy": "high"},
        {"energy": 1.01},
        {"energy": True},
        {"bpm": [90]},
        {"bpm": [120, 80]},
        {"bpm": [0, 80]},
        {"seed": -1},
        {"seed": 1.5},
        {"seed": 10**30},
        {"cuts": [0]},
        {"cuts": "48"},
        {"cuts": [1.5]},
        {"steps": 0},
        {"steps": 2**40},
        {"guidance": -1},
        {"freedom_percent": 1e300},
        {"freedom_percent": -1},
        {"pinned": [48], "ignored": [12, 48]},
        {"pinned": 48},
        {"pinned": [0]},
        {"ignored": ["48"]},
        {"prefer_downbeats": "yes"},
        {"loudness": 0},
        {"loudness": -70},
        {"style": "/tmp/my.json"},
        {"mood": "hungry"},
        {"mux": "yes"},
        {"under_dialogue": 1},
        {"dialogue": [1, 2]},
        {"dialogue": [[2, 1]]},
        {"dialogue": [[-1, 1]]},
        {"checkpoint": "/etc/passwd"},
        {"style": "\ud800"},
        {"x" * 40_000: 1},
    ],
)
def test_options_are_checked_one_by_one(client, film, options: dict[str, Any]) -> None:
    response = client.post("/v1/compositions", json={"media": film, "options": options})
    assert error_of(response)[0] == 422
    assert len(response.json["error"]["message"]) < 1000


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"media": "0" * 64, "timeline": {}},
        {"media": 5},
        {"media": "../../etc/passwd"},
        {"media": "0" * 64, "options": None},
        {"timeline": {}},
        {"timeline": {"OTIO_SCHEMA": 5}},
        {"timeline": {"OTIO_SCHEMA": "Clip.2"}},
        {"timeline": {"OTIO_SCHEMA": "Timeline.1"}, "options": {"cuts": [5]}},
        {"timeline": {"OTIO_SCHEMA": "Timeline.1"}, "options": {"mux": True}},
        {"timeline": {"OTIO_SCHEMA": "Timeline.1", "target_url": "http://elsewhere/film"}},
        {"timeline": {"OTIO_SCHEMA": "Timeline.1", "target_url": "film.mp4"}},
        {"timeline": {"OTIO_SCHEMA": "Timeline.1", "target_url": "/film\0.mp4"}},
        {"timeline": {"OTIO_SCHEMA": "Timeline.1", "target_url": "diffbgm:media/../x"}},
    ],
)
def test_requests_are_checked(client, request_: dict[str, Any]) -> None:
    assert error_of(client.post("/v1/compositions", json=request_))[0] == 422


def test_a_timeline_may_name_only_films_that_were_uploaded(client) -> None:
    timeline = {"OTIO_SCHEMA": "Timeline.1", "target_url": "diffbgm:media/" + "0" * 64}
    refused = client.post("/v1/compositions", json={"timeline": timeline})
    assert error_of(refused) == (404, "media_unknown")


def test_files_of_this_machine_are_for_clients_on_it(client, film, ended) -> None:
    timeline = {"OTIO_SCHEMA": "Timeline.1", "target_url": "/films/holiday.mp4"}

    def post_from(address: str) -> Any:
        return client.post(
            "/v1/compositions",
            json={"timeline": timeline},
            environ_overrides={"REMOTE_ADDR": address},
        )

    assert error_of(post_from("192.168.1.20")) == (422, "timeline_unusable")
    assert error_of(post_from("::ffff:192.168.1.20"))[0] == 422
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert ended(post_from(address).json["id"])["state"] == "done"


def test_addresses_that_lead_nowhere(client, film, ended) -> None:
    done = ended(client.post("/v1/compositions", json={"media": film}).json["id"])["id"]
    base = f"/v1/compositions/{done}"
    nowhere = [
        "/nothing",
        "/v1",
        "/v1/",
        "/v1//info",
        "/v1/compositions/",
        "/v1/compositions/%00",
        "/v1/compositions/" + "a" * 5000,
        "/v1/compositions/..%2f..",
        "/v1/media/" + "z" * 64,
        f"{base}/files/",
        f"{base}/files/composition.jso",
        f"{base}/files/../../../token",
        f"{base}/files/..%2f..%2f..%2ftoken",
        f"{base}/files/%2fetc%2fpasswd",
        f"{base}/files//etc/passwd",
        f"{base}/files/shots",
        f"{base}/files/shots/../mix.wav",
        f"{base}/files/mix.wav%00",
        f"{base}/files/%ff%fe",
        f"{base}/shots/1/takes/2",
        "/static/../app.py",
        "/static/..%2fapp.py",
    ]
    for address in nowhere:
        assert error_of(client.get(address))[0] == 404, address
    assert error_of(client.post(f"{base}/shots/99999999999999999999/takes", json={}))[0] == 422
    assert error_of(client.post(f"{base}/shots/one/takes", json={}))[0] == 422
    assert error_of(client.put(f"{base}/shots/1/take", json={"take": -1}))[0] == 422
    assert error_of(client.get("/v1/compositions?limit=0"))[0] == 422
    assert error_of(client.get("/v1/compositions?limit=many"))[0] == 422


def test_methods_that_a_route_has_not(client) -> None:
    refused = client.delete("/v1/info")
    assert error_of(refused) == (405, "method_not_allowed")
    assert "GET" in refused.headers["Allow"]


def test_ranges_of_files(client, film, ended) -> None:
    done = ended(client.post("/v1/compositions", json={"media": film}).json["id"])
    url = done["result"]["files"]["mix.wav"]
    whole = client.get(url)
    part = client.get(url, headers={"Range": "bytes=100-199"})

    assert (part.status_code, part.data) == (206, whole.data[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(whole.data)}"
    last = client.get(url, headers={"Range": "bytes=-10"})
    assert last.data == whole.data[-10:]
    past = client.get(url, headers={"Range": f"bytes={len(whole.data)}-"})
    assert error_of(past) == (416, "requested_range_not_satisfiable")
    for odd in ("bytes=9-1", "bytes=a-b", "lines=1-2", "bytes=", "bytes=0-1,5-6", "x" * 3000):
        assert client.get(url, headers={"Range": odd}).status_code in (200, 206, 416)
    unchanged = client.get(url, headers={"If-None-Match": whole.headers["ETag"]})
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_random_requests_never_make_a_500(client, film) -> None:
    chance = random.Random(909)
    values: list[Any] = [None, True, -1, 0, 1.5, 2**70, "", "\0", "\ud800", [], [[]], {}, {"a": {}}]
    keys = ["media", "timeline", "options", "style", "mood", "cuts", "seed", "take", "OTIO_SCHEMA"]

    def value(depth: int) -> Any:
        if depth == 0 or chance.random() < 0.4:
            return chance.choice([*values, film, "Timeline.1", "piano"])
        if chance.random() < 0.3:
            return [value(depth - 1) for _ in range(chance.randrange(3))]
        return {chance.choice(keys): value(depth - 1) for _ in range(chance.randrange(4))}

    routes = ["/v1/compositions", "/v1/compositions/x/shots/0/takes", "/v1/compositions/x/cancel"]
    for _ in range(400):
        response = client.post(chance.choice(routes), json=value(4))
        assert response.status_code < 500, response.json
        if response.status_code == 202:
            client.delete(f"/v1/compositions/{response.json['id']}")
            client.post("/v1/media?name=holiday.mp4", data=b"the film")


def test_queries_of_bytes_never_make_a_500(client) -> None:
    chance = random.Random(1)
    for _ in range(200):
        query = "".join(f"%{chance.randrange(256):02x}" for _ in range(6))
        for address in (f"/v1/compositions?limit={query}", f"/v1/media/{query}", f"/{query}"):
            assert client.get(address).status_code < 500
        assert client.post(f"/v1/media?name={query}", data=b"x").status_code < 500


def test_half_a_surrogate_pair_is_no_text(client, film) -> None:
    timeline = {"OTIO_SCHEMA": "Timeline.1", "name": "\ud800"}
    assert error_of(client.post("/v1/compositions", json={"timeline": timeline})) == (
        422,
        "request_invalid",
    )
    whole = {"OTIO_SCHEMA": "Timeline.1", "name": "\U0001f3ac"}
    posted = client.post("/v1/compositions", json={"timeline": whole})
    assert (posted.status_code, posted.json["title"]) == (202, "\U0001f3ac")


def test_a_body_that_is_no_json_is_told_where(client) -> None:
    for body, reported in [(b'{"a": }', "column 7"), (b"", "nothing"), (b'{"a": NaN}', "NaN")]:
        refused = post(client, body)
        assert error_of(refused) == (400, "bad_request")
        assert reported in refused.json["error"]["message"]


def test_several_ranges_and_unknown_units_give_the_whole(client, film, ended) -> None:
    done = ended(client.post("/v1/compositions", json={"media": film}).json["id"])
    url = done["result"]["files"]["mix.wav"]
    whole = client.get(url).data
    for header in ("bytes=0-1,5-6", "lines=1-2", "bytes=a-b", "bytes=", "=", "x"):
        answer = client.get(url, headers={"Range": header})
        assert (answer.status_code, answer.data) == (200, whole), header
    for header in ("bytes=0-0", "BYTES=0-0", "bytes = 0-0"):
        assert client.get(url, headers={"Range": header}).data == whole[:1]


def test_a_full_queue_tells_when_to_come_again(client, film, gate) -> None:
    for _ in range(6):
        full = client.post(
            "/v1/compositions", json={"media": film, "options": {"style": "patient"}}
        )
    assert full.status_code == 429
    assert int(full.headers["Retry-After"]) > 0
