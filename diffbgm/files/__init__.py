"""Files that are whole or not there, and folders of them. Knows nothing of what is in them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from diffbgm.errors import StorageError


def as_path(name: str, value: str | Path) -> Path:
    """The path that the argument `name` holds; TypeError, a caller's bug, if it holds none."""
    if not isinstance(value, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path (str or Path), not {type(value).__name__}")
    return Path(value)


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


def check_folder(folder: Path) -> None:
    """StorageError where `folder` cannot be written to, or made: before anything slow is done."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise StorageError(f"{place}: is a file; name a folder to write to")
    if not os.access(place, os.W_OK):
        raise StorageError(f"{place}: cannot be written (no permission); name another folder")
