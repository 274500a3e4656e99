"""How every command prints, shows its progress, and says that it was stopped. Knows no command."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from diffbgm.errors import CancelledError
from diffbgm.progress import Progress


class UsageError(typer.TyperException):
    """The command line asks for what cannot be: exit code 2, as for an unknown flag."""

    exit_code = 2


def print_json(content: Any) -> None:
    typer.echo(json.dumps(content, indent=1))


def print_table(table: Any) -> None:
    from rich.console import Console

    Console().print(table)


@contextmanager
def progress_bar(kept: str = "nothing was changed") -> Iterator[Progress]:
    """A bar on standard error where a person watches it; Ctrl-C says what was going on, and `kept`.

    CancelledError at Ctrl-C.
    """
    stages = ["the start"]
    try:
        with _bar() as show:

            def progress(stage: str, fraction: float) -> None:
                stages[:] = [stage]
                show(stage, fraction)

            yield progress
    except KeyboardInterrupt as exc:
        raise CancelledError(f"stopped during {stages[0]}; {kept}") from exc


@contextmanager
def _bar() -> Iterator[Progress]:
    if not sys.stderr.isatty():
        yield lambda stage, fraction: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:12}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)
