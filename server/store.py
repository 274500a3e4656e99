"""What lasts: media, compositions and jobs, in a database and in folders.

Knows neither HTTP nor queue. Each method is one transaction; the disc has the last word where it
and the database differ.
"""

import json
import secrets
import shutil
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload, sessionmaker

from diffbgm.errors import CancelledError, StorageError
from diffbgm.files import replacing

from . import recovery
from .database import open_database
from .store_folder import StoreFolder, size_of
from .tables import Composition, Job, JobKind, Media, used_media


@dataclass(frozen=True)
class Usage:
    """Bytes on disc."""

    media: int
    compositions: int
    lost_and_found: int


class Store:
    """A folder that one server owns while the store is open.

    Rows are returned detached: read them, and change them through the methods here.
    """

    def __init__(self, root: Path) -> None:
        self._place = StoreFolder(root)
        self.root, self.work = self._place.root, self._place.work
        self.token = ""
        # SQLite has one writer: the threads wait for each other here and never for its time-out.
        self._writing = threading.Lock()

    def open(self, attempts: int) -> None:
        """Takes the folder and sets right what a killed server left behind.

        Jobs that were running are queued again, or failed after `attempts` starts. Raises
        StoreInUseError, StorageError.
        """
        self.token = self._place.take()
        try:
            recovery.complete_publications(self._place)
            self._engine, is_new = open_database(self._place)
            self._sessions = sessionmaker(self._engine, expire_on_commit=False)
            recovery.complete_files(self._place.compositions.iterdir())
            with self._sessions.begin() as session:
                if is_new:
                    recovery.find_again(session, self._place)
                recovery.recover_jobs(session, self._place, attempts)
            with self._sessions() as session:
                recovery.sweep(session, self._place)
        except BaseException:
            self._place.release()
            raise

    def close(self) -> None:
        self._engine.dispose()
        self._place.release()

    # Media

    def media(self, media_id: str) -> Media | None:
        """The film, if it is known and whole on the disc."""
        with self._sessions() as session:
            media = session.get(Media, media_id)
        return media if media is not None and self.is_whole(media) else None

    def all_media(self) -> Sequence[Media]:
        """Newest first."""
        with self._sessions() as session:
            found = session.scalars(select(Media).order_by(Media.created.desc())).all()
        return [media for media in found if self.is_whole(media)]

    def media_path(self, media: Media) -> Path:
        return self._place.media / media.id / media.name

    def is_whole(self, media: Media) -> bool:
        path = self.media_path(media)
        try:
            return path.is_file() and path.stat().st_size == media.size
        except OSError:
            return False

    def keep_media(self, part: Path, media_id: str, name: str, size: int) -> tuple[Media, bool]:
        """Moves an upload into place; the row, and whether it is new. `part` is gone after.

        What was lost or damaged on the disc is whole again.
        """
        with self._writing, self._sessions.begin() as session:
            media = session.get(Media, media_id)
            is_new = media is None or not self.is_whole(media)
            if media is None:
                media = Media(id=media_id, name=name, size=size, created=_now())
                session.add(media)
            media.created = _now()
            path = self.media_path(media)
            if is_new:
                path.parent.mkdir(exist_ok=True, mode=0o700)
                part.replace(path)
            else:
                part.unlink()
        return media, is_new

    def remove_media(self, media_id: str) -> Literal["removed", "used", "unknown"]:
        """Removes a film that no composition uses."""
        with self._writing, self._sessions.begin() as session:
            media = session.get(Media, media_id)
            if media is None:
                return "unknown"
            if session.scalars(_users_of(media)).first():
                return "used"
            session.delete(media)
        self._discard(self._place.media / media_id)
        return "removed"

    def unused_media(self, before: datetime) -> Sequence[Media]:
        """Films that no composition uses and that were last uploaded before that time."""
        used = select(used_media.c.media_id)
        unused = select(Media).where(Media.created < before, Media.id.not_in(used))
        with self._sessions() as session:
            return session.scalars(unused).all()

    # Compositions

    def folder(self, composition_id: str) -> Path:
        return self._place.compositions / composition_id

    def is_on_disc(self, composition: Composition) -> bool:
        """Whether a composition that is done has its files still."""
        return (self.folder(composition.id) / recovery.DOCUMENT).is_file()

    def request(self, composition_id: str) -> dict[str, Any]:
        """What was asked for. Raises StorageError where that is gone."""
        try:
            document = json.loads(self._request_path(composition_id).read_bytes())
            return document["request"]
        except (OSError, ValueError, KeyError) as error:
            raise StorageError("The request of this composition is gone; send it again.") from error

    def sweep_unfinished(self, composition_id: str) -> None:
        """Completes or takes back what a composer that crashed was writing, and removes the hidden
        folders beside it."""
        recovery.complete_files([self.folder(composition_id)])
        for entry in self.folder(composition_id).parent.glob(f".{composition_id}*"):
            shutil.rmtree(entry, ignore_errors=True)

    def composition(self, composition_id: str) -> Composition | None:
        with self._sessions() as session:
            return session.get(Composition, composition_id)

    def compositions(self, most: int) -> Sequence[Composition]:
        """The newest `most`, newest first."""
        newest = select(Composition).order_by(Composition.created.desc()).limit(most)
        with self._sessions() as session:
            return session.scalars(newest.options(selectinload(Composition.jobs))).all()

    def add_composition(
        self,
        title: str,
        request: dict[str, Any],
        media_ids: Iterable[str],
        kind: JobKind = "compose",
        arguments: dict[str, Any] | None = None,
    ) -> Composition:
        """A new composition with its first job queued. KeyError names an unknown media id."""
        made = Composition(id=secrets.token_hex(16), title=title, created=_now())
        made.jobs.append(Job(kind=kind, arguments=arguments or {}, created=_now()))
        document = {
            "title": title,
            "created": made.created.isoformat(),
            "media": sorted(set(media_ids)),
            "request": request,
        }
        path = self._request_path(made.id)
        try:
            with replacing(path) as part:
                part.write_text(json.dumps(document))
            with self._writing, self._sessions.begin() as session:
                made.media = [self._known(session, each) for each in document["media"]]
                session.add(made)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return made

    def remove_composition(self, composition_id: str) -> bool:
        """Forgets it and the media that no other one uses; false if it is not known.

        Its folder stays, for `remove_folder` when nothing works in it.
        """
        with self._writing, self._sessions.begin() as session:
            composition = session.get(Composition, composition_id)
            if composition is None:
                return False
            media = list(composition.media)
            session.delete(composition)
            session.flush()
            orphans = [m.id for m in media if not session.scalars(_users_of(m)).first()]
            for media_id in orphans:
                session.delete(session.get_one(Media, media_id))
        for media_id in orphans:
            self._discard(self._place.media / media_id)
        self._discard(self._request_path(composition_id))
        return True

    def remove_folder(self, composition_id: str) -> None:
        self._discard(self.folder(composition_id))
        self.sweep_unfinished(composition_id)

    def measure(self, composition_id: str) -> None:
        """Notes how much room the composition takes."""
        size = size_of(self.folder(composition_id))
        with self._writing, self._sessions.begin() as session:
            one = Composition.id == composition_id
            session.execute(update(Composition).where(one).values(size=size))

    def usage(self) -> Usage:
        with self._sessions() as session:
            media = session.scalar(select(func.sum(Media.size))) or 0
            compositions = session.scalar(select(func.sum(Composition.size))) or 0
        return Usage(media, compositions, size_of(self._place.lost))

    # Jobs

    def add_job(self, composition_id: str, kind: JobKind, arguments: dict[str, Any]) -> Job:
        """Queues work on a composition. KeyError if it is not known."""
        with self._writing, self._sessions.begin() as session:
            if session.get(Composition, composition_id) is None:
                raise KeyError(composition_id)
            job = Job(composition_id=composition_id, kind=kind, arguments=arguments, created=_now())
            session.add(job)
        return job

    def queued_jobs(self) -> Sequence[int]:
        """Their ids, in the order in which they will run."""
        queued = select(Job.id).where(Job.state == "queued").order_by(Job.id)
        with self._sessions() as session:
            return session.scalars(queued).all()

    def start_next_job(self) -> tuple[Job, Composition] | None:
        """The next job, now running, and its composition; None where nothing is queued."""
        queued = select(Job).where(Job.state == "queued").order_by(Job.id).limit(1)
        with self._writing, self._sessions.begin() as session:
            job = session.scalars(queued).first()
            if job is None:
                return None
            job.state, job.attempts = "running", job.attempts + 1
            return job, session.get_one(Composition, job.composition_id)

    def cancel_queued(self, composition_id: str) -> None:
        """Cancels its jobs that have not started."""
        error = {"code": CancelledError.code, "message": "The job was cancelled."}
        queued = (Job.composition_id == composition_id) & (Job.state == "queued")
        with self._writing, self._sessions.begin() as session:
            session.execute(update(Job).where(queued).values(state="cancelled", error=error))

    def update_job(self, job_id: int, **values: Any) -> None:
        """Sets columns of a job; nothing happens where it was deleted meanwhile."""
        with self._writing, self._sessions.begin() as session:
            session.execute(update(Job).where(Job.id == job_id).values(**values))

    def _request_path(self, composition_id: str) -> Path:
        return self._place.requests / f"{composition_id}.json"

    def _known(self, session: Session, media_id: str) -> Media:
        media = session.get(Media, media_id)
        if media is None or not self.is_whole(media):
            raise KeyError(media_id)
        return media

    def _discard(self, path: Path) -> None:
        """Removes a folder or file: out of sight at once, so that no kill leaves half of it."""
        hidden = self.work / f"removed-{secrets.token_hex(8)}"
        try:
            path.rename(hidden)
        except FileNotFoundError:
            return
        if hidden.is_dir():
            shutil.rmtree(hidden, ignore_errors=True)
        else:
            hidden.unlink(missing_ok=True)


def _users_of(media: Media) -> Any:
    return select(Composition.id).where(Composition.media.contains(media))


def _now() -> datetime:
    return datetime.now(UTC)
