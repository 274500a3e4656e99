"""A studio with the fake composer in this process, and its Flask client with and without token."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fake_composer import FakeComposer
from flask.testing import FlaskClient

from server.app import create_app
from server.config import Config, Limits
from server.studio import Studio


class Client(FlaskClient):
    """A client that reads every answer to its end, unless told otherwise, so that files close."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> Any:
        return super().open(*args, buffered=buffered, **kwargs)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Compositions of the style `patient` go on when this file is there."""
    return tmp_path / "gate"


@pytest.fixture
def studio(tmp_path: Path, gate: Path) -> Iterator[Studio]:
    limits = Limits(media_bytes=100_000, json_bytes=50_000, queued_jobs=4, event_streams=2)
    with Studio(Config(tmp_path / "store", limits=limits), FakeComposer(gate)) as studio:
        yield studio


@pytest.fixture
def stranger(studio: Studio) -> FlaskClient:
    """A client without the token."""
    app = create_app(studio)
    app.test_client_class = Client
    return app.test_client()


@pytest.fixture
def client(studio: Studio) -> FlaskClient:
    app = create_app(studio)
    app.test_client_class = Client
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {studio.store.token}"
    return client


@pytest.fixture
def film(client: FlaskClient) -> str:
    """The id of an uploaded film."""
    return client.post("/v1/media?name=holiday.mp4", data=b"the film").json["id"]


@pytest.fixture
def ended(studio: Studio, client: FlaskClient) -> Callable[[str], dict[str, Any]]:
    """Waits until nothing of a composition is queued or running, and gives its state."""

    def wait(composition_id: str) -> dict[str, Any]:
        while True:
            version = studio.jobs.version
            state = client.get(f"/v1/compositions/{composition_id}").json
            if state["state"] not in ("queued", "running"):
                return state
            assert studio.jobs.wait_for_change(version, 30), f"nothing happens: {state}"

    return wait
