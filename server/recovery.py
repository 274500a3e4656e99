"""What a start sets right: jobs that were cut off, rows that are lost, files nobody knows.

Knows the store's folder and tables, and no HTTP.
"""

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from diffbgm.errors import DiffBGMError
from diffbgm.files.publishing import recover

from .store_folder import StoreFolder, size_of
from .tables import FIRST_KINDS, Composition, Job, Media, Run

logger = logging.getLogger(__name__)

DOCUMENT = "composition.json"
_ID = re.compile(r"[0-9a-f]{32}")
_MADE_BY_US = re.compile(r"(upload|job|removed)-[0-9a-f]+|diffbgm-\d+-\w+\.sqlite")
_LOST = {
    "code": "server_stopped",
    "message": "The server's database was lost before this was composed. Start it again.",
}


def find_again(session: Session, folder: StoreFolder) -> None:
    """Fills an empty database from what lies in the store's folders."""
    films = {media.id: media for media in _films(folder.media)}
    session.add_all(films.values())
    ids = {path.stem for path in folder.requests.glob("*.json")}
    ids |= {path.parent.name for path in folder.compositions.glob(f"*/{DOCUMENT}")}
    found = [_composition(folder, each, films) for each in sorted(ids) if _ID.fullmatch(each)]
    session.add_all(found)
    if films or found:
        logger.warning("found %d films and %d compositions again", len(films), len(found))


def recover_jobs(session: Session, folder: StoreFolder, attempts: int) -> None:
    """Jobs that were running when the server ended: put back, or done after all."""
    session.execute(delete(Run))
    for job in session.scalars(select(Job).where(Job.state == "running")):
        place = folder.compositions / job.composition_id
        if job.kind in FIRST_KINDS and (place / DOCUMENT).exists():
            job.state = "done"
        else:
            put_back(job, attempts)


def put_back(job: Job, attempts: int) -> None:
    """A job whose holder is gone: queued again, or failed if it had so many starts."""
    if job.attempts < attempts:
        job.state = "queued"
        return
    job.state = "failed"
    job.error = {
        "code": "server_stopped",
        "message": f"The server ended {job.attempts} times in the middle of this job; "
        "it may need more memory than there is. Start it again by hand.",
    }


def complete_publications(folder: StoreFolder) -> None:
    """Completes, or takes back, what a killed job began to write into a composition's folder."""
    for place in folder.compositions.iterdir():
        if _ID.fullmatch(place.name):
            complete_publication(place)


def complete_publication(place: Path) -> None:
    """The same for one composition, in whose folder nobody works."""
    if not place.is_dir():
        return
    try:
        recover(place)
    except (DiffBGMError, OSError, ValueError, KeyError, TypeError):
        logger.exception("%s holds files that could not be put in their places", place)
    with suppress(OSError):  # A first composition that was not finished leaves an empty folder.
        place.rmdir()


def sweep(session: Session, folder: StoreFolder) -> None:
    """Removes what unfinished jobs left, and sets aside what no row speaks of."""
    for entry in folder.work.iterdir():
        if _MADE_BY_US.fullmatch(entry.name):
            _remove(entry)
        else:
            folder.set_aside(entry)
    known = set(session.scalars(select(Composition.id)))
    for entry in [*folder.compositions.iterdir(), *folder.requests.iterdir()]:
        if entry.name[0] == "." and _ID.match(entry.name[1:]):
            _remove(entry)
    _set_aside_unknown(folder, folder.media, set(session.scalars(select(Media.id))))
    _set_aside_unknown(folder, folder.compositions, known)
    _set_aside_unknown(folder, folder.requests, {f"{each}.json" for each in known})


def _remove(entry: Path) -> None:
    if entry.is_dir():
        shutil.rmtree(entry)
    else:
        entry.unlink()


def _set_aside_unknown(folder: StoreFolder, place: Path, known: set[str]) -> None:
    folder.set_aside(*(entry for entry in place.iterdir() if entry.name not in known))


def _films(folder: Path) -> Iterator[Media]:
    """A row for every film that is what its folder's name says: the SHA-256 of its content."""
    for place in folder.iterdir():
        files = list(place.iterdir()) if place.is_dir() else []
        if len(files) != 1 or not files[0].is_file():
            continue
        with files[0].open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest == place.name:
            status = files[0].stat()
            created = datetime.fromtimestamp(status.st_mtime, UTC)
            yield Media(id=digest, name=files[0].name, size=status.st_size, created=created)


def _composition(folder: StoreFolder, composition_id: str, films: dict[str, Media]) -> Composition:
    document = _request(folder.requests / f"{composition_id}.json")
    place = folder.compositions / composition_id
    is_composed = (place / DOCUMENT).is_file()
    created = datetime.fromisoformat(document["created"])
    return Composition(
        id=composition_id,
        title=document["title"],
        created=created,
        size=size_of(place),
        jobs=[
            Job(
                kind="compose",
                arguments={},
                state="done" if is_composed else "failed",
                error=None if is_composed else _LOST,
                created=created,
            )
        ],
        media=[films[each] for each in document["media"] if each in films],
    )


def _request(path: Path) -> dict[str, Any]:
    """What was asked for, with what was kept beside it; a stand-in where it is gone."""
    try:
        document = json.loads(path.read_bytes())
        datetime.fromisoformat(document["created"])
        return {"title": str(document["title"]), "media": list(document["media"]), **document}
    except (OSError, ValueError, KeyError, TypeError):
        return {"title": "composition", "created": datetime.now(UTC).isoformat(), "media": []}
