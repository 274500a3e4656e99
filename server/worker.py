"""The one thread that works the queue off. Knows what a job means to a composer; no HTTP."""

import logging
import shutil
import threading
import time
from pathlib import Path

from sqlalchemy.exc import OperationalError

from diffbgm.errors import CancelledError, DiffBGMError
from diffbgm.options import RefitOptions
from diffbgm.progress import Progress

from . import logs
from .composer import Composer, Description
from .jobs import Jobs
from .metrics import Metrics
from .schema import ComposeRequest, TakeRequest
from .sources import in_words_of_the_client, write_source
from .store import Store
from .tables import Composition, Job

logger = logging.getLogger(__name__)

_RETRY_SECONDS = 2.0


class Worker(threading.Thread):
    """Runs jobs one after the other; an error ends its job, never the thread.

    `description` is what the composer reports once it is loaded, None before.
    """

    def __init__(self, store: Store, jobs: Jobs, composer: Composer, idle_seconds: float) -> None:
        super().__init__(name="diffbgm-worker", daemon=True)
        self._store = store
        self._jobs = jobs
        self._composer = composer
        self._idle_seconds = idle_seconds
        self._trouble: str | None = None
        self.metrics = Metrics()
        self.description: Description | None = None

    @property
    def is_ready(self) -> bool:
        """Whether a job that was sent now would be done: nothing in the way when last tried."""
        return self.is_alive() and self._trouble is None

    def run(self) -> None:
        """Works until the queue stops. Whatever goes wrong, it goes on, and the log says so."""
        while not self._jobs.is_stopping:
            try:
                self._work()
            except BaseException as error:  # Also SystemExit, which would end the thread silently.
                self._note(error)
                self._pause()
        self._composer.unload()

    def _work(self) -> None:
        if self._jobs.running() is not None:  # What an error outside of the job left in hand.
            self._jobs.finish(
                DiffBGMError("The server failed in the middle of the job; try again.")
            )
        self._warm_up()
        while not self._jobs.is_stopping:
            taken = self._jobs.take(self._idle_seconds)
            if taken is None:
                self._composer.unload()
                continue
            self._finish(self._do(*taken))
            if self.description is None:
                self._warm_up()

    def _finish(self, error: DiffBGMError | None) -> None:
        """Writes the job's end down, as often as it takes, as on a full disc."""
        while True:
            try:
                self._jobs.finish(error)
            except OperationalError as fault:
                self._note(fault)
            else:
                if self.description is not None:
                    self._trouble = None
                return
            if self._jobs.is_stopping:
                return
            self._pause()

    def _note(self, error: BaseException) -> None:
        self._trouble = f"{type(error).__name__}: {error}"
        logger.error("the worker starts again after an error", exc_info=error)

    def _pause(self) -> None:
        if not self._jobs.is_stopping:
            time.sleep(_RETRY_SECONDS)

    def _warm_up(self) -> None:
        """Loads the network now, so that the first composition need not wait for it."""
        try:
            self.description = self._composer.describe(self._jobs.report)
            self._trouble = None
        except CancelledError:  # The server ends.
            return
        except DiffBGMError as error:
            self._trouble = str(error)
            logger.warning("the composer could not be loaded: %s", error)

    def _do(self, job: Job, composition: Composition) -> DiffBGMError | None:
        """Does the job and times it; the error that ended it, with names that the client knows."""
        watch = self.metrics.watch(job.kind, self._jobs.report)
        with logs.about(composition=composition.id, job=job.id):
            error = self._try(job, composition, watch.report)
        watch.end(error.code if error else "done")
        return error

    def _try(self, job: Job, composition: Composition, report: Progress) -> DiffBGMError | None:
        logger.info("job %d: %s of %s", job.id, job.kind, composition.id)
        work = self._store.work / f"job-{job.id}"
        try:
            self._call(job, composition, work, report)
        except DiffBGMError as error:
            logger.info("job %d ended: %s: %s", job.id, error.code, error)
            told = in_words_of_the_client(
                str(error), composition.title, composition.media, self._store, work
            )
            error.args = (told,)
            return error
        except Exception as error:
            logger.exception("job %d failed", job.id)
            return DiffBGMError(f"The job failed: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(work, ignore_errors=True)
            self._store.sweep_unfinished(composition.id)
        return None

    def _call(self, job: Job, composition: Composition, work: Path, report: Progress) -> None:
        folder, arguments = self._store.folder(composition.id), job.arguments
        if job.kind == "compose":
            request = ComposeRequest(**self._store.request(composition.id))
            source = write_source(request, composition.media, self._store, work)
            self._composer.compose(source, folder, request.options.to_library(), report)
        elif job.kind == "refit":
            request = ComposeRequest(**self._store.request(composition.id))
            source = write_source(request, composition.media, self._store, work)
            old = self._store.folder(arguments["of"])
            self._composer.refit(source, old, folder, RefitOptions(arguments["seed"]), report)
        elif job.kind == "take":
            options = TakeRequest(**arguments["options"]).to_library()
            self._composer.recompose(folder, arguments["shot"], options, report)
        else:
            self._composer.select_take(folder, arguments["shot"], arguments["take"], report)
