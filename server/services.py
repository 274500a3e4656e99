"""What stands behind the routes: store, queue and worker, with one beginning and one end."""

from .composer import Composer
from .config import Config
from .isolation import Isolated
from .jobs import Jobs
from .previews import Previews
from .questions import Edits
from .retention import Keeper
from .store import Store
from .worker import Worker


class Services:
    """A context manager: inside, the store is ours and jobs run."""

    def __init__(self, config: Config, composer: Composer) -> None:
        self.config = config
        self.composer = composer
        self.store = Store(config.store)
        self.jobs = Jobs(self.store, config.limits.queued_jobs)
        if isinstance(composer, Isolated):
            composer.on_sketch = self.jobs.show
        self.worker = Worker(self.store, self.jobs, composer, config.idle_seconds)
        self.edits = Edits()
        self.previews = Previews()
        self.metrics = self.worker.metrics
        self._keeper = Keeper(self.store, self.jobs, config.retention)

    def __enter__(self) -> "Services":
        """Raises StoreInUseError, StorageError."""
        self.store.open(self.config.attempts)
        self.worker.start()
        self.previews.start()
        self._keeper.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.jobs.stop()
        self._keeper.stop()
        self.previews.stop()
        self.worker.join()
        self.store.close()
