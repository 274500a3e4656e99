"""From the definition of options to flags, and from flags to options. Names no single option."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from diffbgm.cli.sources import CUT_LIST_SUFFIXES, EDIT_SUFFIXES, show_parameters
from diffbgm.cli.terminal import UsageError
from diffbgm.errors import InputError, OptionError
from diffbgm.options import Option, option_named, options_of, parse_mood
from diffbgm.options.option import Kind

PANELS = {"front": "Options", "more": "More options", "server": "On this machine"}

# What several commands share that is no option of composing.
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print JSON for programs.")]
Out = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="The folder to write.")]


def with_options(
    owner: type, chosen: Callable[[Option], bool] = lambda option: True
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command that takes `options`, an `owner`, a flag for each chosen option of it.

    A command that scores something calls it `source`. UsageError for what the options refuse.
    """
    options = [option for option in options_of(owner) if chosen(option)]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**arguments: Any) -> None:
            given = {option: arguments.pop(option.name) for option in options}
            command(**arguments, options=_read(owner, given, arguments.get("source")))

        parameters = []
        for each in inspect.signature(command).parameters.values():
            flags = [_parameter(option) for option in options]
            parameters += flags if each.name == "options" else [each]
        show_parameters(run, parameters)
        return run

    return decorate


def flag_of(option: Option) -> str:
    return "--" + (option.flag or option.name).replace("_", "-")


def given_flags(options: Any) -> list[str]:
    """The flags of the options that are not at their defaults."""
    known = {option.name: option for option in options_of(type(options))}
    changed = (each for each in fields(options) if getattr(options, each.name) != each.default)
    return [flag_of(known[each.name]) for each in changed]


def _parameter(option: Option) -> inspect.Parameter:
    form = _FORMS[option.kind]
    default = form.default if form.default is not None else option.default
    info = typer.Option(
        flag_of(option),
        help=f"{option.description}.",
        metavar=form.metavar,
        show_default=False,
        rich_help_panel=PANELS[option.group],
    )
    return inspect.Parameter(
        option.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None if default == () else default,
        annotation=Annotated[form.type, info],
    )


def shared(name: str) -> Any:
    """What typer shows of an option of composing that a command takes by itself."""
    option = option_named(name)
    form = _FORMS[option.kind]
    return typer.Option(
        flag_of(option), help=f"{option.description}.", metavar=form.metavar, show_default=False
    )


def _read(owner: type, given: dict[Option, Any], source: Path | None) -> Any:
    """The options that the flags stand for; what a file says comes with errors of its own."""
    given = {option: raw for option, raw in given.items() if raw is not None}
    _refuse_without_film(given, source)
    forms = {option: _FORMS[option.kind] for option in given}
    files = {
        option.name: form.read_file(given[option], source)
        for option, form in forms.items()
        if form.read_file
    }
    try:
        values = {
            option.name: _checked(option, form.read(option, given[option]))
            for option, form in forms.items()
            if not form.read_file
        }
        return owner(**files, **values)
    except InputError as exc:
        raise UsageError(str(exc)) from exc


def _refuse_without_film(given: dict[Option, Any], source: Path | None) -> None:
    if source is None or source.suffix.lower() not in (*CUT_LIST_SUFFIXES, *EDIT_SUFFIXES):
        return
    for option, raw in given.items():
        if option.film_only and raw:
            raise UsageError(f"{flag_of(option)} needs a film, and {source} is none")


def _checked(option: Option, value: Any) -> Any:
    """The value, if it is possible; the error names the flag."""
    replace(option, name=flag_of(option)).check(value)
    return value


def _as_given(option: Option, value: Any) -> Any:
    return value


def _read_choice(option: Option, is_given: bool) -> str:
    return option.choices[-1] if is_given else option.default


def _read_mood(option: Option, text: str) -> tuple[float, float]:
    return parse_mood(text)


def _read_range(option: Option, text: str) -> tuple[float, float]:
    """MIN-MAX, or one number for both; else OptionError."""
    try:
        numbers = [float(part) for part in text.split("-")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        raise OptionError(f"{flag_of(option)} must be MIN-MAX, such as 80-120, not {text!r}")
    return numbers[0], numbers[-1]


def _read_frames(option: Option, texts: list[str]) -> tuple[int, ...]:
    """The frames of an option given once or more often, commas between; else OptionError."""
    numbers = [part.strip() for text in texts for part in text.split(",")]
    for number in numbers:
        if not (number.isascii() and number.isdigit()):
            raise OptionError(
                f"{flag_of(option)} must be frame numbers of cuts, such as 48,131, not {number!r}"
            )
    return tuple(sorted(set(map(int, numbers))))


def _read_moments(option: Option, texts: list[str]) -> tuple[str, ...]:
    """The moments of an option given once or more often, commas between."""
    return tuple(part.strip() for text in texts for part in text.split(","))


def _read_cuts(path: Path, source: Path | None) -> tuple[int, ...]:
    from diffbgm.readers.cut_lists import read_cuts
    from diffbgm.readers.film_info import probe

    assert source is not None, "cuts are those of a film"
    return read_cuts(path, probe(source).frame_rate)


def _read_chords(path: Path, source: Path | None) -> str:
    from diffbgm.readers.chord_files import read_chords

    return read_chords(path)


def _read_spans(path: Path, source: Path | None) -> tuple[tuple[float, float], ...]:
    from diffbgm.readers.subtitles import read_dialogue

    return read_dialogue(path)


@dataclass(frozen=True)
class _Form:
    """How a kind of option is written on the command line; `default` is that of its flag."""

    type: Any
    metavar: str
    read: Callable[[Option, Any], Any] = _as_given
    read_file: Callable[[Path, Path | None], Any] | None = None
    default: Any = None


_FORMS: dict[Kind, _Form] = {
    "style": _Form(str, "NAME|FILE"),
    "mood": _Form(str | None, "NAME|V,A", _read_mood),
    "number": _Form(float | None, "NUMBER"),
    "integer": _Form(int, "NUMBER"),
    "seed": _Form(int | None, "NUMBER"),
    "switch": _Form(bool, ""),
    "choice": _Form(bool, "", _read_choice, default=False),
    "name": _Form(str | None, "NAME"),
    "range": _Form(str | None, "MIN-MAX", _read_range),
    "frames": _Form(list[str] | None, "FRAMES", _read_frames),
    "moments": _Form(list[str] | None, "TIME", _read_moments),
    "cuts": _Form(Path | None, "FILE", read_file=_read_cuts),
    "spans": _Form(Path | None, "FILE", read_file=_read_spans),
    "chords": _Form(Path | None, "FILE", read_file=_read_chords),
    "device": _Form(str, "NAME"),
    "file": _Form(Path | None, "FILE"),
}
