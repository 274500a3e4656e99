"""What goes by itself: films that nobody composed, and compositions that are old or too many."""

import logging
import threading
from datetime import UTC, datetime, timedelta

from .config import Retention
from .jobs import Jobs
from .store import Store
from .tables import Composition

logger = logging.getLogger(__name__)

_EVERY_SECONDS = 3600.0
_ALL = 1_000_000


class Keeper(threading.Thread):
    """Looks through the store now and then, until the queue stops."""

    def __init__(self, store: Store, jobs: Jobs, retention: Retention) -> None:
        super().__init__(name="diffbgm-retention", daemon=True)
        self._store = store
        self._jobs = jobs
        self._retention = retention
        self._ends = threading.Event()

    def run(self) -> None:
        while not self._ends.is_set():
            try:
                self.tidy(datetime.now(UTC))
            except Exception:
                logger.exception("the store could not be tidied; it is tried again later")
            self._ends.wait(_EVERY_SECONDS)

    def stop(self) -> None:
        self._ends.set()
        self.join()

    def tidy(self, now: datetime) -> None:
        """Removes what has had its time; nothing that is queued or running."""
        finished = [one for one in self._store.compositions(_ALL) if _is_finished(one)]
        for composition in self._outlived(finished, now):
            self._jobs.delete(composition.id)
            logger.info("composition %s has had its time", composition.id)
        if self._retention.unused_media_days is not None:
            for media in self._store.unused_media(
                now - timedelta(days=self._retention.unused_media_days)
            ):
                self._store.remove_media(media.id)
                logger.info("nobody composed the film %s", media.id)

    def _outlived(self, finished: list[Composition], now: datetime) -> list[Composition]:
        """Too old, or, from the oldest on, too much; `finished` is newest first."""
        days, most = self._retention.composition_days, self._retention.most_bytes
        usage = self._store.usage()
        size, gone = usage.media + usage.compositions, []
        for composition in reversed(finished):
            age = now - composition.created.replace(tzinfo=UTC)
            is_old = days is not None and age > timedelta(days=days)
            if is_old or (most is not None and size > most):
                gone.append(composition)
                size -= composition.size + sum(media.size for media in composition.media)
        return gone


def _is_finished(composition: Composition) -> bool:
    return composition.current_job.state not in ("queued", "running")
