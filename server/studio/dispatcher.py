"""What stands in a studio's server for the one thread that composes: workers elsewhere."""

import logging
import threading

from sqlalchemy.exc import OperationalError

from ..composer import Description
from ..config import Studio
from ..jobs import Jobs
from ..metrics import Metrics
from ..store import Store
from .members import Members
from .queue import Messages, Watch

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.3


class Dispatcher(threading.Thread):
    """Tells workers of jobs, and who waits here of what workers wrote down."""

    def __init__(self, store: Store, jobs: Jobs, studio: Studio) -> None:
        """Raises OptionError, StorageError."""
        super().__init__(name="diffbgm-dispatcher", daemon=True)
        self.metrics = Metrics()
        self._jobs = jobs
        self._silent_seconds = studio.silent_seconds
        self._members = Members(store.database)
        messages = Messages(studio.queue)
        self._watch = Watch(jobs.table, messages, studio.silent_seconds, studio.attempts)
        jobs.announce = messages.send

    @property
    def is_ready(self) -> bool:
        """Whether a job that was sent now would be done: a worker is there."""
        return self.description is not None

    @property
    def description(self) -> Description | None:
        """What one of the workers composes with; None also where the database is away."""
        try:
            return next(iter(self._members.able(self._silent_seconds)), None)
        except OperationalError as error:
            logger.error("workers cannot be asked for: %s", error)
            return None

    def stop(self) -> None:
        self._jobs.stop()
        self._watch.stop()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        self._watch.start()
        before: object = None
        while not self._jobs.is_stopping:
            try:
                now = self._state()
            except Exception as error:  # The database is away; it is asked again.
                logger.error("the queue cannot be read: %s", error)
            else:
                if now != before:
                    self._jobs.nudge()
                before = now
            self._jobs.wait_for_change(self._jobs.version, _LOOK_SECONDS)

    def _state(self) -> object:
        runs = [(run.token, run.heard, run.stage, run.fraction) for run in self._jobs.table.runs()]
        return runs, list(self._jobs.table.queued())
