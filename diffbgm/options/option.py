"""What an option is: its kind, its range, what it says of itself. Knows no option by name."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from numbers import Integral, Real
from pathlib import Path
from typing import Any, Literal, TypeVar

from diffbgm.dialogue import Dialogue
from diffbgm.errors import OptionError
from diffbgm.lead_sheet import parse_bars

T = TypeVar("T")

_MOMENT = re.compile(r"\d{1,9}|\d{1,6}(\.\d{1,9})?s|\d+:\d\d:\d\d([:;,]\d\d|\.\d{1,9})")
LONGEST_TEXT = 100_000  # characters

# The form of a value. The command line, HTTP, the page and Blender each write a kind their way.
Kind = Literal[
    "style",  # the name or file of a style
    "mood",  # (valence, arousal)
    "number",
    "integer",
    "seed",
    "switch",
    "choice",  # one of `choices`; on the command line a flag that stands for the last of them
    "name",  # one of `choices`, by its name everywhere
    "range",  # (low, high)
    "frames",  # first frames of shots
    "moments",  # frame numbers, timecodes or seconds (5.2s), as text
    "cuts",  # the same, of all shots of a film; on the command line a file
    "spans",  # (start, end) in seconds; on the command line a file
    "chords",  # bars as in a lead sheet, C | Am F | G; on the command line a file
    "device",
    "file",
]
# Where a form shows it: at once, folded away, or nowhere, as it is for who runs the server.
Group = Literal["front", "more", "server"]


@dataclass(frozen=True)
class Option:
    """What annotates a field of a class of options; `options_of` adds its name and default.

    `absent` says what None means, `initial` is where a form begins then. `flag` is the name on the
    command line where it differs. What is `film_only` means nothing to an edit; what `steers_hits`
    decides which cuts are met, and `diffbgm hits` takes it, too.
    """

    kind: Kind
    help: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    absent: str = ""
    initial: Any = None
    flag: str = ""
    group: Group = "more"
    film_only: bool = False
    steers_hits: bool = False
    name: str = ""
    default: Any = None

    @property
    def description(self) -> str:
        """The line of help, with the range of a number and what holds without the option."""
        bounds = f"{self.low:g} to {self.high:g}" if self.kind in ("number", "integer") else ""
        default = "" if self.default in (None, False, ()) else f"{self.default}"
        absent = self.absent or (default if self.kind != "choice" else "")
        parts = (self.help, bounds, absent and f"default: {absent}")
        return "; ".join(part for part in parts if part)

    def check(self, value: Any) -> None:
        """OptionError unless the option may have this value."""
        if value is not None or self.default is not None:
            _CHECKS[self.kind](self, value)

    def to_dict(self) -> dict[str, Any]:
        """For JSON: what the forms of page and add-on are built from."""
        return {
            "name": self.name,
            "kind": self.kind,
            "description": self.description,
            "low": self.low,
            "high": self.high,
            "choices": list(self.choices),
            "default": as_json(self.default),
            "absent": self.absent,
            "initial": as_json(self.initial),
            "group": self.group,
            "film_only": self.film_only,
        }


@cache
def options_of(owner: type) -> tuple[Option, ...]:
    """All options of a class of options, in its order."""
    return tuple(
        replace(field.type.__metadata__[0], name=field.name, default=field.default)  # type: ignore[union-attr]
        for field in fields(owner)
    )


def public_options(owner: type) -> tuple[Option, ...]:
    """Those that a client may choose; the others are for who runs the server."""
    return tuple(option for option in options_of(owner) if option.group != "server")


def check_options(content: Any, owner: type | None = None) -> None:
    """OptionError unless all fields of a dataclass are as `owner`, or its own class, wants them."""
    known = {option.name: option for option in options_of(owner or type(content))}
    for field in fields(content):
        known[field.name].check(getattr(content, field.name))


def checked(name: str, value: Any, kind: type[T]) -> T:
    """`value`, if it is of that kind; else TypeError, which is a caller's bug."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value


def as_json(value: Any) -> Any:
    """A value as JSON gives it back: tuples as lists, files found from any folder."""
    if isinstance(value, tuple):
        return [as_json(item) for item in value]
    return str(value.absolute()) if isinstance(value, Path) else value


def from_json(option: Option, value: Any) -> Any:
    """The value that `as_json` wrote."""
    if option.kind == "file":
        return value and Path(value)
    return _frozen(value)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _check_range(name: str, value: Any, low: float | None, high: float | None) -> None:
    if low is not None and high is not None and not low <= value <= high:
        raise OptionError(f"{name} must lie between {low} and {high}, not {value}")


def _check_number(option: Option, value: Any) -> None:
    _require(option, value, "a number", isinstance(value, Real))
    _check_range(option.name, value, option.low, option.high)


def _check_integer(option: Option, value: Any) -> None:
    _require(option, value, "a whole number", isinstance(value, Integral))
    _check_range(option.name, value, option.low, option.high)


def _check_switch(option: Option, value: Any) -> None:
    if not isinstance(value, bool):
        raise OptionError(f"{option.name} must be True or False, not {value!r}")


def _check_choice(option: Option, value: Any) -> None:
    if value not in option.choices:
        raise OptionError(f"{option.name} must be {' or '.join(option.choices)}, not {value!r}")


def _check_mood(option: Option, value: Any) -> None:
    _require(option, value, "a pair (valence, arousal)", _is_numbers(value, 2))
    for name, number in zip(("valence", "arousal"), value, strict=True):
        _check_range(name, number, -1, 1)


def _check_pair(option: Option, value: Any) -> None:
    _require(option, value, "a pair (low, high)", _is_numbers(value, 2))
    low, high = value
    if not (option.low or 0) <= low <= high <= (option.high or float("inf")):
        raise OptionError(
            f"{option.name} {low:g}-{high:g} is impossible: give MIN-MAX, rising, "
            f"between {option.low:g} and {option.high:g}"
        )


def _check_frames(option: Option, value: Any) -> None:
    _require(option, value, "a list of frame numbers", _is_all(value, Integral))


def _check_moments(option: Option, value: Any) -> None:
    is_moments = _is_all(value, str) and all(_MOMENT.fullmatch(text) for text in value)
    _require(option, value, "frames, timecodes or seconds, such as 131 or 5.2s", is_moments)


def _check_spans(option: Option, value: Any) -> None:
    is_spans = isinstance(value, list | tuple) and all(_is_numbers(span, 2) for span in value)
    _require(option, value, "a list of spans (start, end)", is_spans)
    for start, end in value:
        Dialogue(((start, end),))


def _check_text(option: Option, value: Any) -> None:
    _require(option, value, "a name", isinstance(value, str))


def _check_chords(option: Option, value: Any) -> None:
    is_text = isinstance(value, str) and len(value) <= LONGEST_TEXT
    _require(option, value, "chords, such as C | Am F | G", is_text)
    parse_bars(value)


def _check_file(option: Option, value: Any) -> None:
    _require(option, value, "a path", isinstance(value, Path))


def _is_all(value: Any, kind: type) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(each, kind) for each in value)


def _is_numbers(value: Any, count: int) -> bool:
    return _is_all(value, Real) and len(value) == count


def _require(option: Option, value: Any, what: str, is_right: bool) -> None:
    if not is_right or isinstance(value, bool):
        raise OptionError(f"{option.name} must be {what}, not {value!r}")


_CHECKS: dict[Kind, Callable[[Option, Any], None]] = {
    "style": _check_text,
    "mood": _check_mood,
    "number": _check_number,
    "integer": _check_integer,
    "seed": _check_integer,
    "switch": _check_switch,
    "choice": _check_choice,
    "name": _check_choice,
    "range": _check_pair,
    "frames": _check_frames,
    "moments": _check_moments,
    "cuts": _check_frames,
    "spans": _check_spans,
    "chords": _check_chords,
    "device": _check_text,
    "file": _check_file,
}
