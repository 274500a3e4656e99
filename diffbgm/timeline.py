"""The edit: shots on a frame grid, from and to OpenTimelineIO. Knows nothing of pixels or notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from diffbgm.cut_lists import CutList, read_cut_list, read_cuts

if TYPE_CHECKING:
    from diffbgm.spotting.hit_points import Hit

__all__ = [
    "CutList",
    "MediaSpan",
    "Shot",
    "Timeline",
    "read_cut_list",
    "read_cuts",
    "read_timeline",
    "write_otio",
]


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


def read_timeline(path: Path | str) -> Timeline:
    """The edit in an .otio, .edl, .fcpxml, .xml (Final Cut 7) or .kdenlive file.

    Shots are what is seen: at each frame the topmost enabled clip of the video tracks, nested
    edits included. The middle of a transition is the cut. Clips may carry wishes as
    `metadata["diffbgm"]`: `mood` (a name or [valence, arousal]) and `energy`. TimelineError if the
    file cannot be read, shows nothing, or names media that are not there.
    """
    # OpenTimelineIO takes a while to import: only who reads an edit waits for it.
    from diffbgm.timeline_files import read

    return read(Path(path))


def write_otio(
    timeline: Timeline, segments: Sequence[Path], hits: Sequence[Hit], path: Path | str
) -> None:
    """Write the edit with a music track, one clip of `segments` a shot, and a marker a hit.

    Media and segments below the folder of `path` are named relative to it, others absolutely.
    """
    from diffbgm.timeline_files import write

    write(timeline, segments, hits, Path(path))
