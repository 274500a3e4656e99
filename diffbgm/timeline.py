"""The edit: shots on a frame grid. Knows nothing of files, pixels or notes."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

MAX_SECONDS = 3 * 3600
"""Longer films and edits are refused before they are decoded."""


@dataclass(frozen=True)
class MediaSpan:
    """A stretch of a film file: from `start` seconds on, as long as the shot that it fills.

    `speed` is media seconds per second of the edit: 2 is fast motion, 0 a frozen frame.
    """

    path: Path
    start: Fraction = Fraction(0)
    speed: Fraction = Fraction(1)


@dataclass(frozen=True)
class Shot:
    """Frames `start_frame` up to, not including, `end_frame` of the edit.

    `media` is None where the edit shows nothing (a gap). `mood` (valence, arousal; each -1..1)
    and `energy` (0..1) are the editor's wishes for this shot; None means: as measured.
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
class Timeline:
    """An edit: contiguous shots from frame 0 to the last, at one frame rate."""

    frame_rate: Fraction
    shots: tuple[Shot, ...]

    @property
    def frames(self) -> int:
        return self.shots[-1].end_frame

    @property
    def cuts(self) -> tuple[int, ...]:
        """First frames of every shot but the first."""
        return tuple(shot.start_frame for shot in self.shots[1:])

    @property
    def seconds(self) -> float:
        return float(self.frames / self.frame_rate)

    def time(self, frame: int) -> float:
        """Seconds at which `frame` begins."""
        return float(frame / self.frame_rate)

    def sample(self, frame: int, sample_rate: int) -> int:
        """The sound sample at which `frame` begins, rounded half up from the exact fraction."""
        return int(Fraction(frame * sample_rate) / self.frame_rate + Fraction(1, 2))
