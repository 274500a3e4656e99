"""The one thread of a server by itself that works the queue off."""

import logging
import threading
import time

from diffbgm.errors import CancelledError, DiffBGMError

from .composer import Composer, Description
from .jobs import Jobs
from .metrics import Metrics
from .runner import Runner
from .store import Store

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0
_HEARD_SECONDS = 0.1  # The database is this process's own: a person who cancels need not wait.


class Worker(threading.Thread):
    """Runs jobs one after the other; an error ends its job, never the thread.

    `description` is what the composer reports once it is loaded, None before.
    """

    def __init__(self, store: Store, jobs: Jobs, composer: Composer, idle_seconds: float) -> None:
        super().__init__(name="diffbgm-worker", daemon=True)
        self._jobs = jobs
        self._composer = composer
        self._idle_seconds = idle_seconds
        self._trouble: str | None = None
        self.metrics = Metrics()
        self.description: Description | None = None
        self._runner = Runner(
            store, composer, self.metrics, jobs.nudge, heard_seconds=_HEARD_SECONDS
        )

    @property
    def is_ready(self) -> bool:
        """Whether a job that was sent now would be done: nothing in the way when last tried."""
        return self.is_alive() and self._trouble is None

    def stop(self) -> None:
        """Comes to an end; a job in hand is queued again."""
        self._runner.is_stopping.set()
        self._jobs.stop()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Works until it is to stop. Whatever goes wrong, it goes on, and the log says so."""
        while not self._jobs.is_stopping:
            try:
                self._work()
            except BaseException as error:  # Also SystemExit, which would end the thread silently.
                self._trouble = f"{type(error).__name__}: {error}"
                logger.error("the worker starts again after an error", exc_info=error)
                if not self._jobs.is_stopping:
                    time.sleep(_RETRY_SECONDS)
        self._composer.unload()

    def _work(self) -> None:
        self._warm_up()
        while not self._jobs.is_stopping:
            if not self._jobs.wait_for_work(self._idle_seconds):
                self._composer.unload()
            elif self._runner.do_next() and self.description is not None:
                self._trouble = None
            if self.description is None:
                self._warm_up()

    def _warm_up(self) -> None:
        """Loads the network now, so that the first composition need not wait for it."""
        try:
            self.description = self._composer.describe(self._report)
            self._trouble = None
        except CancelledError:  # The server ends.
            return
        except DiffBGMError as error:
            self._trouble = str(error)
            logger.warning("the composer could not be loaded: %s", error)

    def _report(self, stage: str, fraction: float) -> None:
        if self._jobs.is_stopping:
            raise CancelledError("The server is stopping.")
