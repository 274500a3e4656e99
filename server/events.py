"""The state of a composition as server-sent events (the HTML standard's event stream)."""

import json
import threading
from collections.abc import Iterator

from flask import Response

from server import states
from server.errors import ApiError, error_body
from server.jobs import Jobs
from server.store import Store

KEEP_ALIVE_SECONDS = 10.0


class EventStreams:
    """Streams of one server, at most `most` at once: each holds a thread."""

    def __init__(self, store: Store, jobs: Jobs, most: int) -> None:
        self._store = store
        self._jobs = jobs
        self._free = threading.BoundedSemaphore(most)

    def open(self, composition_id: str) -> Response:
        """The stream of one composition: its state now and at every change until its end."""
        if not self._free.acquire(blocking=False):
            raise ApiError(
                503, "too_many_streams", "Too many event streams are open; ask for the state."
            )
        response = Response(self._events(composition_id), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        response.call_on_close(self._free.release)
        return response

    def _events(self, composition_id: str) -> Iterator[str]:
        latest = None
        while not self._jobs.is_stopping:
            version = self._jobs.version
            composition = self._store.composition(composition_id)
            if composition is None:
                gone = error_body("composition_unknown", "The composition was deleted.")
                yield f"event: error\ndata: {json.dumps(gone)}\n\n"
                return
            state = states.summary(composition, self._jobs)
            if state != latest:
                latest = state
                yield f"event: state\ndata: {state.model_dump_json()}\n\n"
            if state.state not in ("queued", "running"):
                return
            if not self._jobs.wait_for_change(version, KEEP_ALIVE_SECONDS):
                yield ": keep-alive\n\n"
