"""Finds the cuts of a film from its frames in turn. Knows nothing of files."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffbgm.video.gradual import Span, find_dissolves, find_fades, stamp
from diffbgm.video.hard_cuts import SHORTEST_SHOT, HardCutFinder

CutKind = Literal["hard", "dissolve", "fade"]


@dataclass(frozen=True)
class Cut:
    """Where a new shot begins: `frame` is its first, or the middle of a transition.

    `strength` (0..1) says how much the picture changes; `frames` how long the transition takes,
    1 for a hard cut.
    """

    frame: int
    kind: CutKind
    strength: float
    frames: int

    @property
    def span(self) -> tuple[int, int]:
        """The frames of the transition: first, and first after it."""
        first = self.frame - self.frames // 2
        return first, first + self.frames


class ShotDetector:
    """Push every frame of the film in turn, then `finish`."""

    def __init__(self) -> None:
        self._hard = HardCutFinder()
        self._stamps: list[np.ndarray] = []

    def push(self, rgb: np.ndarray) -> None:
        """`rgb` is (H, W, 3) uint8, of the same size every time."""
        self._hard.push(rgb)
        self._stamps.append(stamp(rgb))

    def finish(self, frame_rate: float) -> tuple[Cut, ...]:
        """The cuts in order."""
        stamps = np.stack(self._stamps)
        fades = find_fades(stamps, frame_rate)
        hard = [
            (frame, score)
            for frame, score in self._hard.finish()
            if not any(_near(frame, fade) for fade in fades)
        ]
        dissolves = _dissolves_between(stamps, [frame for frame, _ in hard], fades, frame_rate)
        cuts = [Cut(frame, "hard", score, 1) for frame, score in hard]
        cuts += [_cut(span, "fade") for span in fades]
        cuts += [_cut(span, "dissolve") for span in dissolves]
        return tuple(sorted(cuts, key=lambda cut: cut.frame))


def _dissolves_between(
    stamps: np.ndarray, hard: list[int], fades: list[Span], frame_rate: float
) -> list[Span]:
    """Dissolves in every stretch that neither a hard cut nor a fade interrupts."""
    breaks = [(frame, frame) for frame in hard]
    breaks += [(fade.start - SHORTEST_SHOT, fade.end + SHORTEST_SHOT) for fade in fades]
    breaks.sort()
    begins = [0] + [end for _, end in breaks]
    ends = [max(start, 0) for start, _ in breaks] + [len(stamps)]
    return [
        Span(span.start + begin, span.end + begin, span.middle + begin, span.strength)
        for begin, end in zip(begins, ends, strict=True)
        for span in find_dissolves(stamps[begin:end], frame_rate)
    ]


def _near(frame: int, span: Span) -> bool:
    return span.start - SHORTEST_SHOT < frame < span.end + SHORTEST_SHOT


def _cut(span: Span, kind: CutKind) -> Cut:
    return Cut(span.middle, kind, span.strength, max(1, span.end - span.start))
