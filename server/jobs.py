"""The queue as the routes see it: what waits, what is in hand and how far it is, what to stop.

Knows neither HTTP nor music, nor who works the queue off: one thread of this process, or workers on
many machines. All methods may be called from any thread. Whoever waits for news waits on one
condition.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .job_table import JobTable
from .sketches import Sketch
from .store import Store
from .tables import Composition, JobKind, Run

# Before so much is done, how long the rest takes is a guess that nobody is told.
_TOLD_FROM_SECONDS, _TOLD_FROM_FRACTION = 1.0, 0.03


class QueueFullError(Exception):
    """As many jobs wait as may."""


@dataclass(frozen=True)
class Queue:
    """The queue at one moment: the places of jobs that wait, and the jobs in hand, by their ids."""

    places: dict[int, int]
    runs: dict[int, Run]


def seconds_left(run: Run) -> float | None:
    """If all goes on as it went; None while too little is done to say."""
    elapsed = run.heard - run.began
    if elapsed < _TOLD_FROM_SECONDS or run.fraction < _TOLD_FROM_FRACTION:
        return None
    return round(elapsed * (1 - run.fraction) / run.fraction, 1)


class Jobs:
    """The queue over a store, first in, first out; `most` may wait.

    `announce` tells who works that there is a job; it must not fail.
    """

    def __init__(self, store: Store, most: int) -> None:
        self.table = JobTable(store.database)
        self.announce: Callable[[], None] = lambda: None
        self._store = store
        self._most = most
        self._changed = threading.Condition()
        self._version = 0
        self._is_stopping = False

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

    def wait_for_work(self, seconds: float) -> bool:
        """Whether a job waits, before `seconds` went by or all is to stop."""

        def waits() -> bool:
            return self._is_stopping or bool(self.table.queued())

        with self._changed:
            return self._changed.wait_for(waits, seconds) and not self._is_stopping

    def nudge(self) -> None:
        """Tells that something has changed."""
        with self._changed:
            self._version += 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Makes all who work and wait here come to an end."""
        self._is_stopping = True
        self.nudge()

    def queue(self) -> Queue:
        """As it is."""
        places = {job: place for place, job in enumerate(self.table.queued(), 1)}
        return Queue(places, {run.job_id: run for run in self.table.runs()})

    def sketch(self, composition_id: str) -> Sketch | None:
        """How the music of a composition in hand looks by now."""
        found = self.table.sketch(composition_id)
        return None if found is None else Sketch(**found)

    def check_room(self) -> None:
        """Raises QueueFullError."""
        if len(self.table.queued()) >= self._most:
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
        self._tell_of_work()
        return composition

    def submit_change(self, composition_id: str, kind: JobKind, arguments: dict[str, Any]) -> None:
        """Queues a take, or the choice of one. KeyError if there is no such composition."""
        with self._changed:
            self.check_room()
            self.table.add(composition_id, kind, arguments)
        self._tell_of_work()

    def cancel(self, composition_id: str) -> None:
        """Cancels what is queued or running of this composition; a finished one stays as it is."""
        self.table.cancel(composition_id)
        self.nudge()

    def delete(self, composition_id: str) -> bool:
        """Cancels and forgets it; the result goes as soon as nothing works on it.

        False if there is no such composition.
        """
        is_known = self._store.remove_composition(composition_id)
        self.nudge()
        return is_known

    def _tell_of_work(self) -> None:
        self.nudge()
        self.announce()
