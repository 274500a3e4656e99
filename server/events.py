"""The state of a composition as server-sent events (the HTML standard's event stream)."""

import json
import threading
import time
from collections.abc import Callable, Iterator

from flask import Response, request

from . import serializers
from .errors import ApiError, error_body
from .jobs import Jobs
from .store import Store

KEEP_ALIVE_SECONDS = 10.0
# How often a quiet stream looks whether its client is still there.
_LOOK_SECONDS = 0.5
# How long a new client waits for the stream of one that has just left.
_PATIENCE_SECONDS = 2.0


class EventStreams:
    """Streams of one server, at most `most` at once: each holds a thread."""

    def __init__(self, store: Store, jobs: Jobs, most: int) -> None:
        self._store = store
        self._jobs = jobs
        self._free = threading.BoundedSemaphore(most)

    def open(self, composition_id: str) -> Response:
        """The stream of one composition: its state now and at every change until its end."""
        if not self._free.acquire(timeout=_PATIENCE_SECONDS):
            raise ApiError(
                503, "too_many_streams", "Too many event streams are open; ask for the state."
            )
        has_left = request.environ.get("waitress.client_disconnected", lambda: False)
        response = Response(self._events(composition_id, has_left), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.call_on_close(self._free.release)
        return response

    def _events(self, composition_id: str, has_left: Callable[[], bool]) -> Iterator[str]:
        latest, told = None, time.monotonic()
        while not (self._jobs.is_stopping or has_left()):
            version = self._jobs.version
            composition = self._store.composition(composition_id)
            if composition is None:
                gone = error_body("composition_unknown", "The composition was deleted.")
                yield f"event: error\ndata: {json.dumps(gone)}\n\n"
                return
            state = serializers.summary(composition, self._jobs)
            if state != latest:
                latest, told = state, time.monotonic()
                yield f"event: state\ndata: {state.model_dump_json()}\n\n"
            if state.state not in ("queued", "running"):
                return
            self._jobs.wait_for_change(version, _LOOK_SECONDS)
            if time.monotonic() - told > KEEP_ALIVE_SECONDS:
                told = time.monotonic()
                yield ": keep-alive\n\n"
