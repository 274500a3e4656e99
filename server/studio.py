"""What stands behind the routes: store, queue and worker, with one beginning and one end."""

from server.composer import Composer
from server.config import Config
from server.jobs import Jobs
from server.store import Store
from server.worker import Worker


class Studio:
    """A context manager: inside, the store is ours and jobs run."""

    def __init__(self, config: Config, composer: Composer) -> None:
        self.config = config
        self.composer = composer
        self.store = Store(config.store)
        self.jobs = Jobs(self.store)
        self.worker = Worker(self.store, self.jobs, composer, config.idle_seconds)

    def __enter__(self) -> "Studio":
        """Raises StoreInUseError, StorageError."""
        self.store.open(self.config.attempts)
        self.worker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.jobs.stop()
        self.worker.join()
        self.store.close()
