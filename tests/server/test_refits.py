"""Music carried over to a changed edit by the route; what it becomes is in tests/refitting."""

from typing import Any

from tests.server.test_compositions import Ended, submit

EDIT: dict[str, Any] = {"OTIO_SCHEMA": "Timeline.1", "name": "Second cut"}


def shown(film: str) -> dict[str, Any]:
    return {**EDIT, "media_reference": {"target_url": f"diffbgm:media/{film}"}}


def test_a_changed_edit_is_a_composition_of_its_own(client, film, ended: Ended) -> None:
    old = ended(submit(client, film, style="piano"))

    body = {"timeline": shown(film), "seed": 5}
    posted = client.post(f"/v1/compositions/{old['id']}/refits", json=body)

    assert posted.status_code == 202
    state = ended(posted.json["id"])
    assert (state["state"], state["title"]) == ("done", "Second cut")
    assert [job["kind"] for job in state["jobs"]] == ["refit"]
    assert state["result"]["shots"] and state["id"] != old["id"]
    assert client.get(f"/v1/compositions/{old['id']}").json["result"] == old["result"]
    # It is a composition like any: a take of it, another refit.
    again = client.post(f"/v1/compositions/{state['id']}/shots/1/takes", json={})
    assert ended(again.json["id"])["result"]["shots"][1]["takes"] == 2


def test_what_cannot_be_compared_says_why(client, film, ended: Ended) -> None:
    url = f"/v1/compositions/{ended(submit(client, film))['id']}/refits/preview"
    response = client.post(url, json={"timeline": shown(film)})
    while response.status_code == 202:
        response = client.post(url, json={"timeline": shown(film)})
    # What the fake composer writes is no composition that the library reads.
    assert response.status_code in (409, 422)


def test_what_cannot_be_refitted_is_refused(client, film, ended: Ended) -> None:
    old = submit(client, film)
    url = f"/v1/compositions/{ended(old)['id']}/refits"
    assert client.post(url, json={}).status_code == 422
    assert client.post(url, json={"timeline": shown(film), "seed": -1}).status_code == 422
    assert client.post(url, json={"timeline": shown("0" * 64)}).status_code == 404
    nowhere = "/v1/compositions/nothing/refits"
    assert client.post(nowhere, json={"timeline": shown(film)}).status_code == 404
