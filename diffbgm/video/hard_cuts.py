"""Finds hard cuts frame by frame, and distinguishes them from motion and flashes."""

from collections import deque

import cv2
import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from diffbgm.video.similarity import Flow, dissimilarity, grey

SHORTEST_SHOT = 5
"""Frames; what comes back sooner was a flash."""

_PROPOSAL = 3.0  # PySceneDetect's content score that makes a frame worth a closer comparison,
_STEP_OUT = 1.2  # if it is this many times that of the frames around
_LEAST = 0.26  # dissimilarity of a cut
_SPREAD = 2  # frames on either side to compare with: motion goes on, a cut does not
_OVER_MOTION, _ABOVE = 1.3, 0.06  # how far it must stand out: times, and plus
_RETURN = 0.4  # share of the dissimilarity below which a picture counts as come back,
_RETURN_PIXELS = 0.75  # and of the difference
_PLAIN = 6.0  # grey levels of deviation, under which a picture shows nothing
_LONGEST_FLASH = 12  # frames without a picture that may lie inside a shot
_KEPT = 2 * _LONGEST_FLASH + 3  # frames at hand
_CLOCK = 25.0  # PySceneDetect wants a rate; frames are counted here, so any will do


class HardCutFinder:
    """Push every frame in turn, then `finish`.

    PySceneDetect's adaptive detector, set to be generous, proposes; a cut it is where the
    pictures on either side are dissimilar even when motion and light are allowed for, more than
    those around it, and the old picture does not come back at once.
    """

    def __init__(self) -> None:
        self._flow = Flow()
        self._detector = AdaptiveDetector(
            adaptive_threshold=_STEP_OUT, min_content_val=_PROPOSAL, min_scene_len=0
        )
        self._frames: dict[int, np.ndarray] = {}  # the last few, by number
        self._proposed: deque[int] = deque()
        self._pushed = 0
        self._cuts: list[tuple[int, float]] = []

    def push(self, rgb: np.ndarray) -> None:
        """`rgb` is (H, W, 3) uint8, of the same size every time."""
        self._frames[self._pushed] = rgb
        self._frames.pop(self._pushed - _KEPT, None)
        clock = FrameTimecode(self._pushed, _CLOCK)
        self._proposed.extend(at.frame_num for at in self._detector.process_frame(clock, rgb))
        self._pushed += 1
        while self._proposed and self._proposed[0] + _LONGEST_FLASH < self._pushed:
            self._judge(self._proposed.popleft())

    def finish(self) -> list[tuple[int, float]]:
        """First frames of the new shots with the dissimilarity (0..1) of their pictures."""
        while self._proposed:
            self._judge(self._proposed.popleft())
        return self._cuts

    def _judge(self, number: int) -> None:
        score = self._dissimilarity(number - 1, number)
        if score < _LEAST or score < self._motion(number) or self._is_flash(number, score):
            return
        if self._cuts and number - self._cuts[-1][0] < SHORTEST_SHOT:
            if self._cuts[-1][1] >= score:
                return
            self._cuts.pop()
        self._cuts.append((number, score))

    def _dissimilarity(self, one: int, other: int) -> float:
        """0 for frames that are no more, or not yet, at hand."""
        if one not in self._frames or other not in self._frames:
            return 0.0
        return dissimilarity(self._frames[one], self._frames[other], self._flow)

    def _motion(self, number: int) -> float:
        """The least dissimilarity that stands out from the frames around `number`."""
        around = (other for d in range(1, _SPREAD + 1) for other in (number - d, number + d))
        return _ABOVE + _OVER_MOTION * max(
            self._dissimilarity(other - 1, other) for other in around
        )

    def _is_flash(self, number: int, score: float) -> bool:
        """Whether the old picture comes back after `number`, or the new one was there before."""
        return self._comes_back(number - 1, 1, score) or self._comes_back(number, -1, score)

    def _comes_back(self, kept: int, way: int, score: float) -> bool:
        between_plain = True
        for step in range(2, _LONGEST_FLASH + 1):
            other = kept + way * step
            if other not in self._frames:
                return False
            between_plain = between_plain and _is_plain(self._frames[other - way])
            if step > SHORTEST_SHOT and not between_plain:
                return False
            if self._is_back(kept, way, other, score):
                return True
        return False

    def _is_back(self, kept: int, way: int, other: int, score: float) -> bool:
        """Whether `other` shows what `kept` did, by structure and, roughly, pixel by pixel."""
        picture, flash, back = (self._frames[at] for at in (kept, kept + way, other))
        if cv2.absdiff(picture, back).mean() > _RETURN_PIXELS * cv2.absdiff(picture, flash).mean():
            return False
        return self._dissimilarity(min(kept, other), max(kept, other)) < _RETURN * score


def _is_plain(rgb: np.ndarray) -> bool:
    return float(grey(rgb).std()) < _PLAIN
