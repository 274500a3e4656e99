"""The folder of a store: our mark in it, its lock, its token, who may read it, what is set aside.

store/
├── store.json         our mark: without it a folder that is not empty is somebody else's
├── lock, owner.json   held by the one server that works here, and its process id
├── token              what clients must show; made once
├── diffbgm.sqlite     media, compositions, jobs (write-ahead log)
├── backups/           the database as it was before each migration
├── media/SHA256/NAME  uploads under the name that the client gave
├── requests/ID.json   what was asked for
├── compositions/ID/   finished compositions
├── work/              uploads and edits in progress; emptied at every start
└── lost+found/TIME/   what was found here and is unknown; never deleted
"""

import json
import logging
import os
import secrets
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from diffbgm.errors import StorageError, StoreInUseError
from diffbgm.files import replacing

logger = logging.getLogger(__name__)

_MARK = "store.json"
_FORMAT = {"format": "diffbgm store", "version": 1}
_FOLDERS = ("media", "requests", "compositions", "work")
_PRIVATE = 0o077


class StoreFolder:
    """A store's folder, taken by one process at a time."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.database = self.root / "diffbgm.sqlite"
        self.media, self.requests, self.compositions, self.work = map(self.root.joinpath, _FOLDERS)
        self.lost = self.root / "lost+found"
        self.backups = self.root / "backups"
        self._lock = FileLock(self.root / "lock")

    def take(self) -> str:
        """Makes the folder ours; its token. Raises StorageError, StoreInUseError."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._require_ours()
            self._take_lock()
            for name in _FOLDERS:
                (self.root / name).mkdir(exist_ok=True, mode=0o700)
            _make_private(self.root)
            return self._read_token()
        except OSError as error:
            raise StorageError(f"Cannot use {self.root} as the store: {error.strerror}.") from error

    def release(self) -> None:
        (self.root / "owner.json").unlink(missing_ok=True)
        self._lock.release()

    def set_aside(self, *entries: Path) -> None:
        """Moves them to lost+found, and tells so."""
        found = [entry for entry in entries if entry.exists()]
        if not found:
            return
        place = self.lost / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        for entry in found:
            target = place / entry.relative_to(self.root)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            entry.rename(target)
            logger.warning("%s is unknown to the store; it is kept in %s", entry, target)

    def _require_ours(self) -> None:
        mark = self.root / _MARK
        if mark.exists():
            _check_mark(mark)
            return
        entries = {entry.name for entry in self.root.iterdir()} - {"lock", "lost+found"}
        if entries and not _is_older_store(self.database):
            raise StorageError(
                f"{self.root} is not empty and no store of diffbgm; give the store an empty "
                "folder, or one that does not exist yet (--store)."
            )
        with replacing(mark) as part:
            part.write_text(json.dumps(_FORMAT) + "\n")

    def _take_lock(self) -> None:
        owner = self.root / "owner.json"
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StoreInUseError(
                f"Another server{_pid_in(owner)} works on {self.root}; use that one, stop it, "
                "or give this one another store."
            ) from error
        owner.write_text(json.dumps({"pid": os.getpid()}))

    def _read_token(self) -> str:
        path = self.root / "token"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32))
        token = path.read_text().strip()
        if not token:
            raise StorageError(f"{path} is empty; delete it, and a new token is made.")
        return token


def size_of(folder: Path) -> int:
    """The bytes of all files below it; one with several names counts once."""
    sizes = {}
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(os.path.join(place, name))
            except FileNotFoundError:
                continue
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


def _check_mark(mark: Path) -> None:
    try:
        found = json.loads(mark.read_text())
        is_ours = found["format"] == _FORMAT["format"]
        is_newer = found["version"] > _FORMAT["version"]
    except (ValueError, KeyError, TypeError):
        is_ours = is_newer = False
    if is_newer:
        raise StorageError(f"{mark.parent} is the store of a newer diffbgm; use that version.")
    if not is_ours:
        raise StorageError(
            f"{mark} is not the mark of a diffbgm store; give the store an empty folder (--store)."
        )


def _is_older_store(database: Path) -> bool:
    """Whether a folder without a mark is a store from before there was one."""
    if not database.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute("SELECT name FROM sqlite_master").fetchall()
    except sqlite3.Error:
        return False
    return {"media", "compositions", "jobs"} <= {name for (name,) in rows}


def _make_private(root: Path) -> None:
    """Folders 0700, files 0600: also those of a store that was made more open."""
    for place, _, names in os.walk(root):
        for path in (Path(place), *(Path(place, name) for name in names)):
            status = path.lstat()
            mode = stat.S_IMODE(status.st_mode)
            if mode & _PRIVATE and not stat.S_ISLNK(status.st_mode):
                path.chmod(mode & ~_PRIVATE)


def _pid_in(owner: Path) -> str:
    try:
        return f" (process {json.loads(owner.read_text())['pid']})"
    except (OSError, ValueError, KeyError):
        return ""
