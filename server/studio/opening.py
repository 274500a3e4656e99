"""A store whose rows and files a studio shares; what is this machine's own lies in `root`."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..config import Studio
from ..store import Store
from ..store_folder import StoreFolder
from .artifacts import Shared
from .database import open_shared


@contextmanager
def shared_store(studio: Studio, root: Path) -> Iterator[Store]:
    """`root` is ours inside; it keeps the token and copies. Raises StoreInUseError, StorageError,
    OptionError."""
    place = StoreFolder(root)
    token = place.take()
    try:
        for left in place.work.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        artifacts = Shared(studio.artifacts or str(place.root / "artifacts"), place.work / "copies")
        with closing(open_shared(studio.database, place)) as database:
            yield Store(place, token, database, artifacts)
    finally:
        place.release()
