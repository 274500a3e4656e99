"""One thread that tells all watchers their news, however many they are. Knows no HTTP."""

import logging
import threading
import time
from typing import Protocol

from .jobs import Jobs

logger = logging.getLogger(__name__)

# How often a watcher gets progress at most, and how often one is looked after at least.
_SHORTEST_SECONDS = 0.05
_LONGEST_SECONDS = 0.5


class Watcher(Protocol):
    """`tell_news` never waits for the client; it is false when that was the last."""

    def tell_news(self) -> bool: ...

    def end(self) -> None: ...


class Pump(threading.Thread):
    """Runs until the queue stops."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(name="diffbgm-events", daemon=True)
        self._jobs = jobs
        self._lock = threading.Lock()
        self._watchers: list[Watcher] = []

    def add(self, watcher: Watcher) -> None:
        with self._lock:
            self._watchers.append(watcher)
        self._jobs.nudge()

    def run(self) -> None:
        while not self._jobs.is_stopping:
            version = self._jobs.version
            with self._lock:
                watchers = list(self._watchers)
            over = {id(watcher) for watcher in watchers if not self._tell(watcher)}
            with self._lock:
                self._watchers = [one for one in self._watchers if id(one) not in over]
            time.sleep(_SHORTEST_SECONDS)
            self._jobs.wait_for_change(version, _LONGEST_SECONDS)
        for watcher in self._watchers:
            watcher.end()

    def _tell(self, watcher: Watcher) -> bool:
        try:
            return watcher.tell_news()
        except Exception:
            logger.exception("a stream of events ended by an error")
            watcher.end()
            return False
