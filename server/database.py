"""The store's database: opened, brought up to date, or set aside where it cannot be read.

Knows the tables, and nothing of what their rows stand for.
"""

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event

from diffbgm.errors import StorageError

from .store_folder import StoreFolder, size_of
from .tables import Base

logger = logging.getLogger(__name__)


def open_database(folder: StoreFolder) -> tuple[Engine, bool]:
    """The database as of now, and whether it had to be made again. Raises StorageError."""
    is_new = not _bring_up_to_date(folder)
    engine = create_engine(f"sqlite:///{folder.database}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    if is_new:
        Base.metadata.create_all(engine)
        with closing(sqlite3.connect(folder.database)) as connection:
            connection.execute(f"PRAGMA user_version = {VERSION}")
    return engine, is_new


def _bring_up_to_date(folder: StoreFolder) -> bool:
    """Migrates what is there; false where there is nothing, or nothing that can be used."""
    if not folder.database.exists():
        return False
    try:
        with closing(sqlite3.connect(folder.database, isolation_level=None)) as connection:
            if not _columns(connection):
                return False
            _check(connection, folder)
            _migrate(connection, folder)
            if _columns(connection) == _OURS:
                return True
            reason = "its tables are not those of a store"
    except sqlite3.DatabaseError as error:
        reason = str(error)
    logger.error(
        "%s cannot be used (%s); compositions are found again in their folders",
        folder.database,
        reason,
    )
    folder.set_aside(*(Path(f"{folder.database}{end}") for end in ("", "-wal", "-shm")))
    return False


def _check(connection: sqlite3.Connection, folder: StoreFolder) -> None:
    version = _version(connection)
    if version > VERSION:
        raise StorageError(
            f"{folder.database} was made by a newer diffbgm (its version is {version}, this one "
            f"knows {VERSION}); use that version, or another store."
        )
    (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if answer != "ok":
        raise sqlite3.DatabaseError(answer)


def _migrate(connection: sqlite3.Connection, folder: StoreFolder) -> None:
    version = _version(connection)
    if version == VERSION:
        return
    _back_up(connection, folder, version)
    for number, migrate in enumerate(_MIGRATIONS[version:], version + 1):
        connection.execute("BEGIN IMMEDIATE")
        try:
            migrate(connection, folder)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        logger.info("the store's database is now of version %d", number)


def _back_up(connection: sqlite3.Connection, folder: StoreFolder, version: int) -> None:
    folder.backups.mkdir(exist_ok=True, mode=0o700)
    name = f"diffbgm-{version}-{datetime.now(UTC):%Y%m%dT%H%M%S}.sqlite"
    part = folder.work / name
    with closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    shutil.move(part, folder.backups / name)
    logger.info("the database was backed up to %s", folder.backups / name)


def _documents_beside_rows(connection: sqlite3.Connection, folder: StoreFolder) -> None:
    """To version 1: requests become documents, so that a row costs the same whatever it asks."""
    rows = connection.execute("SELECT id, title, created, request FROM compositions").fetchall()
    for composition_id, title, created, request in rows:
        media = connection.execute(
            "SELECT media_id FROM used_media WHERE composition_id = ?", (composition_id,)
        ).fetchall()
        document = {
            "title": title,
            "created": f"{created.replace(' ', 'T')}+00:00",
            "media": [media_id for (media_id,) in media],
            "request": json.loads(request),
        }
        (folder.requests / f"{composition_id}.json").write_text(json.dumps(document))
    connection.execute("ALTER TABLE compositions DROP COLUMN request")
    connection.execute("ALTER TABLE compositions ADD COLUMN size INTEGER NOT NULL DEFAULT 0")
    for composition_id, *_ in rows:
        size = size_of(folder.compositions / composition_id)
        connection.execute("UPDATE compositions SET size = ? WHERE id = ?", (size, composition_id))


# In order; the first brings a database from before there were versions to version 1.
_MIGRATIONS: tuple[Callable[[sqlite3.Connection, StoreFolder], None], ...] = (
    _documents_beside_rows,
)
VERSION = len(_MIGRATIONS)
_OURS = {
    (table.name, column.name) for table in Base.metadata.tables.values() for column in table.columns
}


def _version(connection: sqlite3.Connection) -> int:
    return connection.execute("PRAGMA user_version").fetchone()[0]


def _columns(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    """Names of tables and columns; empty for a database in which nothing is."""
    return set(
        connection.execute(
            "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c "
            "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'"
        )
    )


def _configure(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # The driver begins no transactions: `_begin` does.
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Any) -> None:
    """A session sees one state of the database, however many SELECTs it takes."""
    connection.exec_driver_sql("BEGIN")
