"""The edit: shots on a frame grid. Knows nothing of files, pixels or notes."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from diffbgm.errors import CutsError
from diffbgm.options import check_apart

MAX_SECONDS = 3 * 3600
"""Longer films and edits are refused before they are decoded."""


@dataclass(frozen=True)
class MediaSpan:
    """A part of a film file: from `start` seconds on, as long as the shot that it fills.

    `speed` is media seconds per second of the edit: 2 is fast motion, 0 a frozen frame. A negative
    one runs backwards from `start`: the first picture shown is the one that ends there.
    """

    path: Path
    start: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)

    def later(self, seconds: Fraction) -> "MediaSpan":
        """What is shown from `seconds` of the edit later on."""
        return replace(self, start=self.start + seconds * self.speed)

    def backwards(self, seconds: Fraction) -> "MediaSpan":
        """What shows the next `seconds` of the edit in reverse."""
        return replace(self.later(seconds), speed=-self.speed)


@dataclass(frozen=True)
class Shot:
    """Frames `start_frame` up to, not including, `end_frame` of the edit.

    `media` is None where the edit shows nothing (a gap). `mood` (valence, arousal; each -1..1)
    and `energy` (0..1) are the editor's overrides for this shot; None means: as measured.
    """

    index: int
    start_frame: int
    end_frame: int
    media: MediaSpan | None = None
    mood: tuple[float, float] | None = None
    energy: float | None = None

    @property
    def frames(self) -> int:
        return self.end_frame - self.start_frame


@dataclass(frozen=True)
class CutHints:
    """What is said of the cuts of a picture before it is looked at, as frames in any order.

    At `cuts` new shots begin, whatever is seen. `candidates` are exact: a new shot begins there if
    the picture changes. `added` and `dropped` are a person's word and go before all else. Other
    cuts are found in the picture. CutsError for a frame that is both added and dropped.
    """

    cuts: tuple[int, ...] = ()
    candidates: tuple[int, ...] = ()
    added: tuple[int, ...] = ()
    dropped: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        check_apart("added", self.added, "dropped", self.dropped)

    def with_words(self, added: Sequence[int], dropped: Sequence[int]) -> "CutHints":
        """With more that a person added and dropped; what is said last counts."""
        return replace(
            self,
            added=tuple(sorted({*self.added, *added} - {*dropped})),
            dropped=tuple(sorted({*self.dropped, *dropped} - {*added})),
        )


@dataclass(frozen=True)
class EditDocument:
    """The editor's file that an edit was read from.

    `name` is that of the edit in a file of several, `rate` the frame rate that it was read at; None
    where neither was asked for. In `media_folders` missing media were looked for.
    """

    path: Path
    name: str | None = None
    rate: Fraction | None = None
    media_folders: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """An edit: contiguous shots from frame 0 to the last, at one frame rate.

    Without `hints` the shots are the edit's own word. With them they say what is shown where, and
    which of their boundaries, and which other frames, are cuts is found out by looking.
    At `asked_hits`, frames in order, a beat is asked for besides the cuts; those of `pinned_hits`
    must be met.
    `document` is where it was read, if it was; two edits of the same shots are equal wherever.
    ValueError for shots that are not contiguous, or a rate that is not above 0.
    """

    frame_rate: Fraction
    shots: tuple[Shot, ...]
    hints: CutHints | None = None
    document: EditDocument | None = field(default=None, compare=False)
    asked_hits: tuple[int, ...] = ()
    pinned_hits: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.frame_rate <= 0:
            raise ValueError(f"a frame rate must be above 0, not {self.frame_rate}")
        if not self.shots:
            raise ValueError("a timeline needs a shot")
        end = 0
        for index, shot in enumerate(self.shots):
            if (shot.index, shot.start_frame) != (index, end):
                raise ValueError(
                    f"shot {index} must begin at frame {end}, where the one before it ends; "
                    f"this is shot {shot.index}, from frame {shot.start_frame}"
                )
            if shot.frames < 1:
                raise ValueError(f"shot {index} has {shot.frames} frames; it needs at least one")
            end = shot.end_frame

    @property
    def frames(self) -> int:
        return self.shots[-1].end_frame

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of every shot but the first."""
        return tuple(shot.start_frame for shot in self.shots[1:])

    def cut_at(self, cuts: Sequence[int]) -> "Timeline":
        """What is shown, in shots that begin at 0 and at `cuts`, and no more hints.

        A shot has the overrides, and the medium, of what it shows first. CutsError if cuts do not
        rise, or lie outside.
        """
        check_cuts(cuts, self.frames)
        edges = [0, *cuts, self.frames]
        shown = [shot.start_frame for shot in self.shots]
        shots = []
        for index, (start, end) in enumerate(pairwise(edges)):
            item = self.shots[bisect_right(shown, start) - 1]
            media = item.media and item.media.later((start - item.start_frame) / self.frame_rate)
            shots.append(replace(item, index=index, start_frame=start, end_frame=end, media=media))
        return replace(self, shots=tuple(shots), hints=None)

    @property
    def seconds(self) -> float:
        return float(self.frames / self.frame_rate)

    def time(self, frame: int) -> float:
        """Seconds at which `frame` begins."""
        return float(frame / self.frame_rate)

    def sample(self, frame: int, sample_rate: int) -> int:
        """The sound sample at which `frame` begins, rounded half up from the exact fraction."""
        return int(Fraction(frame * sample_rate) / self.frame_rate + Fraction(1, 2))


def with_words(
    cuts: Sequence[int], added: Sequence[int], dropped: Sequence[int]
) -> tuple[int, ...]:
    """Cuts, in order, with those that a person added and without those that one dropped."""
    return tuple(sorted({*cuts, *added} - {*dropped}))


def check_cuts(cuts: Sequence[int], frames: int | None = None, places: Sequence[str] = ()) -> None:
    """CutsError unless `cuts`, first frames of new shots, rise and lie within the film.

    `frames` is the film's length (None: not known yet). `places` says where each cut was written,
    so that the message can name the wrong one.
    """
    places = places or ["cuts"] * len(cuts)
    for place, cut in zip(places, cuts, strict=True):
        if cut < 1 or (frames is not None and cut >= frames):
            last = "" if frames is None else f", the last at {frames - 1}"
            raise CutsError(
                f"{place}: frame {cut} is outside the film; "
                f"new shots begin at frame 1 or later{last}"
            )
    for place, (before, cut) in zip(places[1:], pairwise(cuts), strict=True):
        if cut == before:
            raise CutsError(f"{place}: frame {cut} is there twice; take one out")
        if cut < before:
            raise CutsError(f"{place}: frame {cut} comes after {before}; sort the cuts")
