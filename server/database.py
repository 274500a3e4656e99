"""The store's database: opened, brought up to date, or set aside where it cannot be read.

Knows the tables, and nothing of what their rows stand for.
"""

import logging
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Double

from diffbgm.errors import StorageError

from . import migrations
from .migrations import VERSION
from .store_folder import StoreFolder
from .tables import Base

logger = logging.getLogger(__name__)


class clock(FunctionElement[float]):
    """Seconds since 1970 by the database's own clock, which all who share it share."""

    type = Double()
    inherit_cache = True


@compiles(clock, "sqlite")
def _of_sqlite(*_: Any, **__: Any) -> str:
    return "((julianday('now') - 2440587.5) * 86400.0)"


@compiles(clock, "postgresql")
def _of_postgresql(*_: Any, **__: Any) -> str:
    return "CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"


class Database:
    """Sessions of a database. What they return is detached: read it, change it by statements."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._sessions = sessionmaker(engine, expire_on_commit=False)
        # SQLite has one writer: threads wait for each other here and never for its time-out.
        is_single = engine.dialect.name == "sqlite"
        self._turn = threading.Lock() if is_single else nullcontext()

    def close(self) -> None:
        """Gives its connections back."""
        self.engine.dispose()

    def reading(self) -> Session:
        return self._sessions()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction."""
        with self._turn, self._sessions.begin() as session:
            yield session


def open_database(folder: StoreFolder) -> tuple[Database, bool]:
    """The database as of now, and whether it had to be made again. Raises StorageError."""
    is_new = not _bring_up_to_date(folder)
    engine = _engine(folder)
    if is_new:
        Base.metadata.create_all(engine)
        with engine.begin() as connection:
            _note_version(connection, VERSION)
    return Database(engine), is_new


def _engine(folder: StoreFolder) -> Engine:
    engine = create_engine(f"sqlite:///{folder.database}")
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


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
            if _columns(connection) == migrations.columns_of_tables():
                return True
            reason = "its tables are not those of a store"
    except (sqlite3.DatabaseError, exc.DatabaseError) as error:
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
    engine = _engine(folder)
    with engine.connect() as own:
        migrations.migrate(own, version, folder, lambda number: _note_version(own, number))
    engine.dispose()


def _note_version(connection: Connection, number: int) -> None:
    connection.execute(text(f"PRAGMA user_version = {number}"))


def _back_up(connection: sqlite3.Connection, folder: StoreFolder, version: int) -> None:
    folder.backups.mkdir(exist_ok=True, mode=0o700)
    name = f"diffbgm-{version}-{datetime.now(UTC):%Y%m%dT%H%M%S}.sqlite"
    part = folder.work / name
    with closing(sqlite3.connect(part)) as copy:
        connection.backup(copy)
    shutil.move(part, folder.backups / name)
    logger.info("the database was backed up to %s", folder.backups / name)


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
