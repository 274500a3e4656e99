"""What lasts: media and compositions, in a database and where their files lie.

Knows neither HTTP nor queue. Each method is one transaction; the files have the last word where
they and the database differ.
"""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from diffbgm.errors import StorageError

from . import recovery
from .artifacts import Artifacts, InPlace
from .database import Database, open_database
from .store_folder import StoreFolder, size_of
from .tables import Composition, Job, JobKind, Media, Run, used_media


@dataclass(frozen=True)
class Usage:
    """Bytes on disc."""

    media: int
    compositions: int
    lost_and_found: int


class Store:
    """`place` is a folder that this process owns as long as the store is open.

    Rows are returned detached: read them, and change them through the methods here.
    """

    def __init__(self, place: StoreFolder, token: str, database: Database, artifacts: Artifacts):
        self.root, self.work = place.root, place.work
        self.token = token
        self.database = database
        self.artifacts = artifacts
        self._place = place

    # Media

    def media(self, media_id: str) -> Media | None:
        """The film, if it is known and whole on the disc."""
        with self.database.reading() as session:
            media = session.get(Media, media_id)
        return media if media is not None and self.is_whole(media) else None

    def all_media(self) -> Sequence[Media]:
        """Newest first."""
        with self.database.reading() as session:
            found = session.scalars(select(Media).order_by(Media.created.desc())).all()
        return [media for media in found if self.is_whole(media)]

    def media_path(self, media: Media) -> Path:
        return self.artifacts.film(media)

    def is_whole(self, media: Media) -> bool:
        return self.artifacts.has_film(media)

    def keep_media(self, part: Path, media_id: str, name: str, size: int) -> tuple[Media, bool]:
        """Moves an upload into place; the row, and whether it is new. `part` is gone after.

        What was lost or damaged on the disc is whole again.
        """
        with self.database.writing() as session:
            media = session.get(Media, media_id)
            is_new = media is None or not self.is_whole(media)
            if media is None:
                media = Media(id=media_id, name=name, size=size, created=_now())
                session.add(media)
            media.created = _now()
            if is_new:
                self.artifacts.keep_film(part, media)
            else:
                part.unlink()
        return media, is_new

    def remove_media(self, media_id: str) -> Literal["removed", "used", "unknown"]:
        """Removes a film that no composition uses."""
        with self.database.writing() as session:
            media = session.get(Media, media_id)
            if media is None:
                return "unknown"
            if session.scalars(_users_of(media)).first():
                return "used"
            session.delete(media)
        self.artifacts.forget_film(media_id)
        return "removed"

    def unused_media(self, before: datetime) -> Sequence[Media]:
        """Films that no composition uses and that were last uploaded before that time."""
        used = select(used_media.c.media_id)
        unused = select(Media).where(Media.created < before, Media.id.not_in(used))
        with self.database.reading() as session:
            return session.scalars(unused).all()

    # Compositions

    def folder(self, composition_id: str) -> Path:
        """Its result, to be read."""
        composition = self.composition(composition_id)
        return self.artifacts.result(composition_id, composition.version if composition else "")

    def is_on_disc(self, composition: Composition) -> bool:
        """Whether a composition that is done has its files still."""
        return self.artifacts.has_result(composition.id, composition.version)

    def request(self, composition_id: str) -> dict[str, Any]:
        """What was asked for. Raises StorageError where that is gone."""
        try:
            return self.artifacts.request(composition_id)["request"]
        except (OSError, ValueError, KeyError) as error:
            raise StorageError("The request of this composition is gone; send it again.") from error

    def composition(self, composition_id: str) -> Composition | None:
        with self.database.reading() as session:
            return session.get(Composition, composition_id)

    def compositions(self, most: int) -> Sequence[Composition]:
        """The newest `most`, newest first."""
        newest = select(Composition).order_by(Composition.created.desc()).limit(most)
        with self.database.reading() as session:
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
        made.jobs.append(Job(kind=kind, arguments=arguments or {}))
        document = {
            "title": title,
            "created": made.created.isoformat(),
            "media": sorted(set(media_ids)),
            "request": request,
        }
        try:
            self.artifacts.keep_request(made.id, document)
            with self.database.writing() as session:
                made.media = [self._known(session, each) for each in document["media"]]
                session.add(made)
        except BaseException:
            self.artifacts.forget_request(made.id)
            raise
        return made

    def remove_composition(self, composition_id: str) -> bool:
        """Forgets it and the media that no other one uses; false if it is not known.

        Its result stays where it is in hand: who works on it removes it.
        """
        with self.database.writing() as session:
            composition = session.get(Composition, composition_id)
            if composition is None:
                return False
            in_hand = select(Run).where(Run.composition_id == composition_id).with_for_update()
            is_in_hand = session.scalars(in_hand).first() is not None
            media = list(composition.media)
            session.delete(composition)
            session.flush()
            orphans = [m.id for m in media if not session.scalars(_users_of(m)).first()]
            for media_id in orphans:
                session.delete(session.get_one(Media, media_id))
        for media_id in orphans:
            self.artifacts.forget_film(media_id)
        self.artifacts.forget_request(composition_id)
        if not is_in_hand:
            self.artifacts.forget_results(composition_id)
        return True

    def usage(self) -> Usage:
        with self.database.reading() as session:
            media = session.scalar(select(func.sum(Media.size))) or 0
            compositions = session.scalar(select(func.sum(Composition.size))) or 0
        return Usage(int(media), int(compositions), size_of(self._place.lost))

    def _known(self, session: Session, media_id: str) -> Media:
        media = session.get(Media, media_id)
        if media is None or not self.is_whole(media):
            raise KeyError(media_id)
        return media


def _users_of(media: Media) -> Any:
    return select(Composition.id).where(Composition.media.contains(media))


def _now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def store_in(root: Path, attempts: int) -> Iterator[Store]:
    """The store in a folder, which is ours inside; what a killed server left is set right.

    Jobs that were running are queued again, or failed after `attempts` starts. Raises
    StoreInUseError, StorageError.
    """
    place = StoreFolder(root)
    token = place.take()
    try:
        recovery.complete_publications(place)
        database, is_new = open_database(place)
        with closing(database):
            with database.writing() as session:
                if is_new:
                    recovery.find_again(session, place)
                recovery.recover_jobs(session, place, attempts)
            with database.reading() as session:
                recovery.sweep(session, place)
            yield Store(place, token, database, InPlace(place))
    finally:
        place.release()
