"""Does a job: takes the next one, composes at a desk, publishes, and writes down how it ended.

The same for the thread of a server by itself and for a studio's worker. Knows what a job means to a
composer; no HTTP.
"""

import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from diffbgm.errors import CancelledError, DiffBGMError
from diffbgm.options import RefitOptions
from diffbgm.progress import Progress

from . import logs
from .composer import Composer
from .isolation import Isolated
from .job_table import Claim, JobLostError, JobTable, ServerStoppingError
from .metrics import Metrics
from .schema import ComposeRequest, TakeRequest
from .sketches import Sketch
from .sources import in_words_of_the_client, write_source
from .store import Store
from .store_folder import size_of

logger = logging.getLogger(__name__)

# Reports closer together than this are one to those who watch.
_PROGRESS_STEP = 0.002
_RETRY_SECONDS = 2.0


@dataclass
class Runner:
    """One job after the other, in one thread; an error ends its job and is returned.

    `changed` is called with all that who watches should see. A database that does not answer is
    waited for, `patience` seconds in the middle of a job: after so long another one may have it.
    Every `heard_seconds` the holder of a job is heard, and hears whether it is to stop.
    """

    store: Store
    composer: Composer
    metrics: Metrics
    changed: Callable[[], None] = lambda: None
    patience: float = float("inf")
    heard_seconds: float = 0.5
    is_stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._table = JobTable(self.store.database)
        self._report: _Report | None = None
        if isinstance(self.composer, Isolated):
            self.composer.on_sketch = self._show

    def do_next(self) -> bool:
        """Does the job that is next, if there is one."""
        claim = None if self.is_stopping.is_set() else self._table.claim()
        if claim is None:
            return False
        self.changed()
        try:
            self._do(claim)
        finally:
            self._report = None
            self.changed()
        return True

    def _do(self, claim: Claim) -> None:
        """Does the job and times it; whatever goes wrong, its end is written down."""
        self._report = _Report(self, self._table, claim)
        watch = self.metrics.watch(claim.job.kind, self._report)
        work = self.store.work / f"job-{claim.token}"
        with logs.about(composition=claim.composition.id, job=claim.job.id):
            try:
                with self._report.kept_up():
                    desk = self.store.artifacts.desk(claim.composition, work)
                error = self._try(claim, desk, work, watch.report)
                with self._report.kept_up():
                    result = self._result(claim, desk, error)
                    shutil.rmtree(work, ignore_errors=True)
                    self._end(claim, error, result)
            except BaseException as fault:  # Also SystemExit: the job is not to stay in hand.
                logger.exception("job %d could not be ended as it should", claim.job.id)
                shutil.rmtree(work, ignore_errors=True)
                error = DiffBGMError(f"The job failed: {type(fault).__name__}: {fault}")
                self._write_end(claim, error)
        watch.end(error.code if error else "done")

    def _try(self, claim: Claim, desk: Path, work: Path, report: Progress) -> DiffBGMError | None:
        """The error that ended it, with names that the client knows."""
        job, composition = claim.job, claim.composition
        logger.info("job %d: %s of %s", job.id, job.kind, composition.id)
        try:
            self._compose(claim, desk, work, report)
        except DiffBGMError as error:
            logger.info("job %d ended: %s: %s", job.id, error.code, error)
            told = in_words_of_the_client(
                str(error), composition.title, composition.media, self.store, work
            )
            error.args = (told,)
            return error
        except Exception as error:
            logger.exception("job %d failed", job.id)
            return DiffBGMError(f"The job failed: {type(error).__name__}: {error}")
        return None

    def _compose(self, claim: Claim, desk: Path, work: Path, report: Progress) -> None:
        job, composition, composer = claim.job, claim.composition, self.composer
        arguments = job.arguments
        if job.kind == "take":
            options = TakeRequest(**arguments["options"]).to_library()
            composer.recompose(desk, arguments["shot"], options, report)
        elif job.kind == "select":
            composer.select_take(desk, arguments["shot"], arguments["take"], report)
        else:
            request = ComposeRequest(**self.store.request(composition.id))
            source = write_source(request, composition.media, self.store, work)
            if job.kind == "compose":
                composer.compose(source, desk, request.options.to_library(), report)
            else:
                old, options = self.store.folder(arguments["of"]), RefitOptions(arguments["seed"])
                composer.refit(source, old, desk, options, report)

    def _result(self, claim: Claim, desk: Path, error: DiffBGMError | None) -> dict[str, Any]:
        """What was made, published; nothing, and what is left is cleared, after an error."""
        artifacts, composition = self.store.artifacts, claim.composition
        if error is not None:
            artifacts.settle(composition.id, composition.version)
            return {}
        version = artifacts.publish(composition.id, desk, f"{claim.job.id}-{claim.token}")
        return {"size": size_of(desk), "version": version}

    def _end(self, claim: Claim, error: DiffBGMError | None, result: dict[str, Any]) -> None:
        """Makes a result count; one of a job that was lost is taken back, and of a composition that
        was deleted nothing stays."""
        artifacts, composition = self.store.artifacts, claim.composition
        counts = self._write_end(claim, error, **result)
        if counts is False and self.store.composition(composition.id) is None:
            artifacts.forget_results(composition.id)
        elif counts is False and result:
            artifacts.retract(composition.id, result["version"])
        elif counts and result:
            artifacts.settle(composition.id, result["version"])

    def _write_end(self, claim: Claim, error: DiffBGMError | None, **result: Any) -> bool | None:
        """Writes the end down, as often as it takes, as on a full disc.

        False where the job was lost, None where it could not be written before all is to stop.
        """
        while True:
            try:
                is_ours = self._table.end(claim, error, **result)
            except OperationalError as fault:
                logger.error("the end of job %d cannot be written yet: %s", claim.job.id, fault)
            else:
                if not is_ours:
                    logger.warning("job %d was lost: its result does not count", claim.job.id)
                return is_ours
            if self.is_stopping.wait(_RETRY_SECONDS):
                return None

    def _show(self, sketch: Sketch) -> None:
        """Notes how the music of the job in hand looks by now. Whether it is to stop, its next
        report finds out, which the composer hears."""
        if self._report is not None:
            with suppress(CancelledError):
                self._report.tell(sketch=sketch.model_dump())


class _Report:
    """Progress of one job, written to its row; raises CancelledError if the job is to stop."""

    def __init__(self, runner: Runner, table: JobTable, claim: Claim) -> None:
        self._runner = runner
        self._table = table
        self._claim = claim
        self._stage, self._fraction = "", 0.0
        self._told = self._heard = time.monotonic()

    def __call__(self, stage: str, fraction: float) -> None:
        if self._runner.is_stopping.is_set():
            raise ServerStoppingError("The server is stopping.")
        fraction = min(max(fraction, self._fraction), 1.0)
        is_news = stage != self._stage or fraction - self._fraction >= _PROGRESS_STEP
        if is_news:
            self._stage, self._fraction = stage, fraction
            self.tell(stage=stage, fraction=fraction)
        elif time.monotonic() - self._told > self._runner.heard_seconds:
            self.tell()

    def tell(self, **news: Any) -> None:
        self._told = time.monotonic()
        try:
            self._table.renew(self._claim, **news)
        except OperationalError as error:
            logger.error("the database does not answer: %s", error)
            if time.monotonic() - self._heard > self._runner.patience:
                raise JobLostError("The database was away for too long.") from error
        else:
            self._heard = time.monotonic()
            if news:
                self._runner.changed()

    @contextmanager
    def kept_up(self) -> Iterator[None]:
        """Inside, where nothing is reported, the holder is heard all the same."""
        is_over = threading.Event()

        def beat() -> None:
            while not is_over.wait(self._runner.heard_seconds):
                with suppress(CancelledError):  # It is noticed at the end.
                    self.tell()

        thread = threading.Thread(target=beat, name="diffbgm-heard", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
