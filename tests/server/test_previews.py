"""What is asked before composing: edits of any format as documents, and how cuts will be met."""

import base64
import io
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from diffbgm_server.config import Config
from diffbgm_server.services import Services
from flask.testing import FlaskClient
from PIL import Image

from diffbgm import ComposeOptions, preview_hits
from diffbgm.demo.film import Truth
from tests.fake_composer import FakeComposer
from tests.server.conftest import client_of

EDL = """TITLE: FIRST CUT
001  AX       V     C        00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00
* FROM CLIP NAME: demo.mp4
002  AX       V     C        00:00:02:00 00:00:03:00 01:00:01:00 01:00:02:00
* FROM CLIP NAME: demo.mp4
"""


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[FlaskClient]:
    """A client of a server that takes films of the usual size."""
    with Services(Config(tmp_path / "store"), FakeComposer()) as services:
        yield client_of(services)


@pytest.fixture
def uploaded(roomy: FlaskClient, demo: tuple[Path, Truth]) -> str:
    return roomy.post("/v1/media?name=demo.mp4", data=demo[0].read_bytes()).json["id"]


def hits(client: FlaskClient, **body: Any) -> Any:
    return looked_at(client, "hits", body)


def looked_at(client: FlaskClient, what: str, body: dict[str, Any]) -> Any:
    """The answer, as soon as it is more than that the film is being looked at."""
    while (answer := client.post(f"/v1/{what}", json=body)).status_code == 202:
        assert answer.json["state"] == "running"
        time.sleep(0.05)
    return answer


def test_hits_are_told_before_composing_as_composing_would_have_them(
    roomy: FlaskClient, uploaded: str, demo: tuple[Path, Truth]
) -> None:
    film, truth = demo
    options = {"bpm": [90, 110], "pinned": [truth.cuts[0]]}
    told = hits(roomy, media=uploaded, options=options).json
    wanted = ComposeOptions(bpm=(90, 110), pinned=(truth.cuts[0],))
    spotting, rate = preview_hits(film, wanted)
    assert told["cuts"] == list(truth.cuts)
    assert Fraction(*told["frame_rate"]) == rate
    assert {name: told[name] for name in spotting.to_dict()} == spotting.to_dict()

    began = time.monotonic()
    again = roomy.post("/v1/hits", json={"media": uploaded, "options": options})
    assert again.json == told
    assert time.monotonic() - began < 0.5
    refused = hits(roomy, media=uploaded, options={"pinned": [7]})
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "cuts_invalid")


def test_an_edit_and_its_films_go_in_as_they_lie_on_the_disc(
    roomy: FlaskClient, uploaded: str
) -> None:
    read = roomy.post("/v1/timelines?name=cut.edl&rate=25", data=EDL).json
    assert read["films"] == ["demo.mp4"]
    body = {"timeline": read["timeline"], "films": {"demo.mp4": uploaded}}
    told = hits(roomy, **body).json
    assert (told["frames"], told["cuts"]) == (50, [25])
    far = {"REMOTE_ADDR": "192.168.1.20"}
    made = roomy.post("/v1/compositions", json=body, environ_overrides=far)
    assert (made.status_code, made.json["title"]) == (202, "FIRST CUT")
    body["films"] = {"other.mp4": uploaded}
    refused = roomy.post("/v1/compositions", json=body, environ_overrides=far)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "timeline_unusable")
    body["films"] = {"demo.mp4": "0" * 64}
    assert roomy.post("/v1/compositions", json=body).json["error"]["code"] == "media_unknown"


@pytest.mark.parametrize("suffix", [".otio", ".xml", ".fcpxml", ".kdenlive"])
def test_edits_of_every_format_are_read(roomy: FlaskClient, tmp_path: Path, suffix: str) -> None:
    shown = otio.opentime.range_from_start_end_time(
        otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(50, 25)
    )
    reference = otio.schema.ExternalReference("file:///films/a.mp4", shown)
    clip = otio.schema.Clip("a.mp4", reference, shown)
    edit = otio.schema.Timeline("edit", tracks=[otio.schema.Track("V1", [clip], kind="Video")])
    path = tmp_path / f"edit{suffix}"
    otio.adapters.write_to_file(edit, str(path))
    read = roomy.post(f"/v1/timelines?name=edit{suffix}", data=path.read_bytes())
    assert read.status_code == 200, read.json
    assert [name for name in read.json["films"] if name.endswith("a.mp4")] == read.json["films"]
    assert len(read.json["films"]) == 1
    assert read.json["timeline"]["OTIO_SCHEMA"] == "Timeline.1"


@pytest.mark.parametrize(
    "name, content",
    [("cut.edl", "no edit"), ("cut.xml", "<xmeml>"), ("cut.otio", "{"), ("cut.doc", "?")],
)
def test_what_is_no_edit_is_refused_by_its_name(
    roomy: FlaskClient, name: str, content: str, tmp_path: Path
) -> None:
    refused = roomy.post(f"/v1/timelines?name=../{name}", data=content)
    assert (refused.status_code, refused.json["error"]["code"]) == (422, "timeline_unusable")
    assert refused.json["error"]["message"].startswith(name)
    assert list((tmp_path / "store" / "work").iterdir()) == []


def test_shots_are_told_before_composing(
    roomy: FlaskClient, uploaded: str, demo: tuple[Path, Truth]
) -> None:
    cuts, frames = hits(roomy, media=uploaded).json["cuts"], demo[1].frames
    dropped, added = cuts[0], cuts[-1] + 20
    options = {"dropped": [dropped], "added": [added]}
    found = looked_at(roomy, "shots", {"media": uploaded, "options": options}).json
    starts = [shot["start_frame"] for shot in found["shots"]]
    assert starts == [0, *cuts[1:], added]
    assert [shot["end_frame"] for shot in found["shots"]] == [*starts[1:], frames]
    assert found["shots"][0]["cut"] is None
    assert found["shots"][-1]["cut"]["source"] == "added"
    for shot in found["shots"]:
        picture = Image.open(io.BytesIO(base64.b64decode(shot["thumbnail"])))
        assert (picture.format, max(picture.size)) == ("JPEG", 128)
