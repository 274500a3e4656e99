"""Styles: who plays what, read from one JSON file a style. Knows neither notes nor sound.

A style of one's own is a file of the same form, given by its path, or by its name if it lies in
`own_styles()`. Patterns are strings of sixteenths, 16 a bar, counted from the downbeat; see
`PATTERN_LETTERS` for what may stand in them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal

from annotated_types import Interval, Len, Predicate

from diffbgm.errors import StyleError

Role = Literal["melody", "bridge", "accompaniment", "bass"]
# How long notes last: as written; until the next note; until the harmony changes; plucked.
Articulation = Literal["written", "legato", "pedal", "short"]

PIANO_KEYS = (21, 108)
HOLD, REST = "-", "."
# Besides HOLD and REST:
PATTERN_LETTERS = {
    # The chord (X stronger, o softer), or one of its voices counted from below.
    "accompaniment": "Xxo01234567",
    # Root, third, fifth, seventh, octave, a step towards the next root.
    "bass": "R3578a",
    "drums": "Xxo",
}
# General MIDI percussion keys.
DRUM_KEYS = {
    "kick": 36,
    "side_stick": 37,
    "snare": 38,
    "clap": 39,
    "low_tom": 41,
    "closed_hat": 42,
    "mid_tom": 45,
    "open_hat": 46,
    "high_tom": 48,
    "ride": 51,
    "tambourine": 54,
    "crash": 57,
    "shaker": 70,
}

Share = Annotated[float, Interval(ge=0, le=1)]
Pan = Annotated[float, Interval(ge=-1, le=1)]
Level = Annotated[float, Interval(ge=-40, le=12)]
Program = Annotated[int, Interval(ge=0, le=127)]
Pitch = Annotated[int, Interval(ge=0, le=127)]
Words = Annotated[str, Predicate(lambda text: bool(text.strip()))]

_STRICT = {"extra": "forbid"}


@dataclass(frozen=True)
class Pattern:
    """What is played from the energy `energy` (0..1) on, one letter a sixteenth."""

    __pydantic_config__ = _STRICT

    energy: Share
    steps: str


@dataclass(frozen=True)
class Instrument:
    """One player; a doubling is another instrument of the same role, an octave away.

    `range` are the lowest and highest pitch it plays, `octave` shifts what it doubles; it plays
    in shots whose energy lies within `energy`. `patterns` replace the written rhythm (a bass has
    no other). `level_db` is its fader, `pan` -1 (left) to 1, `reverb` the share sent to the reverb;
    `brightness` lifts what lies above 2.5 kHz by so many dB.
    """

    __pydantic_config__ = _STRICT

    name: Words
    role: Role
    program: Program
    range: tuple[Pitch, Pitch]
    level_db: Level
    pan: Pan
    reverb: Share
    brightness: Annotated[float, Interval(ge=-12, le=12)] = 0.0
    octave: Annotated[int, Interval(ge=-3, le=3)] = 0
    voices: Annotated[int, Interval(ge=1, le=8)] = 1
    articulation: Articulation = "written"
    energy: tuple[Share, Share] = (0.0, 1.0)
    patterns: tuple[Pattern, ...] = ()

    def __post_init__(self) -> None:
        _check_order("range", self.range)
        _check_order("energy", self.energy)
        if self.range[1] - self.range[0] < 12:
            raise ValueError(f"range: {list(self.range)} is narrower than an octave")
        if self.role in ("melody", "bridge") and self.patterns:
            raise ValueError(f"patterns: a {self.role} plays what is written, without patterns")
        if self.role == "bass":
            _check_patterns(self.patterns, PATTERN_LETTERS["bass"])
        elif self.patterns:
            _check_patterns(self.patterns, PATTERN_LETTERS["accompaniment"])

    def plays(self, energy: float) -> bool:
        """Whether it plays in a shot of that energy."""
        return self.energy[0] <= energy <= self.energy[1]


@dataclass(frozen=True)
class DrumPattern:
    """Lines of one letter a sixteenth, by drum, played from the energy `energy` on."""

    __pydantic_config__ = _STRICT

    energy: Share
    lines: dict[str, str]

    def __post_init__(self) -> None:
        _check_drums(self.lines)
        for line in self.lines.values():
            _check_steps(line, PATTERN_LETTERS["drums"])


@dataclass(frozen=True)
class Drums:
    """A light drum part: patterns by energy; `on_cut` sounds where a strong cut begins a shot.

    `kit` is the program of the percussion channel: 0 standard, 25 electronic, 40 brushes,
    48 orchestral.
    """

    __pydantic_config__ = _STRICT

    kit: Program
    level_db: Level
    pan: Pan
    reverb: Share
    patterns: Annotated[tuple[DrumPattern, ...], Len(1)]
    on_cut: str | None = None

    def __post_init__(self) -> None:
        _check_rising(self.patterns)
        _check_drums([self.on_cut] if self.on_cut else [])


@dataclass(frozen=True)
class Humanise:
    """Standard deviations of what a player adds to the beat: milliseconds, MIDI velocity."""

    __pydantic_config__ = _STRICT

    timing_ms: Annotated[float, Interval(ge=0, le=40)]
    velocity: Annotated[float, Interval(ge=0, le=20)]


@dataclass(frozen=True)
class Style:
    """`purpose` is a line on what it is for, `tempo` the lowest and highest beats a minute.

    `swing` moves the off-beat eighths: 0 straight, 1 to the last third of the beat.
    """

    __pydantic_config__ = _STRICT

    name: Words
    purpose: Words
    tempo: Annotated[
        tuple[Annotated[float, Interval(ge=30)], Annotated[float, Interval(le=240)]], Len(2)
    ]
    swing: Share
    humanise: Humanise
    instruments: Annotated[tuple[Instrument, ...], Len(1)]
    drums: Drums | None = None

    def __post_init__(self) -> None:
        _check_order("tempo", self.tempo)
        names = [instrument.name for instrument in self.instruments]
        if len({*names, "Drums"}) <= len(names):
            raise ValueError("instruments: each needs a name of its own, and none is Drums")
        for role in ("melody", "accompaniment"):
            if not any(each.role == role and each.energy[0] == 0 for each in self.instruments):
                raise ValueError(f"instruments: no {role} that plays from energy 0 on")

    def moved(self, octaves: int) -> "Style":
        """All players but the bass so many octaves higher, on the keys of a piano."""
        return replace(
            self,
            instruments=tuple(
                each if each.role == "bass" else _moved(each, octaves) for each in self.instruments
            ),
        )


def _moved(player: Instrument, octaves: int) -> Instrument:
    low, high = (pitch + 12 * octaves for pitch in player.range)
    if low < PIANO_KEYS[0] or high > PIANO_KEYS[1]:
        return player
    octave = max(-3, min(3, player.octave + octaves))
    return replace(player, octave=octave, range=(low, high))


def own_styles() -> Path:
    """The folder in which a user's own styles lie; it need not be there."""
    from platformdirs import user_data_path

    return user_data_path("diffbgm", appauthor=False) / "styles"


def style_names() -> tuple[str, ...]:
    """Names of the styles that come with the program and of one's own, sorted."""
    shipped = (file.name for file in _shipped_styles().iterdir())
    names = (*shipped, *(path.name for path in own_styles().glob("*.json")))
    return tuple(sorted({name.removesuffix(".json") for name in names if name.endswith(".json")}))


def located(name_or_path: str | Path) -> str:
    """The name of a style; the path of its file so that it is found from any folder."""
    path = Path(name_or_path)
    return str(path.absolute() if path.suffix == ".json" else name_or_path)


def load_style(name_or_path: str | Path) -> Style:
    """The style of that name, or of a JSON file of one's own. StyleError if there is none.

    One's own style goes before one of the same name that comes with the program.
    """
    path, name = Path(name_or_path), str(name_or_path)
    if path.suffix != ".json":
        if name not in style_names():
            raise StyleError(
                f"no style is called {name!r}: choose one of {', '.join(style_names())}, "
                "or give the path of a .json file"
            )
        path = own_styles() / f"{name}.json"
        if not path.is_file():
            return _shipped(name)
    try:
        return style_from_json(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or "it is not text"
        raise StyleError(f"{path}: the style cannot be read: {reason}") from exc


def style_from_json(text: str, source: str) -> Style:
    """The style that `text` describes; StyleError names `source` and the key that is wrong."""
    # Lazily: the command line lists its styles without paying for pydantic.
    from pydantic import TypeAdapter, ValidationError

    try:
        json.loads(text)  # Its errors are the clearer ones.
        return TypeAdapter(Style).validate_json(text, strict=True)
    except json.JSONDecodeError as exc:
        raise StyleError(f"{source}: not JSON: {exc.msg} in line {exc.lineno}") from exc
    except RecursionError as exc:
        raise StyleError(
            f"{source}: lists within lists without end; no style is like that"
        ) from exc
    except ValidationError as exc:
        raise StyleError(f"{source}: {_first_error(exc.errors()[0])}") from exc


@cache
def _shipped(name: str) -> Style:
    text = _shipped_styles().joinpath(f"{name}.json").read_text(encoding="utf-8")
    return style_from_json(text, f"{name}.json")


def _shipped_styles() -> Traversable:
    return files("diffbgm.arranging").joinpath("styles")


def _first_error(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    unknown = error["type"] == "unexpected_keyword_argument"
    known = "unknown key: correct its name or take it out"
    what = known if unknown else error["msg"].removeprefix("Value error, ")
    return f"{where}: {what}" if where else what


def _check_order(key: str, limits: tuple[float, float]) -> None:
    if limits[0] > limits[1]:
        raise ValueError(f"{key}: {limits[0]} is above {limits[1]}")


def _check_patterns(patterns: tuple[Pattern, ...], letters: str) -> None:
    _check_rising(patterns)
    for pattern in patterns:
        _check_steps(pattern.steps, letters)


def _check_rising(patterns: tuple[Pattern, ...] | tuple[DrumPattern, ...]) -> None:
    energies = [pattern.energy for pattern in patterns]
    if not energies:
        raise ValueError("patterns: at least one is needed")
    if any(b <= a for a, b in pairwise(energies)):
        raise ValueError("patterns: their energies must rise")


def _check_steps(steps: str, letters: str) -> None:
    if not steps or len(steps) % 16:
        raise ValueError(f"{steps!r} has {len(steps)} sixteenths; a bar has 16")
    if wrong := set(steps) - {*letters, HOLD, REST}:
        raise ValueError(f"{steps!r}: {min(wrong)!r} is none of {letters}{HOLD}{REST}")


def _check_drums(names: Iterable[str]) -> None:
    for name in names:
        if name not in DRUM_KEYS:
            raise ValueError(f"no drum is called {name!r}: choose from {', '.join(DRUM_KEYS)}")
