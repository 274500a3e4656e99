"""The queue: what waits, what runs and how far it is, what to stop. Knows neither HTTP nor music.

All methods may be called from any thread. Whoever waits for news waits on one condition.
"""

import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diffbgm.errors import CancelledError, DiffBGMError

from .store import Store
from .tables import Composition, Job, JobKind

# Reports closer together than this are one to those who watch.
_PROGRESS_STEP = 0.002


class ServerStoppingError(CancelledError):
    """The server ends; the job is queued again for the next one."""


@dataclass
class Running:
    """The job in hand."""

    job: Job
    stage: str = "starting"
    fraction: float = 0.0
    is_cancelled: bool = False


class Jobs:
    """The queue over a store, first in, first out, one at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store
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

    def queued(self) -> Sequence[Job]:
        return self._store.queued_jobs()

    def running(self) -> Running | None:
        return self._running

    def submit(self, title: str, request: dict[str, Any], media_ids: set[str]) -> Composition:
        """Queues a new composition. KeyError names an unknown media id."""
        with self._changed:
            composition = self._store.add_composition(title, request, media_ids)
            self._tell()
        return composition

    def submit_change(self, composition_id: str, kind: JobKind, arguments: dict[str, Any]) -> Job:
        """Queues a take, or the choice of one, of a composition."""
        with self._changed:
            job = self._store.add_job(composition_id, kind, arguments)
            self._tell()
        return job

    def cancel(self, composition: Composition) -> None:
        """Cancels what is queued or running of this composition; a finished one stays as it is."""
        with self._changed:
            for job in composition.jobs:
                if self._running is not None and self._running.job.id == job.id:
                    self._running.is_cancelled = True
            self._store.cancel_queued(composition.id)
            self._tell()

    def delete(self, composition: Composition) -> None:
        """Cancels and forgets it; the folder goes as soon as nothing works in it."""
        with self._changed:
            self.cancel(composition)
            self._store.remove_composition(composition.id)
            if self._running is None or self._running.job.composition_id != composition.id:
                self._remove_folder(composition.id)
            self._tell()

    # For the worker

    def take(self, seconds: float) -> Job | None:
        """The next job, now running; None after `seconds` without one, or when stopping."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopping or self.queued(), seconds)
            if self._is_stopping or not (queued := self.queued()):
                return None
            job = queued[0]
            self._store.update_job(job.id, state="running", attempts=job.attempts + 1)
            self._running = Running(job)
            self._tell()
            return job

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

    def finish(self, error: DiffBGMError | None) -> None:
        """Ends the running job: done, or failed, cancelled or queued again by the error's kind."""
        with self._changed:
            if self._running is None:
                raise ValueError("no job is running")
            job = self._running.job
            self._store.update_job(job.id, **_outcome(job, error))
            self._running = None
            if self._store.composition(job.composition_id) is None:
                self._remove_folder(job.composition_id)
            self._tell()

    def stop(self) -> None:
        """Makes the worker and all who wait come to an end."""
        with self._changed:
            self._is_stopping = True
            self._tell()

    def _tell(self) -> None:
        self._version += 1
        self._changed.notify_all()

    def _remove_folder(self, composition_id: str) -> None:
        shutil.rmtree(self._store.folder(composition_id), ignore_errors=True)


def _outcome(job: Job, error: DiffBGMError | None) -> dict[str, Any]:
    if error is None:
        return {"state": "done"}
    if isinstance(error, ServerStoppingError):
        return {"state": "queued", "attempts": job.attempts}
    if isinstance(error, CancelledError):
        return {"state": "cancelled", "error": {"code": error.code, "message": str(error)}}
    return {"state": "failed", "error": {"code": error.code, "message": str(error)}}
