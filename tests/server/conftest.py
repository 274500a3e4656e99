"""The server with a fake composer, in this process, and its Flask clients."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from diffbgm_server.app import create_app
from diffbgm_server.config import Config, Limits
from diffbgm_server.services import Services
from flask.testing import FlaskClient

from tests.fake_composer import FakeComposer


class Client(FlaskClient):
    """A client that reads every answer to its end, unless asked otherwise, so that files close."""

    def open(self, *args: Any, buffered: bool = True, **kwargs: Any) -> Any:
        return super().open(*args, buffered=buffered, **kwargs)


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Compositions of the style `patient` go on when this file is there."""
    return tmp_path / "gate"


@pytest.fixture
def services(tmp_path: Path, gate: Path) -> Iterator[Services]:
    limits = Limits(media_bytes=100_000, json_bytes=50_000, queued_jobs=4, event_streams=2)
    with Services(Config(tmp_path / "store", limits=limits), FakeComposer(gate)) as services:
        yield services


@pytest.fixture
def tokenless(services: Services) -> FlaskClient:
    """A client without the token."""
    app = create_app(services)
    app.test_client_class = Client
    return app.test_client()


def client_of(services: Services) -> FlaskClient:
    """A client with the token."""
    app = create_app(services)
    app.test_client_class = Client
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {services.store.token}"
    return client


@pytest.fixture
def client(services: Services) -> FlaskClient:
    return client_of(services)


@pytest.fixture
def film(client: FlaskClient) -> str:
    """The id of an uploaded film."""
    return client.post("/v1/media?name=holiday.mp4", data=b"the film").json["id"]


@pytest.fixture
def ended(services: Services, client: FlaskClient) -> Callable[[str], dict[str, Any]]:
    """Waits until nothing of a composition is queued or running, and gives its state."""

    def wait(composition_id: str) -> dict[str, Any]:
        while True:
            version = services.jobs.version
            state = client.get(f"/v1/compositions/{composition_id}").json
            if state["state"] not in ("queued", "running"):
                return state
            assert services.jobs.wait_for_change(version, 300), f"nothing happens: {state}"

    return wait
