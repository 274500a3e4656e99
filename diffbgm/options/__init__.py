"""What a caller may ask for: the one place where an option of composing is defined.

A field of `ComposeOptions` or `TakeOptions`, annotated with an `Option`, is all there is to it.
From it come its check, the command's flag, the request over HTTP, what `GET /v1/info` says, and
the forms of the page and of Blender. Light: nothing heavy is imported to check an option.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from diffbgm.dialogue import Interval
from diffbgm.errors import CutsError, OptionError
from diffbgm.options.option import (
    Option,
    as_json,
    check_options,
    checked,
    from_json,
    options_of,
    public_options,
)

__all__ = [
    "DEFAULT_STYLE",
    "MOODS",
    "ComposeOptions",
    "Option",
    "RefitOptions",
    "Sampling",
    "TakeOptions",
    "TimelineFormat",
    "check_apart",
    "check_options",
    "checked",
    "option_named",
    "options_of",
    "parse_mood",
    "public_options",
]

# Valence and arousal, each -1..1 (Russell's circumplex, 1980).
MOODS: dict[str, tuple[float, float]] = {
    "calm": (0.4, -0.7),
    "dark": (-0.7, -0.1),
    "dreamy": (0.2, -0.4),
    "energetic": (0.5, 0.8),
    "epic": (0.1, 0.9),
    "happy": (0.8, 0.4),
    "neutral": (0.0, 0.0),
    "romantic": (0.6, -0.2),
    "sad": (-0.6, -0.6),
    "tense": (-0.5, 0.6),
}
DEFAULT_STYLE = "cinematic"
HIGHEST_SEED = 2**63 - 1

# First the options that several classes have.


def _mood(absent: str) -> Option:
    names = ", ".join(MOODS)
    help_ = f"{names}, or valence,arousal (each -1 to 1)"
    return Option("mood", help_, absent=absent, group="front")


def _energy(absent: str) -> Option:
    help_ = "How busy the music is, from calm to wild"
    return Option("number", help_, low=0, high=1, absent=absent, initial=0.5, group="front")


Steps = Annotated[int, Option("integer", "Diffusion steps", low=4, high=1000)]
Guidance = Annotated[
    float, Option("number", "How strictly the notes follow the picture", low=0, high=10)
]
Device = Annotated[str, Option("device", "auto, cpu or cuda", group="server")]
Checkpoint = Annotated[
    Path | None,
    Option("file", "Weights to compose with", absent="those of the package", group="server"),
]
SoundFont = Annotated[
    Path | None,
    Option("file", "An .sf2 or .sf3 file to play with", absent="an installed one", group="server"),
]
Notes = Literal["new", "same"]
TimelineFormat = Literal["otio", "edl", "fcp7", "fcpxml", "kdenlive", "mlt"]


@dataclass(frozen=True)
class Sampling:
    """Solver steps and guidance (1: as conditioned; more: exaggerated)."""

    steps: Steps = 16
    guidance: Guidance = 1.6

    def __post_init__(self) -> None:
        check_options(self)


@dataclass(frozen=True)
class ComposeOptions:
    """What is asked of the music of a whole film.

    `mood` and `energy` hold for every shot that has none of its own. With `mux`, film.mp4 has the
    film's own sound, too, where the music makes room for it.
    """

    style: Annotated[
        str, Option("style", "Which instruments play, and how", group="front", steers_hits=True)
    ] = DEFAULT_STYLE
    mood: Annotated[tuple[float, float] | None, _mood("as measured")] = None
    energy: Annotated[float | None, _energy("as measured")] = None
    bpm: Annotated[
        tuple[float, float] | None,
        Option(
            "range",
            "Slowest and fastest tempo, in beats a minute",
            low=20,
            high=400,
            absent="the style's",
            initial=(80, 120),
            steers_hits=True,
        ),
    ] = None
    freedom_percent: Annotated[
        float,
        Option(
            "number",
            "Percent that the tempo may stray to meet cuts",
            low=0,
            high=25,
            flag="freedom",
            steers_hits=True,
        ),
    ] = 6.0
    pinned: Annotated[
        tuple[int, ...],
        Option("frames", "Cuts that must be met by a beat, by frame: 48,131", steers_hits=True),
    ] = ()
    ignored: Annotated[
        tuple[int, ...], Option("frames", "Cuts that need not be met, by frame", steers_hits=True)
    ] = ()
    added: Annotated[
        tuple[int, ...],
        Option("frames", "Cuts besides those in the picture, by frame: 48,131", steers_hits=True),
    ] = ()
    dropped: Annotated[
        tuple[int, ...], Option("frames", "Cuts that are none, by frame", steers_hits=True)
    ] = ()
    asked_hits: Annotated[
        tuple[str, ...],
        Option(
            "moments",
            "Where a beat shall be besides the cuts: 5.2s, a frame or a timecode",
            flag="hit",
            steers_hits=True,
        ),
    ] = ()
    prefer_downbeats: Annotated[
        bool, Option("switch", "Rather fewer cuts met, but on downbeats", steers_hits=True)
    ] = False
    seed: Annotated[
        int,
        Option("seed", "Another number, another piece", low=0, high=HIGHEST_SEED, group="front"),
    ] = 0
    cuts: Annotated[
        tuple[int, ...] | None,
        Option(
            "cuts",
            "First frames of a film's new shots",
            absent="found in the picture",
            film_only=True,
            steers_hits=True,
        ),
    ] = None
    best_of: Annotated[
        int,
        Option(
            "integer",
            "How many pieces to make, of which the one most like songs is kept",
            low=1,
            high=8,
        ),
    ] = 1
    chords: Annotated[
        str | None,
        Option(
            "chords",
            "Chords from the first downbeat on, one or two a bar: C | Am F | G",
            absent="drawn for phrases and mood",
        ),
    ] = None
    under_dialogue: Annotated[
        bool, Option("switch", "Make room where somebody speaks in the film's own sound")
    ] = False
    dialogue: Annotated[
        tuple[Interval, ...] | None,
        Option("spans", "Make room in these spans of seconds instead", absent="none"),
    ] = None
    ducking: Annotated[
        float,
        Option("number", "How far the music steps back under speech, in dB", low=-24, high=0),
    ] = -8.0
    steps: Steps = Sampling.steps
    guidance: Guidance = Sampling.guidance
    device: Device = "auto"
    checkpoint: Checkpoint = None
    soundfont: SoundFont = None
    # From the softest that broadcasters ask for to where limiting is audible all the time.
    loudness: Annotated[
        float, Option("number", "Loudness of the mix, in LUFS", low=-36, high=-10)
    ] = -16.0
    timeline_format: Annotated[
        TimelineFormat | None,
        Option(
            "name",
            "Format in which the timeline comes back with its music",
            choices=get_args(TimelineFormat),
            absent="that of the edit",
        ),
    ] = None
    stems: Annotated[
        bool, Option("switch", "A track for every stem in the timeline, in place of the mix")
    ] = False
    mux: Annotated[
        bool, Option("switch", "Also write the film with its music (film.mp4)", film_only=True)
    ] = False

    def __post_init__(self) -> None:
        check_options(self)
        check_apart("pinned", self.pinned, "ignored", self.ignored)
        check_apart("added", self.added, "dropped", self.dropped)

    @property
    def makes_room(self) -> bool:
        """Whether the music makes room for speech."""
        return self.under_dialogue or self.dialogue is not None

    @property
    def sampling(self) -> Sampling:
        return Sampling(self.steps, self.guidance)

    def to_dict(self) -> dict[str, Any]:
        """As composition.json keeps them; files are found from any folder."""
        return {field.name: as_json(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "ComposeOptions":
        """The options whose `to_dict` this is, also after a trip through JSON."""
        known = {option.name: option for option in options_of(cls)}
        return cls(**{name: from_json(known[name], value) for name, value in content.items()})


@dataclass(frozen=True)
class TakeOptions:
    """What is asked of new takes of one shot; None means as in the take that is in the mix now.

    `notes` "new" samples other notes; "same" arranges those of the take in the mix again, in
    another style, energy or octave, which needs no network. Of `chords` what lies outside the shot
    is left out, and where they end its harmony goes on as it was. `takes` are made at once, the
    first of them goes into the mix. Without a `seed` every take has another, and the one most like
    songs is the first; with one, the takes after the first have the seeds that follow.
    `automatic` takes mood and energy back to what was measured in the picture.
    """

    notes: Annotated[
        Notes,
        Option(
            "choice",
            "Arrange the same notes again, in another style, energy or octave",
            choices=get_args(Notes),
            flag="same-notes",
        ),
    ] = "new"
    takes: Annotated[
        int, Option("integer", "How many alternatives to make at once", low=1, high=8)
    ] = 1
    seed: Annotated[
        int | None,
        Option(
            "seed",
            "The same number, the same notes",
            low=0,
            high=HIGHEST_SEED,
            absent="another one each time",
            initial=0,
        ),
    ] = None
    mood: Annotated[tuple[float, float] | None, _mood("as it is")] = None
    energy: Annotated[float | None, _energy("as it is")] = None
    automatic: Annotated[
        bool,
        Option(
            "switch",
            "Mood and energy as the picture has them, where none is set, and not as they are",
            group="front",
        ),
    ] = False
    style: Annotated[
        str | None, Option("style", "Which instruments play, and how", absent="as it is")
    ] = None
    chords: Annotated[
        str | None,
        Option(
            "chords",
            "Chords from the bar in which the shot begins, one or two a bar: C | Am F | G",
            absent="as they are",
        ),
    ] = None
    octave: Annotated[int, Option("integer", "Octaves up, or down if negative", low=-2, high=2)] = 0
    device: Device = "auto"
    checkpoint: Checkpoint = None
    soundfont: SoundFont = None

    def __post_init__(self) -> None:
        check_options(self)
        if self.notes == "same" and self.takes > 1:
            raise OptionError("the same notes make one take; ask for new notes to have several")
        if self.notes == "same" and (self.mood is not None or self.automatic):
            raise OptionError("another mood needs new notes; leave one of the two options out")
        if self.notes == "same" and self.chords is not None:
            raise OptionError("other chords need new notes; leave one of the two options out")


@dataclass(frozen=True)
class RefitOptions:
    """What is asked of the notes that a changed edit needs anew; None means as for the others."""

    seed: Annotated[
        int | None,
        Option(
            "seed",
            "Another number, other new notes",
            low=0,
            high=HIGHEST_SEED,
            absent="the one of the music",
            initial=0,
        ),
    ] = None
    device: Device = "auto"
    checkpoint: Checkpoint = None
    soundfont: SoundFont = None

    def __post_init__(self) -> None:
        check_options(self)


def option_named(name: str) -> Option:
    """An option of `ComposeOptions`."""
    return next(option for option in options_of(ComposeOptions) if option.name == name)


def parse_mood(mood: str | Sequence[float]) -> tuple[float, float]:
    """Valence and arousal of a mood's name, of "v,a", or of a pair; else OptionError."""
    if isinstance(mood, str) and mood in MOODS:
        return MOODS[mood]
    try:
        parts = mood.split(",") if isinstance(mood, str) else mood
        valence, arousal = (float(part) for part in parts)
    except (TypeError, ValueError) as exc:
        names = ", ".join(MOODS)
        raise OptionError(f"mood {mood!r} is unknown; use v,a (each -1 to 1) or: {names}") from exc
    option_named("mood").check((valence, arousal))
    return valence, arousal


def check_apart(first: str, frames: Sequence[int], second: str, others: Sequence[int]) -> None:
    """CutsError if a cut is both, such as "pinned" and "ignored"."""
    for frame in sorted(set(frames) & set(others)):
        raise CutsError(f"the cut at frame {frame} is both {first} and {second}: choose one")
