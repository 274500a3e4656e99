"""Finds the cuts of a film from its frames in turn. Knows nothing of files."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffbgm.progress import Advance, LastWord, no_advance
from diffbgm.video.downscaling import HEIGHT, WIDTH, Downscaled, downscale
from diffbgm.video.fades import find_dark_ends, find_fades
from diffbgm.video.gradual import find_transitions
from diffbgm.video.hard_cuts import HardCutFinder, shortest_shot
from diffbgm.video.spool import Spool
from diffbgm.video.transition import Span

CutKind = Literal["hard", "dissolve", "fade", "wipe"]
"""A wipe is any other transition: one picture slides, grows, turns or breaks into the other."""
CutSource = Literal["picture", "candidate", "edit", "added", "unknown"]
"""Who says that there is a cut: the picture alone; the picture, at a frame that was a candidate;
the edit or list of cuts; a person; in compositions older than version 3, nobody remembers."""


@dataclass(frozen=True)
class Cut:
    """Where a new shot begins: `frame` is its first, or the middle of a transition.

    `strength` (0..1) says how much the picture changes; `frames` how long the transition takes,
    1 for a hard cut; `source` who says that it is one.
    """

    frame: int
    kind: CutKind
    strength: float
    frames: int
    source: CutSource = "picture"

    @property
    def span(self) -> tuple[int, int]:
        """The frames of the transition: first, and first after it."""
        first = self.frame - self.frames // 2
        return first, first + self.frames


class ShotDetector:
    """Push every frame of the film in turn, then `finish`."""

    def __init__(self, frame_rate: float) -> None:
        self._rate = frame_rate
        self._hard = HardCutFinder(frame_rate)
        self._downscaled = _Stored()

    def push(self, rgb: np.ndarray) -> None:
        """`rgb` is (H, W, 3) uint8, of the same size every time."""
        self._hard.push(rgb)
        self._downscaled.append(downscale(rgb))

    @property
    def downscaled(self) -> Downscaled:
        """All pictures so far, small."""
        return self._downscaled

    def finish(self, advance: Advance = no_advance) -> tuple[Cut, ...]:
        """The cuts in order. `advance` receives the fraction done, and may raise to stop."""
        word = LastWord(advance)
        fades, hard, ranges = self._abrupt()
        cuts = [Cut(frame, "hard", score, 1) for frame, score in hard]
        cuts += [_cut(span, "fade") for span in fades]
        for first, end in ranges:
            word(first / len(self._downscaled))
            found = find_transitions(self._downscaled[first:end], self._rate, word.again)
            cuts += [_cut(span.later(first), "dissolve" if b else "wipe") for span, b in found]
        return tuple(sorted(cuts, key=lambda cut: cut.frame))

    def ranges(self) -> list[tuple[int, int]]:
        """Frames (first, first after) between the hard cuts and fades, in order."""
        return self._abrupt()[2]

    def _abrupt(self) -> tuple[list[Span], list[tuple[int, float]], list[tuple[int, int]]]:
        """Fades, hard cuts with their strengths, and the ranges between them all."""
        apart = shortest_shot(self._rate)
        fades = find_fades(self._downscaled, self._rate)
        ramps = [(fade.start, fade.end) for fade in fades] + find_dark_ends(self._downscaled)
        taken = [(first - apart, end + apart) for first, end in ramps]
        hard = [
            (frame, score)
            for frame, score in self._hard.finish()
            if not any(first < frame < end for first, end in taken)
        ]
        taken += [(frame, frame) for frame, _ in hard]
        begins = [0, *sorted(end for _, end in taken)]
        ends = [*sorted(first for first, _ in taken), len(self._downscaled)]
        ranges = zip(begins, ends, strict=True)
        return fades, hard, [(begin, end) for begin, end in ranges if begin < end]


class _Stored:
    """The downscaled pictures of a film, as if they were an array (frames, 18, 32, 3)."""

    def __init__(self) -> None:
        self._spool = Spool()

    def append(self, picture: np.ndarray) -> None:
        self._spool.append(picture.tobytes())

    def __len__(self) -> int:
        return len(self._spool)

    def __getitem__(self, span: slice) -> np.ndarray:
        first, last, _ = span.indices(len(self))
        content = self._spool.read(first, max(first, last))
        return np.frombuffer(content, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def _cut(span: Span, kind: CutKind) -> Cut:
    return Cut(span.middle, kind, span.strength, max(1, span.end - span.start))
