"""Finds hard cuts frame by frame, and distinguishes them from motion and flashes."""

from collections import deque

import cv2
import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector

from diffbgm.video.similarity import Flow, dissimilarity, grey, length

_SHORTEST_SHOT = 0.2  # seconds

_PROPOSAL = 3.0  # PySceneDetect's content score that makes a frame worth a closer comparison,
_STEP_OUT = 1.2  # if it is this many times that of the frames around
_LEAST = 0.26  # dissimilarity of a cut
_SPREAD = 2  # frames on either side to compare with: motion goes on, a cut does not;
_SLOW = 12.0  # frames a second, below which it is one frame
_OVER_MOTION, _ABOVE = 1.3, 0.06  # how far it must stand out: times, and plus
_RETURN = 0.4  # share of the dissimilarity below which a picture counts as come back,
_RETURN_PIXELS = 0.75  # and of the difference
_PLAIN = 6.0  # grey levels of deviation, under which a picture shows nothing
_LONGEST_FLASH = 0.5  # seconds without a picture that may lie inside a shot
_STAYING = 0.2  # share of the picture's structured blocks that stay when something pops up,
_BLOCKS = (16, 9)  # across and down,
_STRUCTURED, _FEWEST = (
    4.0,
    20,
)  # those with gradients of so many levels; how many they count as at least
_SMOOTH = 3.7  # pixels of deviation, over which noise is smoothed away
_BLACK = 16  # levels up to which rows and columns at the edges are bars, and no picture,
_BAR_EDGE = 2  # pixels wide where they end
_OTHERWISE = 0.5  # share of its gradients by which a block may differ and be the same
_PADDING = 2  # frames before the first and after the last, which PySceneDetect's detector wants
_FIRST_SHOT = 2  # frames that the first and last shot may have, however short that is
_CLOCK = 25.0  # PySceneDetect wants a rate; frames are counted here, so any will do


def shortest_shot(frame_rate: float) -> int:
    """Frames; what comes back sooner was a flash."""
    return max(1, round(_SHORTEST_SHOT * frame_rate))


class HardCutFinder:
    """Push every frame in turn, then `finish`.

    PySceneDetect's adaptive detector, set to be generous, proposes; a cut it is where the
    pictures on either side are dissimilar even when motion and light are allowed for, more than
    those around it, and the old picture neither stays behind something new nor comes back at once.
    """

    def __init__(self, frame_rate: float) -> None:
        self._flow = Flow()
        self._detector = AdaptiveDetector(
            adaptive_threshold=_STEP_OUT, min_content_val=_PROPOSAL, min_scene_len=0
        )
        self._shortest = shortest_shot(frame_rate)
        self._flash = max(1, round(_LONGEST_FLASH * frame_rate))
        self._spread = _SPREAD if frame_rate >= _SLOW else 1
        self._frames: dict[int, np.ndarray] = {}  # the last few, by number
        self._proposed: deque[int] = deque()
        self._pushed = 0
        self._cuts: list[tuple[int, float]] = []

    def push(self, rgb: np.ndarray) -> None:
        """`rgb` is (H, W, 3) uint8, of the same size every time."""
        if self._pushed == 0:
            for before in range(_PADDING):
                self._detector.process_frame(FrameTimecode(before, _CLOCK), rgb)
        self._frames[self._pushed] = rgb
        self._frames.pop(self._pushed - 2 * self._flash - 3, None)
        self._propose(rgb, self._pushed)
        self._pushed += 1
        while self._proposed and self._proposed[0] + self._flash < self._pushed:
            self._judge(self._proposed.popleft())

    def finish(self) -> list[tuple[int, float]]:
        """First frames of the new shots with the dissimilarity (0..1) of their pictures."""
        for after in range(_PADDING if self._pushed else 0):
            self._propose(self._frames[self._pushed - 1], self._pushed + after)
        while self._proposed:
            self._judge(self._proposed.popleft())
        return self._cuts

    def _propose(self, rgb: np.ndarray, number: int) -> None:
        clock = FrameTimecode(number + _PADDING, _CLOCK)
        found = self._detector.process_frame(clock, rgb)
        self._proposed.extend(at.frame_num - _PADDING for at in found)

    def _judge(self, number: int) -> None:
        if not _FIRST_SHOT <= number <= self._pushed - _FIRST_SHOT and self._shortest > 1:
            return
        score = self._dissimilarity(number - 1, number)
        if score < _LEAST or score < self._motion(number) or self._is_flash(number, score):
            return
        if self._stays(self._frames[number - 1], self._frames[number]):
            return
        if self._cuts and number - self._cuts[-1][0] < self._shortest:
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
        around = (other for d in range(1, self._spread + 1) for other in (number - d, number + d))
        return _ABOVE + _OVER_MOTION * max(
            self._dissimilarity(other - 1, other) for other in around
        )

    def _is_flash(self, number: int, score: float) -> bool:
        """Whether the old picture comes back after `number`, or the new one was there before."""
        return self._comes_back(number - 1, 1, score) or self._comes_back(number, -1, score)

    def _comes_back(self, kept: int, way: int, score: float) -> bool:
        between_plain = True
        for step in range(2, self._flash + 1):
            other = kept + way * step
            if other not in self._frames:
                return False
            between_plain = between_plain and _is_plain(self._frames[other - way])
            if step > self._shortest and not between_plain:
                return False
            if self._is_back(kept, way, other, score):
                return True
        return False

    def _stays(self, before: np.ndarray, after: np.ndarray) -> bool:
        """Whether much of the picture goes on, still or moving, beside or behind something new."""
        return any(
            _same_blocks(before, other) > _STAYING
            for other in (after, self._flow.traced(before, after))
        )

    def _is_back(self, kept: int, way: int, other: int, score: float) -> bool:
        """Whether `other` shows what `kept` did, by structure and, roughly, pixel by pixel."""
        picture, flash, back = (self._frames[at] for at in (kept, kept + way, other))
        if cv2.absdiff(picture, back).mean() > _RETURN_PIXELS * cv2.absdiff(picture, flash).mean():
            return False
        return self._dissimilarity(min(kept, other), max(kept, other)) < _RETURN * score


def _same_blocks(before: np.ndarray, after: np.ndarray) -> float:
    """The share of either picture's structured blocks that are in their place in the other."""
    old, new = (_gradients(picture) for picture in _without_bars(grey(before), grey(after)))
    apart = _in_blocks(new - old)
    shares = []
    for strength in (_in_blocks(old), _in_blocks(new)):
        structured = strength > _STRUCTURED
        same = structured & (apart < _OTHERWISE * strength)
        shares.append(float(same.sum() / max(_FEWEST, structured.sum())))
    return max(shares)


def _without_bars(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two grey pictures without the black bars that both have, whose edges are no structure."""
    for axis in (0, 1):
        lit = np.flatnonzero(np.maximum(one.mean(1 - axis), other.mean(1 - axis)) > _BLACK)
        if len(lit) > 2 * _BAR_EDGE and len(lit) < one.shape[axis]:
            inner = slice(lit[0] + _BAR_EDGE, lit[-1] + 1 - _BAR_EDGE)
            one, other = (each[inner] if axis == 0 else each[:, inner] for each in (one, other))
    return one, other


def _gradients(picture: np.ndarray) -> np.ndarray:
    """(2, H, W): how it rises to the right and down."""
    smooth = cv2.GaussianBlur(picture, (0, 0), _SMOOTH)
    return np.stack([cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)])


def _in_blocks(vectors: np.ndarray) -> np.ndarray:
    """Mean length in each block."""
    return cv2.resize(length(*vectors), _BLOCKS, interpolation=cv2.INTER_AREA)


def _is_plain(rgb: np.ndarray) -> bool:
    return float(grey(rgb).std()) < _PLAIN
