"""What stands behind the routes: store, queue and worker, with one beginning and one end."""

from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING

from .composer import Composer
from .config import Config
from .jobs import Jobs
from .previews import Previews
from .questions import Edits
from .retention import Keeper
from .store import Store, store_in
from .worker import Worker

if TYPE_CHECKING:
    from .studio.dispatcher import Dispatcher


class Services:
    """A context manager: inside, the store is ours and jobs run."""

    def __init__(self, config: Config, composer: Composer) -> None:
        self.config = config
        self.composer = composer
        self._stack = ExitStack()

    def __enter__(self) -> "Services":
        """Raises StoreInUseError, StorageError."""
        config = self.config
        with ExitStack() as stack:
            self.store = stack.enter_context(self._open_store())
            self.jobs = Jobs(self.store, config.limits.queued_jobs)
            self.worker = self._worker()
            self.metrics = self.worker.metrics
            self.edits = Edits()
            self.previews = Previews()
            keeper = Keeper(self.store, self.jobs, config.retention)
            for thread in (self.worker, self.previews, keeper):
                thread.start()
                stack.callback(thread.stop)
            stack.callback(self.jobs.stop)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open_store(self) -> AbstractContextManager[Store]:
        config = self.config
        if config.studio is None:
            return store_in(config.store, config.attempts)
        from .studio.opening import shared_store

        return shared_store(config.studio, config.store)

    def _worker(self) -> "Worker | Dispatcher":
        """Who works the queue off: a thread of ours, or whoever is told by a dispatcher."""
        config = self.config
        if config.studio is None:
            return Worker(self.store, self.jobs, self.composer, config.idle_seconds)
        from .studio.dispatcher import Dispatcher

        return Dispatcher(self.store, self.jobs, config.studio)
