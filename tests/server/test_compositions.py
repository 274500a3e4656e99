"""Composing, taking again, cancelling and deleting, through the routes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffbgm_server.services import Services
from flask.testing import FlaskClient

Ended = Callable[[str], dict[str, Any]]


def submit(client: FlaskClient, film: str, **options: Any) -> str:
    response = client.post("/v1/compositions", json={"media": film, "options": options})
    assert response.status_code == 202, response.json
    return response.json["id"]


def wait_until_running(services: Services) -> None:
    while not services.jobs.queue().runs:
        assert services.jobs.wait_for_change(services.jobs.version, 30)


def test_a_film_becomes_a_composition_with_its_files(client, film, ended: Ended) -> None:
    state = ended(submit(client, film, style="piano", mood=[0.5, -0.5], bpm=[80, 120], seed=7))

    assert (state["state"], state["title"], state["error"]) == ("done", "holiday.mp4", None)
    result = state["result"]
    assert [shot["take"] for shot in result["shots"]] == [0, 0, 0]
    assert result["source"]["film"].endswith("holiday.mp4")
    assert result["options"]["mood"] == [0.5, -0.5]
    for url in result["files"].values():
        assert client.get(url).status_code == 200
    assert {"mix.wav", "shots/000.mid", "overview.png"} <= set(result["files"])


def test_a_timeline_becomes_a_composition(client, film, ended: Ended, services) -> None:
    timeline = {
        "OTIO_SCHEMA": "Timeline.1",
        "name": "My edit",
        "media_reference": {"target_url": f"diffbgm:media/{film}"},
    }
    posted = client.post("/v1/compositions", json={"timeline": timeline})

    state = ended(posted.json["id"])
    assert (state["state"], state["title"]) == ("done", "My edit")
    assert client.get(f"/v1/compositions/{state['id']}/timeline.otio").status_code == 200
    assert list(services.store.work.iterdir()) == []


def test_unknown_styles_moods_and_media_are_refused_before_they_are_queued(client, film) -> None:
    def refusal(**request: Any) -> tuple[int, str, str]:
        response = client.post("/v1/compositions", json=request)
        return response.status_code, *response.json["error"].values()

    assert refusal(media=film, options={"style": "polka"})[:2] == (422, "style_invalid")
    assert "cinematic" in refusal(media=film, options={"style": "polka"})[2]
    assert refusal(media=film, options={"mood": "hungry"})[:2] == (422, "option_invalid")
    assert refusal(media="0" * 64)[:2] == (404, "media_unknown")
    assert client.get("/v1/compositions").json == {"compositions": []}


def test_jobs_wait_in_line_and_a_full_line_is_said(
    client, film, gate: Path, ended, services
) -> None:
    first = submit(client, film, style="patient")
    wait_until_running(services)
    waiting = [submit(client, film) for _ in range(4)]

    full = client.post("/v1/compositions", json={"media": film})
    assert (full.status_code, full.json["error"]["code"]) == (429, "queue_full")
    listed = client.get("/v1/compositions").json["compositions"]
    assert [c["id"] for c in listed] == [*reversed(waiting), first]
    assert [c["queue_position"] for c in listed] == [4, 3, 2, 1, None]
    assert listed[-1]["progress"]["stage"] in ("analysing", "diffusing")

    gate.touch()
    assert [ended(c)["state"] for c in (first, *waiting)] == ["done"] * 5


def test_cancel_ends_that_one_only(
    client, film, gate: Path, ended: Ended, services: Services
) -> None:
    running = submit(client, film, style="patient")
    wait_until_running(services)
    queued, kept = submit(client, film), submit(client, film)

    assert client.post(f"/v1/compositions/{queued}/cancel").json["state"] == "cancelled"
    assert client.post(f"/v1/compositions/{running}/cancel").status_code == 200

    assert ended(running)["state"] == "cancelled"
    assert ended(running)["error"]["code"] == "cancelled"
    assert ended(kept)["state"] == "done"
    folders = services.store.folder(kept).parent
    assert [folder.name for folder in folders.iterdir()] == [kept]


def test_cancelling_what_is_done_changes_nothing(client, film, ended: Ended) -> None:
    done = ended(submit(client, film))
    assert client.post(f"/v1/compositions/{done['id']}/cancel").json == done


def test_a_shot_gets_a_new_take_and_its_old_one_back(client, film, ended: Ended) -> None:
    composition = submit(client, film)
    assert ended(composition)["state"] == "done"
    url = f"/v1/compositions/{composition}/shots/1"

    assert client.post(f"{url}/takes", json={"seed": 3}).status_code == 202
    assert [shot["take"] for shot in ended(composition)["result"]["shots"]] == [0, 1, 0]
    assert client.put(f"{url}/take", json={"take": 0}).status_code == 202
    state = ended(composition)
    assert [shot["take"] for shot in state["result"]["shots"]] == [0, 0, 0]
    assert [(job["kind"], job["shot"], job["state"]) for job in state["jobs"]] == [
        ("compose", None, "done"),
        ("take", 1, "done"),
        ("select", 1, "done"),
    ]


def test_options_of_a_take_are_the_librarys(client, film, ended: Ended) -> None:
    url = f"/v1/compositions/{ended(submit(client, film))['id']}/shots/0/takes"
    for wrong in ({"octave": 9}, {"takes": 0}, {"notes": "same", "takes": 2}):
        refused = client.post(url, json=wrong)
        assert (refused.status_code, refused.json["error"]["code"]) == (422, "option_invalid")
    assert client.post(url, json={"notes": "other"}).status_code == 422
    assert client.post(url, json={"notes": "same", "octave": 1}).status_code == 202


def test_a_take_that_fails_leaves_the_result(client, film, ended: Ended) -> None:
    before = ended(submit(client, film))
    url = f"/v1/compositions/{before['id']}/shots/0/takes"
    client.post(url, json={"style": "unusable"})

    after = ended(before["id"])
    assert (after["state"], after["error"]["code"]) == ("failed", "film_unusable")
    assert after["result"] == before["result"]


def test_takes_are_for_shots_that_are_there(client, film, gate: Path, ended, services) -> None:
    done = ended(submit(client, film))["id"]
    no_shot = client.post(f"/v1/compositions/{done}/shots/3/takes", json={})
    assert (no_shot.status_code, no_shot.json["error"]["code"]) == (404, "shot_unknown")
    no_take = client.put(f"/v1/compositions/{done}/shots/2/take", json={"take": 1})
    assert (no_take.status_code, no_take.json["error"]["code"]) == (404, "take_unknown")

    unfinished = submit(client, film, style="patient")
    early = client.put(f"/v1/compositions/{unfinished}/shots/0/take", json={"take": 0})
    assert (early.status_code, early.json["error"]["code"]) == (409, "composition_unfinished")
    early = client.get(f"/v1/compositions/{unfinished}/files/mix.wav")
    assert (early.status_code, early.json["error"]["code"]) == (409, "composition_unfinished")
    client.delete(f"/v1/compositions/{unfinished}")


def test_errors_of_a_job_are_in_words_of_the_client(client, film, ended: Ended, services) -> None:
    unusable = ended(submit(client, film, style="unusable"))
    assert unusable["error"] == {
        "code": "film_unusable",
        "message": "holiday.mp4 has no picture; give a film",
    }
    assert ended(submit(client, film, style="full"))["error"]["code"] == "storage_failed"
    buggy = ended(submit(client, film, style="buggy"))
    assert (buggy["state"], buggy["error"]["code"]) == ("failed", "failed")
    assert ended(submit(client, film))["state"] == "done"


def test_delete_removes_rows_files_and_films_nobody_else_uses(
    client, film, ended, services
) -> None:
    first, second = ended(submit(client, film))["id"], ended(submit(client, film))["id"]

    assert client.delete(f"/v1/compositions/{first}").status_code == 204
    assert client.get(f"/v1/compositions/{first}").status_code == 404
    assert not services.store.folder(first).exists()
    assert client.get(f"/v1/media/{film}").status_code == 200

    client.delete(f"/v1/compositions/{second}")
    assert client.get(f"/v1/media/{film}").status_code == 404
    assert list((services.store.root / "media").iterdir()) == []


def test_delete_of_a_running_one_cancels_it(client, film, gate, ended, services: Services) -> None:
    running = submit(client, film, style="patient")
    wait_until_running(services)
    assert client.delete(f"/v1/compositions/{running}").status_code == 204
    assert client.get(f"/v1/compositions/{running}").status_code == 404

    again = client.post("/v1/media?name=holiday.mp4", data=b"the film").json["id"]
    assert ended(submit(client, again))["state"] == "done"
    assert not services.store.folder(running).exists()


def test_delete_while_a_take_is_made_removes_the_folder_after(
    client, film, ended, services
) -> None:
    done = ended(submit(client, film))["id"]
    client.post(f"/v1/compositions/{done}/shots/0/takes", json={"style": "patient"})
    wait_until_running(services)
    assert client.delete(f"/v1/compositions/{done}").status_code == 204
    while services.store.folder(done).exists():
        assert services.jobs.wait_for_change(services.jobs.version, 30)


def test_events_tell_the_state_until_the_end(client, film, gate: Path, services: Services) -> None:
    composition = submit(client, film, style="patient")
    stream = client.get(f"/v1/compositions/{composition}/events", buffered=False)
    assert stream.mimetype == "text/event-stream"
    events = stream.iter_encoded()

    first = next(events).decode()
    assert first.startswith("event: state\nid: ")
    gate.touch()
    states = [json.loads(e.decode().split("data: ")[1]) for e in [first.encode(), *events]]
    assert {s["id"] for s in states} == {composition}
    fractions = [s["progress"]["fraction"] for s in states if s["progress"]]
    assert fractions == sorted(fractions)
    assert states[-1]["state"] == "done"
    stream.close()


def test_a_client_that_comes_back_gets_what_it_has_not_seen(client, film, ended) -> None:
    composition = submit(client, film)
    ended(composition)
    url = f"/v1/compositions/{composition}/events"
    last = client.get(url).text.split("\n\n")[-2]
    seen = last.split("id: ")[1].split("\n")[0]

    again = client.get(url, headers={"Last-Event-ID": seen})
    assert (again.status_code, again.data) == (204, b"")
    unseen = client.get(url, headers={"Last-Event-ID": "another"})
    assert last in unseen.text


def test_what_is_left_is_told_once_it_can_be(client, film, gate: Path, services: Services) -> None:
    composition = submit(client, film, style="patient")
    while (progress := client.get(f"/v1/compositions/{composition}").json["progress"]) is None or (
        progress["seconds_left"] is None
    ):
        services.jobs.wait_for_change(services.jobs.version, 0.1)
    assert 0 < progress["seconds_left"] < 60
    assert client.get(f"/v1/compositions/{composition}").json["media"][0]["id"] == film
    gate.touch()


def test_event_streams_are_limited_and_given_back(client, film, gate: Path, ended) -> None:
    composition = submit(client, film, style="patient")
    url = f"/v1/compositions/{composition}/events"
    held = [client.get(url, buffered=False) for _ in range(2)]

    refused = client.get(url)
    assert (refused.status_code, refused.json["error"]["code"]) == (503, "too_many_streams")
    for stream in held:
        stream.close()
    gate.touch()
    ended(composition)
    assert client.get(url).status_code == 200


def test_events_of_a_deleted_composition_end(client, film, services: Services) -> None:
    composition = submit(client, film, style="patient")
    stream = client.get(f"/v1/compositions/{composition}/events", buffered=False)
    events = stream.iter_encoded()
    next(events)
    client.delete(f"/v1/compositions/{composition}")
    assert "composition_unknown" in list(events)[-1].decode()
    stream.close()
