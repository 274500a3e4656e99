"""The state of a composition as server-sent events (the HTML standard's event stream)."""

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from flask import Response, request

from . import serializers
from .answers import CompositionSummary
from .errors import ApiError, error_body
from .jobs import Jobs
from .sketches import Sketch
from .store import Store
from .tables import Composition

KEEP_ALIVE_SECONDS = 10.0
# In the environment of a request: takes a stream over, so that no thread waits for its news.
HAND_OVER = "diffbgm.hand_over"
# How often a quiet stream looks whether its client is still there.
_LOOK_SECONDS = 0.5
_RETRY_SECONDS = 5


@dataclass(frozen=True)
class EventsWanted:
    """`seen` is the id of the last event that the client has; `sketches` are the notes while they
    are denoised."""

    seen: str | None = None
    sketches: bool = False


class Stream:
    """The events of one composition: its state now and at every change to its end.

    A state that the client has seen is not sent again. `give_back` is called
    once, when the stream is closed first.
    """

    def __init__(
        self,
        store: Store,
        jobs: Jobs,
        composition_id: str,
        wanted: EventsWanted,
        give_back: Callable[[], None],
    ) -> None:
        self.is_over = False
        self._open = [give_back]
        self._store = store
        self._jobs = jobs
        self._composition_id = composition_id
        self._latest = wanted.seen
        self._with_sketches = wanted.sketches
        self._sketch: Sketch | None = None
        self._version, self._last = -1, time.monotonic()

    def close(self) -> None:
        with suppress(IndexError):  # Taking it out of the list is one step for all threads.
            self._open.pop()()

    def news(self) -> bytes:
        """What has happened since the last call; often nothing."""
        event = self._event()
        if event:
            self._last = time.monotonic()
        elif time.monotonic() - self._last > KEEP_ALIVE_SECONDS:
            self._last, event = time.monotonic(), ": keep-alive\n\n"
        return event.encode()

    def _event(self) -> str:
        version = self._jobs.version
        if version == self._version:
            return ""
        self._version = version
        composition = self._store.composition(self._composition_id)
        if composition is None:
            self.is_over = True
            gone = error_body("composition_unknown", "The composition was deleted.")
            return f"event: error\ndata: {json.dumps(gone)}\n\n"
        state = serializers.summary(composition, self._jobs.queue())
        self.is_over = state.state not in ("queued", "running")
        return self._sketch_event() + self._state_event(state)

    def _sketch_event(self) -> str:
        sketch = self._jobs.sketch(self._composition_id) if self._with_sketches else None
        if sketch is None or sketch == self._sketch:
            return ""
        self._sketch = sketch
        return f"event: preview\ndata: {sketch.model_dump_json()}\n\n"

    def _state_event(self, state: CompositionSummary) -> str:
        event_id = id_of(state)
        if event_id == self._latest:
            return ""
        self._latest = event_id
        return f"event: state\nid: {event_id}\ndata: {state.model_dump_json()}\n\n"


def id_of(state: CompositionSummary) -> str:
    """The same for the same state, whichever server tells it."""
    return hashlib.sha256(state.model_dump_json().encode()).hexdigest()[:16]


class EventStreams:
    """Streams of one server, at most `most` at once."""

    def __init__(self, store: Store, jobs: Jobs, most: int) -> None:
        self._store = store
        self._jobs = jobs
        self._free = threading.BoundedSemaphore(most)

    def open(self, composition: Composition, wanted: EventsWanted) -> Response:
        """The stream of one composition: its state now and at every change until its end.

        204, which ends an EventSource for good, where the client has seen the last state.
        """
        state = serializers.summary(composition, self._jobs.queue())
        if state.state not in ("queued", "running") and id_of(state) == wanted.seen:
            return Response(status=204)
        if not self._free.acquire(blocking=False):
            message = "Too many event streams are open; ask for the state."
            raise ApiError(503, "too_many_streams", message, retry_after=_RETRY_SECONDS)
        stream = Stream(self._store, self._jobs, composition.id, wanted, self._free.release)
        hand_over = request.environ.get(HAND_OVER)
        if hand_over is None:
            response = Response(self._events(stream), mimetype="text/event-stream")
            response.call_on_close(stream.close)
        else:
            hand_over(stream)
            response = Response(iter(()), mimetype="text/event-stream")
        response.headers["Cache-Control"] = "no-store"
        return response

    def _events(self, stream: Stream) -> Iterator[bytes]:
        """The same for a server that takes no streams over."""
        while not (self._jobs.is_stopping or stream.is_over):
            version = self._jobs.version
            if news := stream.news():
                yield news
            if not stream.is_over:
                self._jobs.wait_for_change(version, _LOOK_SECONDS)
