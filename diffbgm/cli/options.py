"""What all commands share: their options, how they print, and the progress bar."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from diffbgm.errors import OptionError
from diffbgm.options import MOODS
from diffbgm.progress import Progress, no_progress

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")]
Mood = Annotated[str | None, typer.Option(help=f"v,a (each -1 to 1) or: {', '.join(MOODS)}.")]
Energy = Annotated[float | None, typer.Option(help="0 (calm) to 1 (wild); default: measured.")]
Bpm = Annotated[str | None, typer.Option(help="MIN-MAX beats a minute.")]
Freedom = Annotated[float, typer.Option(help="Percent the tempo may stray to meet cuts.")]
Pinned = Annotated[
    list[str] | None,
    typer.Option(help="Cuts that must be met, by frame: 48,131. `diffbgm hits` lists them."),
]
Ignored = Annotated[list[str] | None, typer.Option(help="Cuts that need not be met, by frame.")]
PreferDownbeats = Annotated[
    bool, typer.Option("--prefer-downbeats", help="Rather fewer cuts met, but on downbeats.")
]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]
Checkpoint = Annotated[Path | None, typer.Option(help="Weights to use instead of the default.")]
SoundFont = Annotated[Path | None, typer.Option("--soundfont", help="An .sf2 file to play with.")]


def parse_bpm(text: str) -> tuple[float, float]:
    """MIN-MAX, or one tempo; else OptionError."""
    try:
        numbers = [float(part) for part in text.split("-")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2) or numbers[0] > numbers[-1]:
        raise OptionError(f"--bpm must be MIN-MAX, such as 80-120, not {text!r}")
    return numbers[0], numbers[-1]


def parse_frames(name: str, texts: list[str] | None) -> tuple[int, ...]:
    """The frames of an option given once or more often, commas between; else OptionError."""
    numbers = [part.strip() for text in texts or () for part in text.split(",")]
    for number in numbers:
        if not (number.isascii() and number.isdigit()):
            raise OptionError(
                f"--{name} must be frame numbers of cuts, such as 48,131, not {number!r}"
            )
    return tuple(sorted(set(map(int, numbers))))


def print_json(content: Any) -> None:
    typer.echo(json.dumps(content, indent=1))


def print_table(table: Any) -> None:
    from rich.console import Console

    Console().print(table)


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error where a person watches it; else nothing."""
    if not sys.stderr.isatty():
        yield no_progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description:12}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=1.0)
        yield lambda stage, fraction: bar.update(task, description=stage, completed=fraction)
