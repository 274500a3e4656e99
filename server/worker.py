"""The one thread that works the queue off. Knows what a job means to a composer; no HTTP."""

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy.exc import OperationalError

from diffbgm.errors import DiffBGMError

from .composer import Composer, Description
from .jobs import Jobs
from .schema import ComposeRequest, TakeRequest
from .store import Store
from .tables import Composition, Job
from .timelines import resolve

logger = logging.getLogger(__name__)

Outcome = TypeVar("Outcome")

_RETRY_SECONDS = 2.0


class Worker(threading.Thread):
    """Runs jobs one after the other; an error ends its job, never the thread.

    `description` is what the composer said of itself once it was loaded, None before.
    """

    def __init__(self, store: Store, jobs: Jobs, composer: Composer, idle_seconds: float) -> None:
        super().__init__(name="diffbgm-worker", daemon=True)
        self._store = store
        self._jobs = jobs
        self._composer = composer
        self._idle_seconds = idle_seconds
        self.description: Description | None = None

    def run(self) -> None:
        try:
            self._warm_up()
            while not self._jobs.is_stopping:
                job = self._insist(lambda: self._jobs.take(self._idle_seconds))
                if job is None:
                    self._composer.unload()
                else:
                    error = self._do(job)
                    self._insist(lambda error=error: self._jobs.finish(error))
        finally:
            self._composer.unload()

    def _insist(self, write: Callable[[], Outcome]) -> Outcome | None:
        """Tries again while the store cannot be written, as on a full disc; None when stopping."""
        while True:
            try:
                return write()
            except OperationalError as error:
                logger.error("the store cannot be written: %s", error.orig)
            if self._jobs.is_stopping:
                return None
            time.sleep(_RETRY_SECONDS)

    def _warm_up(self) -> None:
        """Loads the network now, so that the first composition need not wait for it."""
        try:
            self.description = self._composer.describe(self._jobs.report)
        except DiffBGMError as error:
            logger.warning("the composer could not be loaded: %s", error)

    def _do(self, job: Job) -> DiffBGMError | None:
        """Does the job; the error that ended it, with names that the client knows."""
        composition = self._store.composition(job.composition_id)
        if composition is None:
            return None
        logger.info("job %d: %s of %s", job.id, job.kind, composition.id)
        work = self._store.work / f"job-{job.id}"
        source = self._source(composition, work)
        try:
            self._call(job, composition, source)
        except DiffBGMError as error:
            logger.info("job %d ended: %s: %s", job.id, error.code, error)
            return self._in_words_of_the_client(error, composition, source)
        except Exception as error:
            logger.exception("job %d failed", job.id)
            return DiffBGMError(f"The job failed: {type(error).__name__}: {error}")
        finally:
            shutil.rmtree(work, ignore_errors=True)
            self._store.sweep_unfinished(composition.id)
        return None

    def _call(self, job: Job, composition: Composition, source: Path) -> None:
        folder, arguments = self._store.folder(composition.id), job.arguments
        report = self._jobs.report
        if job.kind == "compose":
            self._write_timeline(composition, source)
            self._composer.compose(
                source, folder, ComposeRequest(**composition.request).options.to_library(), report
            )
        elif job.kind == "take":
            options = TakeRequest(**arguments["options"]).to_library()
            self._composer.recompose(folder, arguments["shot"], options, report)
        else:
            self._composer.select_take(folder, arguments["shot"], arguments["take"], report)

    def _source(self, composition: Composition, work: Path) -> Path:
        if "timeline" in composition.request:
            return work / "timeline.otio"
        return self._store.media_path(composition.media[0])

    def _write_timeline(self, composition: Composition, source: Path) -> None:
        """Writes the edit that was sent, if it was one, out for the library to read."""
        if "timeline" in composition.request:
            paths = {media.id: str(self._store.media_path(media)) for media in composition.media}
            source.parent.mkdir(exist_ok=True)
            source.write_text(json.dumps(resolve(composition.request["timeline"], paths)))

    def _in_words_of_the_client(
        self, error: DiffBGMError, composition: Composition, source: Path
    ) -> DiffBGMError:
        """The same error without paths of the store, which mean nothing to who asked."""
        message = str(error).replace(str(source), composition.title)
        for media in composition.media:
            message = message.replace(str(self._store.media_path(media)), media.name)
        error.args = (message.replace(f"{self._store.root}/", ""),)
        return error
