"""What a studio's server and workers are told of each other, and `diffbgm worker`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diffbgm.cli.options import shared
from diffbgm.cli.terminal import UsageError

if TYPE_CHECKING:
    from diffbgm_server.config import Studio  # pyright: ignore[reportMissingImports]

# What the extra `studio` brings.
_PACKAGES = ("dramatiq", "redis", "psycopg", "fsspec", "obstore")

# Addresses may hold passwords, which anybody can read in a list of processes: so there is the
# environment.
Queue = Annotated[
    str | None,
    typer.Option(metavar="URL", envvar="DIFFBGM_QUEUE", help="A studio's Redis, redis://HOST."),
]
Database = Annotated[
    str | None,
    typer.Option(
        metavar="URL", envvar="DIFFBGM_DATABASE", help="A studio's, postgresql://USER@HOST/NAME."
    ),
]
Artifacts = Annotated[
    str,
    typer.Option(
        metavar="URL",
        envvar="DIFFBGM_ARTIFACTS",
        help="A studio's files: a folder all share, or s3://BUCKET/PREFIX.",
    ),
]


def studio_of(queue: str | None, database: str | None, artifacts: str) -> "Studio | None":
    """The studio that the options name; None where they name none."""
    if queue is None and database is None:
        if artifacts:
            raise UsageError("--artifacts are a studio's: give --queue and --database, too")
        return None
    if queue is None or database is None:
        raise UsageError("a studio needs both, --queue and --database")
    _require_packages()
    from diffbgm_server.config import Studio  # pyright: ignore[reportMissingImports]

    return Studio(queue, database, artifacts)


def _require_packages() -> None:
    from importlib.util import find_spec

    if missing := [name for name in _PACKAGES if find_spec(name) is None]:
        raise UsageError(
            f"the package {missing[0]} is missing: type `python install.py studio` first"
        )


def worker(
    queue: Queue = None,
    database: Database = None,
    artifacts: Artifacts = "",
    metrics_port: Annotated[
        int | None, typer.Option(metavar="PORT", help="Tell Prometheus figures there.")
    ] = None,
    device: Annotated[str, shared("device")] = "auto",
    checkpoint: Annotated[Path | None, shared("checkpoint")] = None,
    soundfont: Annotated[Path | None, shared("soundfont")] = None,
) -> None:
    """Compose for a studio: take jobs from its queue until it is stopped."""
    studio = studio_of(queue, database, artifacts)
    if studio is None or not artifacts:
        raise UsageError("a worker needs --queue, --database and --artifacts, as its server has")
    from diffbgm_server.studio.working import run  # pyright: ignore[reportMissingImports]

    run(
        studio,
        device=device,
        checkpoint=checkpoint,
        soundfont=soundfont,
        metrics_port=metrics_port,
    )
