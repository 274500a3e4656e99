"""The configuration of a server."""

from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path


@dataclass(frozen=True)
class Limits:
    """What one client may ask for; served as `limits` by `GET /v1/info`."""

    media_bytes: int = 16 * 1024**3
    json_bytes: int = 16 * 1024**2
    queued_jobs: int = 100
    event_streams: int = 8


@dataclass(frozen=True)
class Retention:
    """How long the store keeps what; None is for ever, and without a bound.

    Films that no composition uses go `unused_media_days` after their last upload, compositions
    `composition_days` after they were asked for, and the oldest ones while films and compositions
    take more than `most_bytes`.
    """

    unused_media_days: float | None = 7.0
    composition_days: float | None = None
    most_bytes: int | None = None


@dataclass(frozen=True)
class Studio:
    """What servers and workers on many machines share: a queue (redis://), a database
    (postgresql://), and a folder or bucket for files ("" is one in the server's store).

    A job whose worker was not heard for `silent_seconds` is given to another one, until it has had
    `attempts` starts. A worker that has been without work for `idle_seconds` gives its memory back.
    """

    queue: str
    database: str
    artifacts: str = ""
    silent_seconds: float = 15.0
    attempts: int = 3
    idle_seconds: float = 600.0


@dataclass(frozen=True)
class Config:
    """`store` holds all that lasts; `hosts` are names besides addresses that a client may use.

    After `idle_seconds` without work the composer gives its memory back. A job that was running
    when the server was killed is started again until it has had `attempts` starts in all. In a
    studio, workers elsewhere do the jobs, and `store` is what the server has for itself.
    """

    store: Path
    hosts: frozenset[str] = frozenset({"localhost"})
    limits: Limits = field(default_factory=Limits)
    retention: Retention = field(default_factory=Retention)
    idle_seconds: float = 600.0
    attempts: int = 2
    studio: Studio | None = None


def default_store() -> Path:
    """The folder of films and compositions in the user's data folder."""
    return user_data_path("diffbgm", appauthor=False) / "store"
