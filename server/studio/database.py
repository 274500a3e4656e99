"""A studio's database, in PostgreSQL: made, or brought up to date, by whoever comes first."""

from sqlalchemy import Connection, create_engine, exc, inspect, make_url, text

from diffbgm.errors import OptionError, StorageError

from .. import migrations
from ..database import Database
from ..migrations import VERSION
from ..store_folder import StoreFolder
from ..tables import Base

# Whoever makes or migrates the tables holds this lock of PostgreSQL's, so that others wait.
_LOCK = 0x64666267
_DRIVER = "postgresql+psycopg"


def open_shared(url: str, folder: StoreFolder) -> Database:
    """The database at `postgresql://USER:PASSWORD@HOST/NAME`. OptionError, StorageError."""
    try:
        address = make_url(url)
    except exc.ArgumentError as error:
        raise OptionError(
            "The database must be named as postgresql://USER:PASSWORD@HOST/NAME."
        ) from error
    if address.drivername not in ("postgresql", "postgres", _DRIVER):
        raise OptionError(f"A studio's database is a postgresql://, not {address.drivername}://.")
    engine = create_engine(
        address.set(drivername=_DRIVER),
        pool_pre_ping=True,  # A connection may have outlived the database at its other end.
        connect_args={"options": "-c timezone=utc", "connect_timeout": 10},
    )
    try:
        with engine.connect() as connection:
            _bring_up_to_date(connection, folder)
    except StorageError:
        engine.dispose()
        raise
    except exc.OperationalError as error:
        shown = address.render_as_string(hide_password=True)
        why = str(error.orig).partition("\n")[0]
        raise StorageError(f"The database {shown} does not answer: {why}.") from error
    return Database(engine)


def _bring_up_to_date(connection: Connection, folder: StoreFolder) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
    connection.commit()
    try:
        version = _version(connection)
        connection.commit()
        if version is None:
            Base.metadata.create_all(connection)
            connection.execute(text("CREATE TABLE diffbgm_version (number INTEGER NOT NULL)"))
            connection.execute(text(f"INSERT INTO diffbgm_version VALUES ({VERSION})"))
            connection.commit()
        elif version > VERSION:
            raise StorageError(
                f"The database was made by a newer diffbgm (its version is {version}, this one "
                f"knows {VERSION}); use that version."
            )
        else:
            migrations.migrate(
                connection, version, folder, lambda number: _note_version(connection, number)
            )
    finally:
        connection.rollback()
        connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
        connection.commit()


def _version(connection: Connection) -> int | None:
    """None for a database in which nothing of ours is."""
    if not inspect(connection).has_table("diffbgm_version"):
        return None
    return connection.scalar(text("SELECT number FROM diffbgm_version"))


def _note_version(connection: Connection, number: int) -> None:
    connection.execute(text(f"UPDATE diffbgm_version SET number = {number}"))
