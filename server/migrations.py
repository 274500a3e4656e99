"""The database's versions: what brings an older one up to date, in SQLite and PostgreSQL alike.

Where the version is kept is the caller's business.
"""

import json
import logging
from collections.abc import Callable

from sqlalchemy import Connection, text

from .store_folder import StoreFolder, size_of
from .tables import Base

logger = logging.getLogger(__name__)


def migrate(
    connection: Connection, version: int, folder: StoreFolder, note: Callable[[int], None]
) -> None:
    """Brings a database of that version up to date, a version a transaction.

    `note` writes down, in the same transaction, which version it has now.
    """
    for number, step in enumerate(_MIGRATIONS[version:], version + 1):
        with connection.begin():
            step(connection, folder)
            note(number)
        logger.info("the store's database is now of version %d", number)


def columns_of_tables() -> set[tuple[str, str]]:
    """The names of tables and columns as they are now."""
    tables = Base.metadata.tables.values()
    return {(table.name, column.name) for table in tables for column in table.columns}


def _documents_beside_rows(connection: Connection, folder: StoreFolder) -> None:
    """To version 1: requests become documents, so that a row costs the same whatever it asks."""
    rows = connection.execute(text("SELECT id, title, created, request FROM compositions")).all()
    for composition_id, title, created, request in rows:
        media = connection.execute(
            text("SELECT media_id FROM used_media WHERE composition_id = :id"),
            {"id": composition_id},
        )
        document = {
            "title": title,
            "created": f"{created.replace(' ', 'T')}+00:00",
            "media": list(media.scalars()),
            "request": json.loads(request),
        }
        (folder.requests / f"{composition_id}.json").write_text(json.dumps(document))
    connection.execute(text("ALTER TABLE compositions DROP COLUMN request"))
    connection.execute(text("ALTER TABLE compositions ADD COLUMN size INTEGER NOT NULL DEFAULT 0"))
    for composition_id, *_ in rows:
        size = size_of(folder.compositions / composition_id)
        connection.execute(
            text("UPDATE compositions SET size = :size WHERE id = :id"),
            {"size": size, "id": composition_id},
        )


def _runs_and_members(connection: Connection, folder: StoreFolder) -> None:
    """To version 2: jobs in hand have rows, as workers may; a composition names its result."""
    for statement in (
        """CREATE TABLE runs (
            composition_id TEXT NOT NULL PRIMARY KEY
                REFERENCES compositions (id) ON DELETE CASCADE,
            job_id INTEGER NOT NULL UNIQUE REFERENCES jobs (id) ON DELETE CASCADE,
            token TEXT NOT NULL, began DOUBLE PRECISION NOT NULL, heard DOUBLE PRECISION NOT NULL,
            stage TEXT NOT NULL, fraction DOUBLE PRECISION NOT NULL,
            is_cancelled BOOLEAN NOT NULL, sketch JSON)""",
        """CREATE TABLE members (
            id TEXT NOT NULL PRIMARY KEY, heard DOUBLE PRECISION NOT NULL, description JSON)""",
        "ALTER TABLE compositions ADD COLUMN version TEXT NOT NULL DEFAULT ''",
    ):
        connection.execute(text(statement))


# In order; the first brings a database from before there were versions to version 1.
_MIGRATIONS: tuple[Callable[[Connection, StoreFolder], None], ...] = (
    _documents_beside_rows,
    _runs_and_members,
)
VERSION = len(_MIGRATIONS)
