"""Publishing: many files take their places in a folder together, or not at all.

The files are written in `.diffbgm/new` inside the folder. Then a journal that says which files go
and which come is put beside them by one renaming: that is the switch. Before it the old files are
the valid ones, after it the new ones, and whoever opens the folder next completes what a process
that was killed could not. Only files of the record are ever replaced or removed.
"""

import json
import os
import shutil
from collections import deque
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from diffbgm.errors import StorageError
from diffbgm.files import check_folder
from diffbgm.files.ownership import (
    Record,
    exists,
    foreign,
    from_json,
    is_ours,
    refuse_foreign,
    set_aside,
    to_json,
)

WORK = ".diffbgm"
_NEW, _JOURNAL, _DRAFT, _LOCK = "new", "journal.json", "journal.draft", "lock"
# Longer than the switch of a long film takes, which is renaming and no copying.
SWITCH_SECONDS = 60.0
_AT_ONCE = 8  # files that the disc is asked for


@contextmanager
def publishing(
    folder: Path, record: Callable[[Path], Record], entries: Collection[str]
) -> Iterator[Path]:
    """A folder to write to, whose files take their places in `folder` when the block ends well.

    Whatever goes wrong in the block, `folder` stays as it was. `record` reads the record of our
    files from either folder; what it has of the old and not of the new files goes. `entries` name
    what may be written at the top of the folder. StorageError if something that is not ours is in
    the way, if another process writes there, and for every OSError inside the block.
    """
    folder = folder.absolute()
    is_made = not folder.exists()
    try:
        check_folder(folder)
        folder.mkdir(parents=True, exist_ok=True)
        with _working_in(folder, timeout=0.0) as work:
            _complete(folder)
            old = record(folder)
            refuse_foreign(folder, foreign(folder, old, entries))
            (work / _NEW).mkdir()
            yield work / _NEW
            _switch(folder, old, record(work / _NEW))
    except OSError as exc:
        reason = exc.strerror or str(exc)
        place = exc.filename or folder
        raise StorageError(f"{place}: cannot be written ({reason}); nothing was changed") from exc
    finally:
        if is_made:
            with suppress(OSError):
                folder.rmdir()  # which it lets nobody do unless it is empty


def destination(work: Path) -> Path:
    """The folder in which what is written in `work` takes its place; `work` itself elsewhere."""
    return work.parent.parent if work.parts[-2:] == (WORK, _NEW) else work


def recover(folder: Path) -> None:
    """Complete, or take back, what a killed process began in `folder`; nothing if none did."""
    folder = folder.absolute()
    is_switching = (folder / WORK / _JOURNAL).exists()
    if _is_foreign(folder / WORK) or not (folder / WORK).is_dir():
        return
    try:
        with _working_in(folder, SWITCH_SECONDS if is_switching else 0.0):
            _complete(folder)
    except (_BusyError, OSError):
        if is_switching:  # else the old files are valid, whoever works on the next
            raise


class _BusyError(StorageError):
    """Another process works in the folder."""


@contextmanager
def _working_in(folder: Path, timeout: float) -> Iterator[Path]:
    """Our folder inside `folder`, in which nobody else works meanwhile; gone at the end, unless
    it holds a switch that has to be completed."""
    work = folder / WORK
    if _is_foreign(work):
        raise StorageError(
            f"{work} was not made by diffbgm; move it away, or choose another folder"
        )
    work.mkdir(exist_ok=True)
    lock = FileLock(work / _LOCK, timeout=timeout)
    try:
        lock.acquire()
    except Timeout as exc:
        raise _BusyError(f"{folder}: another diffbgm writes there; wait for it to end") from exc
    try:
        yield work
    finally:
        _sweep(work)
        lock.release()
        if os.name == "nt":  # where what is locked cannot be removed
            with suppress(OSError):
                (work / _LOCK).unlink()
                work.rmdir()


def _is_foreign(work: Path) -> bool:
    """Whether something lies there that we did not make: ours has a lock or is empty."""
    if work.is_symlink() or not work.is_dir():
        return exists(work)
    return not (work / _LOCK).exists() and any(work.iterdir())


def _sweep(work: Path) -> None:
    """Remove what is ours in `work`, the lock last: what has none is not ours."""
    if (work / _JOURNAL).exists():
        return
    shutil.rmtree(work / _NEW, ignore_errors=True)
    with suppress(OSError):
        (work / _DRAFT).unlink(missing_ok=True)
        if os.name != "nt" and not any(path.name != _LOCK for path in work.iterdir()):
            (work / _LOCK).unlink()
            work.rmdir()


def _switch(folder: Path, old: Record, new: Record) -> None:
    """Make the new files the valid ones, by one renaming, and put them in their places."""
    work = folder / WORK
    in_the_way = [
        name for name in new if exists(folder / name) and not is_ours(folder / name, old.get(name))
    ]
    refuse_foreign(folder, sorted(in_the_way))
    # What is the same file was on the disc before.
    written = [work / _NEW / name for name in new if new[name] != old.get(name)]
    folders = [path for path in (work / _NEW).rglob("*") if path.is_dir()]
    _all_to_disc([*written, work / _NEW, *folders])
    journal = json.dumps({"old": to_json(old), "new": to_json(new)})
    (work / _DRAFT).write_text(journal)
    _to_disc(work / _DRAFT)
    (work / _DRAFT).rename(work / _JOURNAL)
    _to_disc(work)
    _complete(folder)


def _complete(folder: Path) -> None:
    """Put every file of a journal that lies in `folder` in its place, then sweep."""
    work = folder / WORK
    try:
        if (work / _JOURNAL).exists():
            _put_in_place(folder)
            (work / _JOURNAL).unlink()
            _to_disc(work)
    except OSError as exc:
        raise StorageError(
            f"{exc.filename or folder}: the new files wait in {work}, but cannot be put in their "
            f"places ({exc.strerror or exc}); mend that and open the composition again"
        ) from exc
    shutil.rmtree(work / _NEW, ignore_errors=True)


def _put_in_place(folder: Path) -> None:
    work = folder / WORK
    content = json.loads((work / _JOURNAL).read_text())
    old, new = from_json(content["old"]), from_json(content["new"])
    for name in new:
        source, target = work / _NEW / name, folder / name
        if not source.exists():
            continue  # it was put in its place before
        if exists(target) and not any(is_ours(target, each.get(name)) for each in (old, new)):
            set_aside(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
    for name in old.keys() - new.keys():
        if is_ours(folder / name, old[name]):
            (folder / name).unlink()
    _remove_empty(folder, old.keys() - new.keys())
    _all_to_disc({folder, *((folder / name).parent for name in new)})


def _remove_empty(folder: Path, names: Collection[str]) -> None:
    """Remove the folders that files went from, if nothing else lies in them."""
    places = {parent for name in names for parent in Path(name).parents} - {Path(".")}
    for place in sorted(places, key=lambda each: -len(each.parts)):
        with suppress(OSError):
            (folder / place).rmdir()


def _all_to_disc(paths: Collection[Path]) -> None:
    """As `_to_disc` of each, at once: a disc writes many about as fast as one."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        deque(pool.map(_to_disc, paths), maxlen=0)


def _to_disc(path: Path) -> None:
    """Wait until a file, or the names in a folder, would outlast a loss of power."""
    if path.is_dir() and os.name == "nt":
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
