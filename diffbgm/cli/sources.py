"""What a command works on: a film as it is, an edit or a list of cuts read from its file."""

import inspect
import sys
from collections.abc import Callable
from fractions import Fraction
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diffbgm.cli.terminal import UsageError

if TYPE_CHECKING:
    from diffbgm.readers.cut_lists import CutList
    from diffbgm.timeline import Timeline

CUT_LIST_SUFFIXES = (".json", ".txt")
EDIT_SUFFIXES = (".otio", ".edl", ".fcpxml", ".fcpxmld", ".xml", ".kdenlive", ".mlt", ".aaf")

_PANEL = "How an edit is read"
_FLAGS = {
    "media": Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER",
            help="Missing media lie here, or below; may be given more than once.",
            rich_help_panel=_PANEL,
        ),
    ],
    "timeline": Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Which edit of a file that holds several; default: the first.",
            rich_help_panel=_PANEL,
        ),
    ],
    "rate": Annotated[
        str | None,
        typer.Option(
            metavar="FPS",
            help="Frames a second, as 25 or 24000/1001; default: as the edit or its media say.",
            rich_help_panel=_PANEL,
        ),
    ],
    "cuts_only": Annotated[
        bool,
        typer.Option(
            "--cuts-only",
            metavar="",
            help="Go by the cuts alone: the media need not be there.",
            rich_help_panel=_PANEL,
        ),
    ],
}


def reads_source(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command whose `source` is a film, an edit or a list of cuts the flags of edits.

    The command is called with what was read. UsageError for flags that mean nothing to the source.
    """

    @wraps(command)
    def run(source: Path, **arguments: Any) -> None:
        flags = {name: arguments.pop(name) for name in _FLAGS}
        command(source=_read(source, **flags), **arguments)

    parameters = [*inspect.signature(command).parameters.values()]
    parameters += [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name == "cuts_only" else None,
            annotation=annotation,
        )
        for name, annotation in _FLAGS.items()
    ]
    show_parameters(run, parameters)
    return run


def show_parameters(command: Callable[..., None], parameters: list[inspect.Parameter]) -> None:
    """Let typer see these parameters of a command that takes them as keywords."""
    # As keywords, those with a default may stand before those without.
    keywords = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in parameters]
    command.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}


def _read(
    path: Path, media: list[Path] | None, timeline: str | None, rate: str | None, cuts_only: bool
) -> "Path | Timeline | CutList":
    suffix = path.suffix.lower()
    if suffix in EDIT_SUFFIXES:
        return _read_edit(path, media or [], timeline, rate, cuts_only)
    for flag, given in (("media", media), ("timeline", timeline), ("rate", rate)):
        if given:
            raise UsageError(f"--{flag} needs an edit, and {path} is none")
    if cuts_only:
        raise UsageError(f"--cuts-only needs an edit, and {path} is none")
    if suffix not in CUT_LIST_SUFFIXES:
        return path
    from diffbgm.readers.cut_lists import read_cut_list

    return read_cut_list(path)


def _read_edit(
    path: Path, media: list[Path], name: str | None, rate: str | None, cuts_only: bool
) -> "Timeline":
    from diffbgm.readers.edits import edit_names, read_timeline, read_timeline_cuts

    frame_rate = None if rate is None else _frame_rate(rate)
    if cuts_only:
        return read_timeline_cuts(path, rate=frame_rate, name=name)
    result = read_timeline(path, rate=frame_rate, media_folders=media, name=name)
    if name is None and len(names := edit_names(path)) > 1:
        others = ", ".join(names[1:])
        sys.stderr.write(f"{path} holds several edits: this is {names[0]}; --timeline: {others}\n")
    return result


def _frame_rate(text: str) -> Fraction:
    try:
        rate = Fraction(text)
    except (ValueError, ZeroDivisionError) as exc:
        raise UsageError(f"--rate must be like 25, 23.976 or 24000/1001, not {text!r}") from exc
    if not 0 < rate <= 1000:
        raise UsageError(f"--rate must lie between 0 and 1000, not {text}")
    return rate
