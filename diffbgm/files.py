"""Files that are whole or not there. Knows nothing of what is in them."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
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


@contextmanager
def publishing(folder: Path, own: Callable[[], Iterable[str]]) -> Iterator[Path]:
    """A folder to write to, whose entries take their places in `folder` when the block ends well.

    Whatever goes wrong in the block, `folder` stays as it was and nothing is left beside it.
    `own` names the entries of an earlier result, which go if they are not written again; other
    files in `folder` are left alone. StorageError for every OSError inside the block.
    """
    folder = folder.absolute()
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        check_folder(folder)
        unfinished.mkdir(parents=True)
        yield unfinished
        _publish(unfinished, folder, set(own()))
    except OSError as exc:
        reason = exc.strerror or str(exc)
        place = exc.filename or folder
        raise StorageError(f"{place}: cannot be written ({reason}); nothing was changed") from exc
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def check_folder(folder: Path) -> None:
    """StorageError where `folder` cannot be written to, or made: before anything slow is done."""
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not place.is_dir():
        raise StorageError(f"{place}: is a file; name a folder to write to")
    if not os.access(place, os.W_OK):
        raise StorageError(f"{place}: cannot be written (no permission); name another folder")


def _publish(unfinished: Path, folder: Path, gone: set[str]) -> None:
    """Exchange entry by entry, each by renaming; what is replaced goes with `unfinished`."""
    folder.mkdir(exist_ok=True)
    entries = [path.name for path in unfinished.iterdir()]
    replaced = unfinished / "replaced"
    replaced.mkdir()
    for name in {*gone, *entries}:
        if (folder / name).exists():
            (folder / name).rename(replaced / name)
        if name in entries:
            (unfinished / name).rename(folder / name)
