"""What a caller may ask for. Light: nothing heavy is imported to check a wish."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

from diffbgm.dialogue import Dialogue
from diffbgm.errors import CutsError, OptionError

T = TypeVar("T")

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
MOST_TAKES = 8
# Limits of what may be asked of a tempo, in beats a minute and in percent.
LOWEST_BPM, HIGHEST_BPM = 20.0, 400.0
HIGHEST_FREEDOM = 25.0
# From the softest level that broadcasters ask for to where limiting would be heard all the time.
LOUDNESS_RANGE = (-36.0, -10.0)  # LUFS


@dataclass(frozen=True)
class Sampling:
    """Solver steps and guidance (1: as conditioned; more: exaggerated)."""

    steps: int = 16
    guidance: float = 1.5

    def __post_init__(self) -> None:
        check_range("steps", self.steps, 4, 1000)
        check_range("guidance", self.guidance, 0, 10)


@dataclass(frozen=True)
class ComposeOptions:
    """Wishes for a whole film.

    `mood` (valence, arousal) and `energy` hold for every shot that has no wish of its own; None
    means as measured. `bpm` None means the style's range. `freedom_percent` is how far the tempo
    may stray from its base to meet cuts. `cuts`: first frames of the new shots, instead of
    detecting them. Of the cuts, those `pinned` must be met by a beat, those `ignored` need not;
    `prefer_downbeats` gives up hits for downbeats. `under_dialogue`: the music makes room where
    somebody speaks in the film's own sound, or, if given, in the spans `dialogue` (start, end;
    seconds). `loudness` is that of the mix, in LUFS. `mux` also writes film.mp4, the film with its
    music, and with its own sound where the music makes room for it.
    """

    style: str = DEFAULT_STYLE
    mood: tuple[float, float] | None = None
    energy: float | None = None
    bpm: tuple[float, float] | None = None
    freedom_percent: float = 6.0
    pinned: tuple[int, ...] = ()
    ignored: tuple[int, ...] = ()
    prefer_downbeats: bool = False
    seed: int = 0
    cuts: tuple[int, ...] | None = None
    under_dialogue: bool = False
    dialogue: tuple[tuple[float, float], ...] | None = None
    steps: int = Sampling.steps
    guidance: float = Sampling.guidance
    device: str = "auto"
    checkpoint: Path | None = None
    soundfont: Path | None = None
    loudness: float = -16.0
    mux: bool = False

    def __post_init__(self) -> None:
        _check_options(self.mood, self.energy, self.seed)
        Sampling(self.steps, self.guidance)
        check_tempo(self.bpm, self.freedom_percent)
        check_pins(self.pinned, self.ignored)
        check_range("loudness", self.loudness, *LOUDNESS_RANGE)
        for span in self.dialogue or ():
            Dialogue((span,))

    @property
    def makes_room(self) -> bool:
        """Whether the music makes room for speech."""
        return self.under_dialogue or self.dialogue is not None

    @property
    def sampling(self) -> Sampling:
        return Sampling(self.steps, self.guidance)

    def to_dict(self) -> dict[str, Any]:
        """As composition.json keeps them; files are found from any folder."""
        paths = {"checkpoint": self.checkpoint, "soundfont": self.soundfont}
        located = {name: path and str(path.absolute()) for name, path in paths.items()}
        options = {name: _listed(value) for name, value in asdict(self).items()}
        return {**options, **located}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "ComposeOptions":
        """The options whose `to_dict` this is, also after a trip through JSON."""
        lists = {name: tuple(value) for name, value in content.items() if isinstance(value, list)}
        paths = {name: Path(content[name]) for name in ("checkpoint", "soundfont") if content[name]}
        if content["dialogue"] is not None:
            lists["dialogue"] = tuple((start, end) for start, end in content["dialogue"])
        return cls(**{**content, **lists, **paths})


def _listed(value: Any) -> Any:
    """Tuples as lists, which is how JSON gives them back."""
    return [_listed(item) for item in value] if isinstance(value, tuple) else value


@dataclass(frozen=True)
class TakeOptions:
    """Wishes for new takes of one shot; None means as in the take that is in the mix now.

    `notes` "new" paints other notes; "same" arranges those of the take in the mix again, in
    another style, energy or octave, which needs no network. `takes` are made at once, the first
    of them goes into the mix. Without a `seed` every take has another; with one, the takes after
    the first have the seeds that follow.
    """

    notes: Literal["new", "same"] = "new"
    takes: int = 1
    seed: int | None = None
    mood: tuple[float, float] | None = None
    energy: float | None = None
    style: str | None = None
    octave: int = 0
    device: str = "auto"
    checkpoint: Path | None = None
    soundfont: Path | None = None

    def __post_init__(self) -> None:
        _check_options(self.mood, self.energy, self.seed)
        check_range("takes", self.takes, 1, MOST_TAKES)
        check_range("octave", self.octave, -2, 2)
        if self.notes not in ("new", "same"):
            raise OptionError(f"notes must be new or same, not {self.notes!r}")
        if self.notes == "same" and self.takes > 1:
            raise OptionError("the same notes make one take; ask for new notes to have several")
        if self.notes == "same" and self.mood is not None:
            raise OptionError("another mood needs new notes; leave one of the two options out")


def parse_mood(wish: str | Sequence[float]) -> tuple[float, float]:
    """Valence and arousal of a mood's name, of "v,a", or of a pair; else OptionError."""
    if isinstance(wish, str) and wish in MOODS:
        return MOODS[wish]
    try:
        parts = wish.split(",") if isinstance(wish, str) else wish
        valence, arousal = (float(part) for part in parts)
    except (TypeError, ValueError) as exc:
        names = ", ".join(MOODS)
        raise OptionError(f"mood {wish!r} is unknown; use v,a (each -1 to 1) or: {names}") from exc
    check_overrides((valence, arousal), None)
    return valence, arousal


def checked(name: str, value: Any, kind: type[T]) -> T:
    """`value`, if it is of that kind; else TypeError, which is a caller's bug."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be {kind.__name__}, not {type(value).__name__}")
    return value


def check_range(name: str, value: float, low: float, high: float) -> None:
    """OptionError unless low <= value <= high."""
    if not low <= value <= high:
        raise OptionError(f"{name} must lie between {low} and {high}, not {value}")


def check_tempo(bpm: tuple[float, float] | None, freedom_percent: float) -> None:
    """OptionError unless the range of base tempos and the freedom around them are possible."""
    if bpm is not None and not LOWEST_BPM <= bpm[0] <= bpm[1] <= HIGHEST_BPM:
        raise OptionError(
            f"the tempo range {bpm[0]:g}-{bpm[1]:g} BPM is impossible: give MIN-MAX, rising, "
            f"between {LOWEST_BPM:g} and {HIGHEST_BPM:g}"
        )
    if not 0 <= freedom_percent <= HIGHEST_FREEDOM:
        raise OptionError(
            f"a tempo freedom of {freedom_percent:g} % is out of range: "
            f"give 0 to {HIGHEST_FREEDOM:g}"
        )


def check_pins(pinned: Sequence[int], ignored: Sequence[int]) -> None:
    """CutsError if a cut is both pinned and ignored."""
    for frame in sorted(set(pinned) & set(ignored)):
        raise CutsError(f"the cut at frame {frame} is both pinned and ignored: choose one")


def check_overrides(mood: tuple[float, float] | None, energy: float | None) -> None:
    """OptionError unless what is given of valence, arousal and energy can be asked for."""
    if mood is not None:
        check_range("valence", mood[0], -1, 1)
        check_range("arousal", mood[1], -1, 1)
    if energy is not None:
        check_range("energy", energy, 0, 1)


def _check_options(
    mood: tuple[float, float] | None, energy: float | None, seed: int | None
) -> None:
    check_overrides(mood, energy)
    if seed is not None:
        check_range("seed", seed, 0, 2**63 - 1)
