"""`diffbgm worker`: takes jobs of a studio, one after the other, until it is asked to end."""

import logging
import os
import secrets
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from prometheus_client import start_http_server

from diffbgm.errors import CancelledError, DiffBGMError

from .. import logs
from ..composer import Composer, Description, LibraryComposer
from ..config import Studio
from ..isolation import IsolatedComposer
from ..job_table import JobTable
from ..metrics import Metrics
from ..runner import Runner
from ..store import Store
from .members import Members
from .opening import shared_store
from .queue import Messages, Watch

logger = logging.getLogger(__name__)

# So long a job goes on while the database is away; its result counts if nobody else took the job.
_PATIENCE_SECONDS = 120.0


def run(
    studio: Studio,
    *,
    device: str = "auto",
    checkpoint: Path | None = None,
    soundfont: Path | None = None,
    metrics_port: int | None = None,
) -> None:
    """Works until SIGTERM or Ctrl+C. Raises OptionError, StorageError."""
    logs.configure()
    composer = IsolatedComposer(LibraryComposer(device, checkpoint, soundfont))
    work_for(studio, composer, metrics_port=metrics_port)


def work_for(
    studio: Studio,
    composer: Composer,
    *,
    metrics_port: int | None = None,
    on_ready: Callable[[], None] = lambda: None,
) -> None:
    """As `run`, with a composer of the caller's. What it works on lies in a temporary folder."""
    os.umask(0o077)
    with (
        tempfile.TemporaryDirectory(prefix="diffbgm-worker-") as folder,
        shared_store(studio, Path(folder)) as store,
    ):
        worker = _Worker(studio, store, composer)
        if metrics_port is not None:
            start_http_server(metrics_port, registry=worker.metrics.registry)
        signal.signal(signal.SIGTERM, lambda *_: worker.ends.set())
        signal.signal(signal.SIGINT, lambda *_: worker.ends.set())
        worker.work(on_ready)


class _Worker:
    def __init__(self, studio: Studio, store: Store, composer: Composer) -> None:
        self.metrics = Metrics()
        self.ends = threading.Event()
        self._studio = studio
        self._composer = composer
        self._runner = Runner(store, composer, self.metrics, patience=_PATIENCE_SECONDS)
        self._messages = Messages(studio.queue, self._do_all)
        self._watch = Watch(
            JobTable(store.database), self._messages, studio.silent_seconds, studio.attempts
        )
        self._members = Members(store.database)
        self._name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._turn = threading.Lock()  # The composer is called from one thread at a time.
        self._done = time.monotonic()
        self._description: Description | None = None

    def work(self, on_ready: Callable[[], None]) -> None:
        """Until `ends` is set; a job in hand is queued again."""
        self._description = self._load()
        consumer = self._messages.consumer()
        self._be_heard()
        consumer.start()
        self._watch.start()
        on_ready()
        logger.info("worker %s takes jobs", self._name)
        while not self.ends.wait(self._studio.silent_seconds / 4):
            self._be_heard()
            self._unload_if_idle()
        self._runner.is_stopping.set()
        self._watch.stop()
        consumer.stop(timeout=60_000)
        self._composer.unload()
        self._members.forget(self._name)

    def _do_all(self) -> None:
        """All that wait: where there are more messages than jobs, or fewer, none waits for long."""
        with self._turn:
            while self._runner.do_next():
                self._done = time.monotonic()

    def _load(self) -> Description | None:
        """Loads the network, so that the first job need not wait for it; None where it fails."""
        try:
            return self._composer.describe(self._stop_if_asked)
        except CancelledError:
            return None
        except DiffBGMError as error:
            logger.error("this worker cannot compose, and ends: %s", error)
            raise

    def _stop_if_asked(self, stage: str, fraction: float) -> None:
        if self.ends.is_set():
            raise CancelledError("The worker is stopping.")

    def _be_heard(self) -> None:
        try:
            self._members.tell(self._name, self._description)
        except Exception as error:  # The database is away; it is told again.
            logger.error("the database does not answer: %s", error)

    def _unload_if_idle(self) -> None:
        is_idle = time.monotonic() - self._done > self._studio.idle_seconds
        if is_idle and self._turn.acquire(blocking=False):
            try:
                self._composer.unload()
            finally:
                self._turn.release()
