"""The store's tables. Knows neither folders nor HTTP.

A change here is a new migration in `migrations`, never an edit of an old one.
"""

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, Column, Dialect, Double, ForeignKey, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeDecorator

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
JobKind = Literal["compose", "refit", "take", "select"]
# What a composition begins with: its folder is there once that is done.
FIRST_KINDS: tuple[JobKind, ...] = ("compose", "refit")


class Words(TypeDecorator[str]):
    """Text as clients send it: for zero, which PostgreSQL refuses, stands what Unicode has for what
    cannot be shown."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else value.replace("\0", "\ufffd")


class Base(DeclarativeBase):
    type_annotation_map = {dict[str, Any]: JSON, str: Words, float: Double}  # noqa: RUF012


def _now() -> datetime:
    return datetime.now(UTC)


used_media = Table(
    "used_media",
    Base.metadata,
    Column("composition_id", ForeignKey("compositions.id", ondelete="CASCADE"), primary_key=True),
    Column("media_id", ForeignKey("media.id"), primary_key=True),
)


class Media(Base):
    """An uploaded film; its id is the SHA-256 of its content. `created`: its latest upload."""

    __tablename__ = "media"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    created: Mapped[datetime]


class Job(Base):
    """One piece of work on a composition. `attempts` counts its starts."""

    __tablename__ = "jobs"
    __table_args__ = {"sqlite_autoincrement": True}  # noqa: RUF012

    id: Mapped[int] = mapped_column(primary_key=True)
    composition_id: Mapped[str] = mapped_column(ForeignKey("compositions.id", ondelete="CASCADE"))
    kind: Mapped[JobKind] = mapped_column(Text)
    arguments: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(Text, default="queued", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[dict[str, Any] | None] = mapped_column(default=None)
    created: Mapped[datetime] = mapped_column(default=_now)


class Run(Base):
    """A job in hand, for as long as its holder is heard: one at a time on a composition.

    Only who knows the `token` may report, and end the job with a result: it is another one at every
    start. Times are seconds since 1970 by the database's own clock.
    """

    __tablename__ = "runs"

    composition_id: Mapped[str] = mapped_column(
        ForeignKey("compositions.id", ondelete="CASCADE"), primary_key=True
    )
    job_id: Mapped[int] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    token: Mapped[str]
    began: Mapped[float]
    heard: Mapped[float]
    stage: Mapped[str] = mapped_column(default="starting")
    fraction: Mapped[float] = mapped_column(default=0.0)
    is_cancelled: Mapped[bool] = mapped_column(default=False)
    # How the music looks by now; read by who asks for it alone.
    sketch: Mapped[dict[str, Any] | None] = mapped_column(default=None, deferred=True)


class Member(Base):
    """A worker of a studio, and when it was heard last; `description` as `composer.Description`."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(primary_key=True)
    heard: Mapped[float]
    description: Mapped[dict[str, Any] | None] = mapped_column(default=None)


class Composition(Base):
    """The work on what was asked for; the request itself is a document beside the table.

    `size` is what its folder takes, in bytes, 0 before it is composed. `version` names the result
    that counts where every job leaves one of its own.
    """

    __tablename__ = "compositions"

    id: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    created: Mapped[datetime] = mapped_column(default=_now, index=True)
    size: Mapped[int] = mapped_column(BigInteger, default=0)
    version: Mapped[str] = mapped_column(default="")
    jobs: Mapped[list[Job]] = relationship(
        order_by=Job.id, lazy="selectin", cascade="all, delete-orphan", passive_deletes=True
    )
    media: Mapped[list[Media]] = relationship(secondary=used_media, lazy="selectin")

    @property
    def is_composed(self) -> bool:
        """Whether its folder holds a finished composition."""
        return any(job.kind in FIRST_KINDS and job.state == "done" for job in self.jobs)

    @property
    def current_job(self) -> Job:
        """The one that counts: running, else next in the queue, else the latest."""
        for state in ("running", "queued"):
            for job in self.jobs:
                if job.state == state:
                    return job
        return self.jobs[-1]
