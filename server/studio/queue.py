"""Messages in Redis by which a studio's workers hear that there is work. Knows no job.

A message names no job: whoever gets it takes the one that is next in the database. Messages may be
lost with Redis, or come twice; `Watch` sends as many as are lacking.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError

from diffbgm.errors import OptionError, StorageError

from ..job_table import JobTable

logger = logging.getLogger(__name__)

_QUEUE = "diffbgm"
_IDLE_MILLISECONDS = 200  # between two looks into an empty queue
_TROUBLE = (redis.RedisError, BrokerConnectionError, OSError)


class Messages:
    """The queue at `redis://HOST:PORT/NUMBER`. `work` is done for each message."""

    def __init__(self, url: str, work: Callable[[], object] = lambda: None) -> None:
        """Raises OptionError, StorageError."""
        try:
            self._broker = RedisBroker(url=url, middleware=[])
            self._broker.client.ping()
        except ValueError as error:
            raise OptionError(f"The queue must be named as redis://HOST:PORT ({error}).") from error
        except _TROUBLE as error:
            raise StorageError(f"The queue does not answer: {error}.") from error
        self._actor: Any = dramatiq.Actor(
            lambda: work() and None,
            broker=self._broker,
            actor_name="work",
            queue_name=_QUEUE,
            priority=0,
            options={},
        )

    def send(self, count: int = 1) -> None:
        """Tells workers that there is work. Where Redis is away, the log says so."""
        try:
            for _ in range(count):
                self._actor.send()
        except _TROUBLE as error:
            logger.error("workers cannot be told now, and will be later: %s", error)

    def waiting(self) -> int | None:
        """How many messages nobody has; None where Redis is away."""
        try:
            return int(self._broker.client.llen(f"{self._broker.namespace}:{_QUEUE}"))  # type: ignore[arg-type]
        except _TROUBLE:
            return None

    def consumer(self) -> dramatiq.Worker:
        """What calls `work` for each message once it is started, in one thread of its own."""
        worker = dramatiq.Worker(
            self._broker, queues={_QUEUE}, worker_threads=1, worker_timeout=_IDLE_MILLISECONDS
        )
        worker.queue_prefetch = 1  # Who has a job in hand leaves the next one to others.
        return worker


class Watch(threading.Thread):
    """Takes jobs back from who was not heard for so long, and sees that all that wait are told of.

    Any number of these may run, on any machine.
    """

    def __init__(
        self, table: JobTable, messages: Messages, silent_seconds: float, attempts: int
    ) -> None:
        super().__init__(name="diffbgm-watch", daemon=True)
        self._table = table
        self._messages = messages
        self._silent_seconds = silent_seconds
        self._attempts = attempts
        self._ends = threading.Event()

    def run(self) -> None:
        while not self._ends.wait(self._silent_seconds / 4):
            try:
                self.look()
            except Exception as error:
                logger.error("the queue could not be looked after: %s", error)
                # The database is away. Once it is back, all who work get time to be heard again.
                self._ends.wait(self._silent_seconds)

    def look(self) -> None:
        """Once."""
        if taken := self._table.take_back(self._silent_seconds, self._attempts):
            logger.warning("%d jobs were taken back from workers that are silent", taken)
        waiting = self._messages.waiting()
        if waiting is not None:
            self._messages.send(max(0, len(self._table.queued()) - waiting))

    def stop(self) -> None:
        self._ends.set()
        if self.is_alive():
            self.join()
