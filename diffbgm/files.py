"""Files that are whole or not there. Knows nothing of what is in them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diffbgm.errors import StorageError


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it takes the place of `path` when the block ends well.

    It keeps the suffix of `path`. Whatever goes wrong, `path` stays as it was and nothing is left
    beside it. StorageError for every OSError inside the block (no space, no permission).
    """
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        unfinished.replace(path)
    except OSError as exc:
        reason = exc.strerror or str(exc)
        raise StorageError(f"{path}: cannot be written ({reason}); nothing was changed") from exc
    finally:
        unfinished.unlink(missing_ok=True)
