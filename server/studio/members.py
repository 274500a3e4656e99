"""Which workers a studio has: each tells now and then that it is there, and what it runs."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, select

from ..composer import Description
from ..database import Database, clock
from ..tables import Member

# Of who was killed nothing stays for longer.
_FORGOTTEN_SECONDS = 86400.0


class Members:
    def __init__(self, database: Database) -> None:
        self._database = database

    def tell(self, name: str, description: Description | None) -> None:
        """That the worker `name` is there; it cannot compose yet, or not now, without a
        description."""
        described = asdict(description) if description else None
        with self._database.writing() as session:
            now = session.scalar(select(clock()))
            session.merge(Member(id=name, heard=now, description=described))
            session.execute(delete(Member).where(Member.heard < clock() - _FORGOTTEN_SECONDS))

    def forget(self, name: str) -> None:
        with self._database.writing() as session:
            session.execute(delete(Member).where(Member.id == name))

    def able(self, silent_seconds: float) -> Sequence[Description]:
        """Of those who can compose, and were heard since."""
        heard = select(Member).where(Member.heard > clock() - silent_seconds).order_by(Member.id)
        with self._database.reading() as session:
            members = session.scalars(heard).all()
        return [Description(**one.description) for one in members if one.description]
