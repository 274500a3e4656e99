"""Beats to seconds and back. Knows neither pictures nor notes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

BEATS_PER_BAR = 4


@dataclass(frozen=True)
class TempoMap:
    """A tempo constant between control points, from beat 0 at 0 s to the end of the picture.

    `control_beats` are whole beats, `control_seconds` their times; both rise strictly, begin at 0
    and have one entry each for the start and the end, so there are at least two. Every time is
    computed from the control point before it, never summed beat by beat: nothing drifts.
    Outside the map the first and the last tempo go on.
    """

    control_beats: tuple[int, ...]
    control_seconds: tuple[float, ...]

    def __post_init__(self) -> None:
        beats, seconds = self.control_beats, self.control_seconds
        if len(beats) != len(seconds) or len(beats) < 2:
            raise ValueError("a tempo map needs as many times as beats, at least two of each")
        if beats[0] != 0 or seconds[0] != 0:
            raise ValueError("a tempo map begins with beat 0 at 0 seconds")
        if any(b <= a for a, b in [*pairwise(beats), *pairwise(seconds)]):
            raise ValueError("the control points of a tempo map rise strictly in beats and seconds")

    @classmethod
    def constant(cls, beats: int, duration: float) -> "TempoMap":
        """`beats` equal beats in `duration` seconds."""
        return cls((0, beats), (0.0, duration))

    @property
    def beats(self) -> int:
        """How many beats fill the picture; the beat of this index is its end."""
        return self.control_beats[-1]

    @property
    def duration(self) -> float:
        """Seconds from beat 0 to the last."""
        return self.control_seconds[-1]

    def seconds(self, beats: ArrayLike) -> Any:
        """Times of `beats` (any shape, fractions allowed), float64; a scalar gives a float."""
        return _interpolate(beats, self._beats, self._seconds)

    def beat(self, seconds: ArrayLike) -> Any:
        """Fractional beats at `seconds` (any shape), float64; a scalar gives a float."""
        return _interpolate(seconds, self._seconds, self._beats)

    def bpm(self, beats: ArrayLike) -> Any:
        """Beats a minute from `beats` on (any shape); at a control point, of what follows it."""
        values = self._section_bpm[_section(np.asarray(beats, np.float64), self._beats)]
        return float(values) if np.ndim(beats) == 0 else values

    @cached_property
    def beat_seconds(self) -> np.ndarray:
        """(beats + 1,) times of every beat; the last is the end of the picture."""
        return self.seconds(np.arange(self.beats + 1))

    def downbeats(self, first_downbeat: int) -> np.ndarray:
        """Indices of the first beats of bars, the end of the picture among them if it is one."""
        return np.arange(first_downbeat, self.beats + 1, BEATS_PER_BAR)

    @property
    def points(self) -> list[dict[str, float]]:
        """The control points, as `tempo` in composition.json; the last one is the end."""
        bpm = [*self._section_bpm.tolist(), float(self._section_bpm[-1])]
        return [
            {"beat": beat, "seconds": seconds, "bpm": tempo}
            for beat, seconds, tempo in zip(
                self.control_beats, self.control_seconds, bpm, strict=True
            )
        ]

    @classmethod
    def from_dict(cls, points: Sequence[dict[str, float]]) -> "TempoMap":
        """The map whose `points` these are; the times are exactly the same."""
        return cls(
            tuple(int(point["beat"]) for point in points),
            tuple(float(point["seconds"]) for point in points),
        )

    @cached_property
    def _beats(self) -> np.ndarray:
        return np.array(self.control_beats, np.float64)

    @cached_property
    def _seconds(self) -> np.ndarray:
        return np.array(self.control_seconds, np.float64)

    @cached_property
    def _section_bpm(self) -> np.ndarray:
        return 60 * np.diff(self._beats) / np.diff(self._seconds)


def _section(x: np.ndarray, knots: np.ndarray) -> np.ndarray:
    return np.clip(np.searchsorted(knots, x, side="right") - 1, 0, len(knots) - 2)


def _interpolate(x: ArrayLike, knots: np.ndarray, values: np.ndarray) -> Any:
    points = np.asarray(x, np.float64)
    i = _section(points, knots)
    share = (points - knots[i]) / (knots[i + 1] - knots[i])
    result = np.where(
        # Exact at the end, where adding the difference could miss by a rounding.
        share == 1,
        values[i + 1],
        values[i] + share * (values[i + 1] - values[i]),
    )
    return float(result) if np.ndim(x) == 0 else result
