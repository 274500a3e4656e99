"""What stands behind the routes: store, queue and worker, with one beginning and one end."""

from .composer import Composer
from .config import Config
from .jobs import Jobs
from .store import Store
from .worker import Worker


class Services:
    """A context manager: inside, the store is ours and jobs run."""

    def __init__(self, config: Config, composer: Composer) -> None:
        self.config = config
        self.composer = composer
        self.store = Store(config.store)
        self.jobs = Jobs(self.store)
        self.worker = Worker(self.store, self.jobs, composer, config.idle_seconds)

    def __enter__(self) -> "Services":
        """Raises StoreInUseError, StorageError."""
        self.store.open(self.config.attempts)
        self.worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.jobs.stop()
        self.worker.join()
        self.store.close()
