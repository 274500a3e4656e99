"""What lasts: media, compositions and jobs in SQLite and in folders. Knows neither HTTP nor queue.

store/
├── lock, owner.json   held by the one server that works here, and its process id
├── token              what clients must show; made once
├── diffbgm.sqlite     media, compositions, jobs (write-ahead log)
├── media/SHA256/NAME  uploads under the name that the client gave
├── compositions/ID/   finished compositions
└── work/              uploads and edits in progress; emptied at every start
"""

import json
import logging
import os
import secrets
import shutil
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import create_engine, event, select, update
from sqlalchemy.orm import sessionmaker

from diffbgm.errors import CancelledError, StorageError, StoreInUseError
from diffbgm.files.publishing import recover

from .tables import Base, Composition, Job, JobKind, Media

logger = logging.getLogger(__name__)


class Store:
    """A folder that one server owns while the store is open.

    Rows are returned detached: read them, and change them through the methods here.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.work = self.root / "work"
        self.token = ""
        self._lock = FileLock(self.root / "lock")
        # SQLite has one writer: the threads wait for each other here and never for its time-out.
        self._writing = threading.Lock()

    def open(self, attempts: int) -> None:
        """Takes the lock and sets right what a killed server left behind.

        Jobs that were running are queued again, or failed after `attempts` starts. Raises
        StoreInUseError, StorageError.
        """
        try:
            for folder in (self.root, self.work, self.root / "media", self.root / "compositions"):
                folder.mkdir(parents=True, exist_ok=True)
            self._take_lock()
            self.token = self._read_token()
        except OSError as error:
            raise StorageError(f"Cannot use {self.root} as the store: {error.strerror}.") from error
        self._engine = create_engine(f"sqlite:///{self.root / 'diffbgm.sqlite'}")
        event.listen(self._engine, "connect", _set_pragmas)
        Base.metadata.create_all(self._engine)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)
        self._recover_jobs(attempts)
        self._sweep()

    def close(self) -> None:
        self._engine.dispose()
        (self.root / "owner.json").unlink(missing_ok=True)
        self._lock.release()

    # Media

    def media(self, media_id: str) -> Media | None:
        with self._sessions() as session:
            return session.get(Media, media_id)

    def media_path(self, media: Media) -> Path:
        return self.root / "media" / media.id / media.name

    def keep_media(self, part: Path, media_id: str, name: str, size: int) -> tuple[Media, bool]:
        """Moves an upload into place; the row, and whether it is new. `part` is gone after."""
        with self._writing, self._sessions.begin() as session:
            known = session.get(Media, media_id)
            if known is not None:
                part.unlink()
                return known, False
            media = Media(id=media_id, name=name, size=size, created=_now())
            path = self.media_path(media)
            path.parent.mkdir(exist_ok=True)
            os.replace(part, path)
            session.add(media)
        return media, True

    # Compositions

    def folder(self, composition_id: str) -> Path:
        return self.root / "compositions" / composition_id

    def sweep_unfinished(self, composition_id: str) -> None:
        """Completes or takes back what a composer that crashed was writing, then removes the
        hidden folders beside it."""
        self._recover_files(composition_id)
        for entry in self.folder(composition_id).parent.glob(f".{composition_id}*"):
            shutil.rmtree(entry, ignore_errors=True)

    def composition(self, composition_id: str) -> Composition | None:
        with self._sessions() as session:
            return session.get(Composition, composition_id)

    def compositions(self, most: int) -> Sequence[Composition]:
        """The newest `most`, newest first."""
        newest = select(Composition).order_by(Composition.created.desc()).limit(most)
        with self._sessions() as session:
            return session.scalars(newest).all()

    def add_composition(
        self, title: str, request: dict[str, Any], media_ids: Iterable[str]
    ) -> Composition:
        """A new composition with its first job queued. KeyError names an unknown media id."""
        with self._writing, self._sessions.begin() as session:
            composition = Composition(
                id=secrets.token_hex(16), title=title, request=request, created=_now()
            )
            for media_id in sorted(set(media_ids)):
                media = session.get(Media, media_id)
                if media is None:
                    raise KeyError(media_id)
                composition.media.append(media)
            composition.jobs.append(Job(kind="compose", arguments={}, created=_now()))
            session.add(composition)
        return composition

    def remove_composition(self, composition_id: str) -> None:
        """Forgets it and the media that no other composition uses; its folder stays."""
        with self._writing, self._sessions.begin() as session:
            composition = session.get_one(Composition, composition_id)
            media = list(composition.media)
            session.delete(composition)
            session.flush()
            orphans = [m for m in media if not session.scalars(_users_of(m)).first()]
            for orphan in orphans:
                session.delete(orphan)
                shutil.rmtree(self.media_path(orphan).parent, ignore_errors=True)

    # Jobs

    def add_job(self, composition_id: str, kind: JobKind, arguments: dict[str, Any]) -> Job:
        with self._writing, self._sessions.begin() as session:
            job = Job(composition_id=composition_id, kind=kind, arguments=arguments, created=_now())
            session.add(job)
        return job

    def queued_jobs(self) -> Sequence[Job]:
        """In the order in which they will run."""
        queued = select(Job).where(Job.state == "queued").order_by(Job.id)
        with self._sessions() as session:
            return session.scalars(queued).all()

    def cancel_queued(self, composition_id: str) -> None:
        """Cancels its jobs that have not begun."""
        error = {"code": CancelledError.code, "message": "The job was cancelled."}
        queued = (Job.composition_id == composition_id) & (Job.state == "queued")
        with self._writing, self._sessions.begin() as session:
            session.execute(update(Job).where(queued).values(state="cancelled", error=error))

    def update_job(self, job_id: int, **values: Any) -> None:
        """Sets columns of a job; nothing happens where it was deleted meanwhile."""
        with self._writing, self._sessions.begin() as session:
            session.execute(update(Job).where(Job.id == job_id).values(**values))

    # At the start

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

    def _recover_jobs(self, attempts: int) -> None:
        with self._sessions.begin() as session:
            for job in session.scalars(select(Job).where(Job.state == "running")):
                if job.attempts < attempts:
                    job.state = "queued"
                    continue
                job.state = "failed"
                job.error = {
                    "code": "server_stopped",
                    "message": f"The server ended {job.attempts} times in the middle of this job; "
                    "it may need more memory than there is. Start it again by hand.",
                }

    def _recover_files(self, composition_id: str) -> None:
        try:
            recover(self.folder(composition_id))
        except StorageError as error:
            logger.error("composition %s is not whole: %s", composition_id, error)

    def _sweep(self) -> None:
        """Removes what no row speaks of, and what unfinished jobs left."""
        shutil.rmtree(self.work)
        self.work.mkdir()
        with self._sessions() as session:
            films = {media.id for media in session.scalars(select(Media))}
            finished = {
                composition.id
                for composition in session.scalars(select(Composition))
                if composition.is_composed
            }
        for composition_id in finished:
            self._recover_files(composition_id)
        _keep_only(self.root / "media", films)
        _keep_only(self.root / "compositions", finished)


def _keep_only(folder: Path, names: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.name not in names:
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _users_of(media: Media) -> Any:
    return select(Composition.id).where(Composition.media.contains(media))


def _pid_in(owner: Path) -> str:
    try:
        return f" (process {json.loads(owner.read_text())['pid']})"
    except (OSError, ValueError, KeyError):
        return ""


def _set_pragmas(connection: Any, _record: Any) -> None:
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _now() -> datetime:
    return datetime.now(UTC)
