"""The queue: what waits, what runs and how far it is, what to stop. Knows neither HTTP nor music.

All methods may be called from any thread. Whoever waits for news waits on one condition.
"""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from diffbgm.errors import CancelledError, DiffBGMError

from .sketches import Sketch
from .store import Store
from .tables import Composition, Job, JobKind

# Reports closer together than this are one to those who watch.
_PROGRESS_STEP = 0.002
# Before so much is done, how long the rest takes is a guess that nobody is told.
_TOLD_FROM_SECONDS, _TOLD_FROM_FRACTION = 1.0, 0.03


class ServerStoppingError(CancelledError):
    """The server ends; the job is queued again for the next one."""


@dataclass
class Running:
    """The job in hand."""

    job: Job
    stage: str = "starting"
    fraction: float = 0.0
    is_cancelled: bool = False
    began: float = field(default_factory=time.monotonic)
    sketch: Sketch | None = None

    @property
    def seconds_left(self) -> float | None:
        """If all goes on as it went; None while too little is done to say."""
        elapsed = time.monotonic() - self.began
        if elapsed < _TOLD_FROM_SECONDS or self.fraction < _TOLD_FROM_FRACTION:
            return None
        return round(elapsed * (1 - self.fraction) / self.fraction, 1)


class QueueFullError(Exception):
    """As many jobs wait as may."""


@dataclass(frozen=True)
class Queue:
    """The queue at one moment: the place of each waiting job, by its id, and the job in hand."""

    places: dict[int, int]
    running: Running | None


class Jobs:
    """The queue over a store, first in, first out, one at a time; `most` may wait."""

    def __init__(self, store: Store, most: int) -> None:
        self._store = store
        self._most = most
        self._changed = threading.Condition()
        self._version = 0
        self._is_stopping = False
        self._running: Running | None = None

    # For the routes

    @property
    def version(self) -> int:
        """Grows with every change; for `wait_for_change`."""
        return self._version

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    def wait_for_change(self, version: int, seconds: float) -> bool:
        """Waits until `version` is past; False if `seconds` went by before."""
        with self._changed:
            return self._changed.wait_for(lambda: self._version != version, seconds)

    def nudge(self) -> None:
        """Wakes who waits for a change."""
        with self._changed:
            self._tell()

    def queue(self) -> Queue:
        """As it is; who asks does not wait for who writes."""
        running, queued = self._running, self._store.queued_jobs()
        return Queue({job: place for place, job in enumerate(queued, 1)}, running)

    def running(self) -> Running | None:
        return self._running

    def check_room(self) -> None:
        """Raises QueueFullError."""
        if len(self._store.queued_jobs()) >= self._most:
            raise QueueFullError

    def submit(
        self,
        title: str,
        request: dict[str, Any],
        media_ids: set[str],
        kind: JobKind = "compose",
        arguments: dict[str, Any] | None = None,
    ) -> Composition:
        """Queues a new composition. KeyError names an unknown media id; QueueFullError."""
        with self._changed:
            self.check_room()
            composition = self._store.add_composition(title, request, media_ids, kind, arguments)
            self._tell()
        return composition

    def submit_change(self, composition_id: str, kind: JobKind, arguments: dict[str, Any]) -> None:
        """Queues a take, or the choice of one. KeyError if there is no such composition."""
        with self._changed:
            self.check_room()
            self._store.add_job(composition_id, kind, arguments)
            self._tell()

    def cancel(self, composition_id: str) -> None:
        """Cancels what is queued or running of this composition; a finished one stays as it is."""
        with self._changed:
            if self._is_in_hand(composition_id):
                self._require_running().is_cancelled = True
            self._store.cancel_queued(composition_id)
            self._tell()

    def delete(self, composition_id: str) -> bool:
        """Cancels and forgets it; the folder goes as soon as nothing works in it.

        False if there is no such composition.
        """
        with self._changed:
            if not self._store.remove_composition(composition_id):
                return False
            if self._is_in_hand(composition_id):
                self._require_running().is_cancelled = True
            else:
                self._store.remove_folder(composition_id)
            self._tell()
        return True

    # For the worker

    def take(self, seconds: float) -> tuple[Job, Composition] | None:
        """The next job, now running, and its composition.

        None after `seconds` without one, or when stopping.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping or self._store.queued_jobs(), seconds)
            taken = None if self._is_stopping else self._store.start_next_job()
            if taken is not None:
                self._running = Running(taken[0])
                self._tell()
            return taken

    def report(self, stage: str, fraction: float) -> None:
        """Notes how far the running job is. Raises CancelledError if it is to stop."""
        with self._changed:
            running = self._running
            if self._is_stopping:
                raise ServerStoppingError("The server is stopping.")
            if running is None:
                return
            if running.is_cancelled:
                raise CancelledError("The job was cancelled.")
            fraction = min(max(fraction, running.fraction), 1.0)
            if stage != running.stage or fraction - running.fraction >= _PROGRESS_STEP:
                running.stage, running.fraction = stage, fraction
                self._tell()

    def show(self, sketch: Sketch) -> None:
        """Notes how the music of the running job looks by now."""
        with self._changed:
            if self._running is not None:
                self._running.sketch = sketch
                self._tell()

    def finish(self, error: DiffBGMError | None) -> None:
        """Ends the running job: done, or failed, cancelled or queued again by the error's kind."""
        with self._changed:
            job = self._require_running().job
            self._store.measure(job.composition_id)
            self._store.update_job(job.id, **_outcome(job, error))
            self._running = None
            if self._store.composition(job.composition_id) is None:
                self._store.remove_folder(job.composition_id)
            self._tell()

    def stop(self) -> None:
        """Makes the worker and all who wait come to an end."""
        with self._changed:
            self._is_stopping = True
            self._tell()

    def _tell(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _is_in_hand(self, composition_id: str) -> bool:
        return self._running is not None and self._running.job.composition_id == composition_id

    def _require_running(self) -> Running:
        if self._running is None:
            raise ValueError("no job is running")
        return self._running


def _outcome(job: Job, error: DiffBGMError | None) -> dict[str, Any]:
    if error is None:
        return {"state": "done"}
    if isinstance(error, ServerStoppingError):
        return {"state": "queued", "attempts": job.attempts}
    if isinstance(error, CancelledError):
        return {"state": "cancelled", "error": {"code": error.code, "message": str(error)}}
    return {"state": "failed", "error": {"code": error.code, "message": str(error)}}
