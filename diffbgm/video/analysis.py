"""What a film shows, measured in one decoding pass: cuts, motion, mood, a picture a shot."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, pairwise, repeat
from pathlib import Path

import cv2
import numpy as np

from diffbgm.errors import CutsError, FilmError, TimelineError
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.decode import LONG_SIDE, Picture, on_grid, probe, read_pictures
from diffbgm.video.hard_cuts import SHORTEST_SHOT
from diffbgm.video.likeness import Flow, unlikeness
from diffbgm.video.mood import MOOD_SOURCE, MoodMeter
from diffbgm.video.motion import MotionMeter
from diffbgm.video.shots import Cut, ShotDetector

__all__ = ["Cut", "VideoAnalysis", "analyse_film", "analyse_timeline"]

Progress = Callable[[float], None]

_BESIDE_CUT = 6  # frames from a given cut, at which the pictures are compared: past most dissolves
_PROGRESS_FRAMES = 12
_GAP_SHAPE = (LONG_SIDE * 9 // 16, LONG_SIDE, 3)  # of an edit that shows nothing at all


@dataclass(frozen=True)
class VideoAnalysis:
    """What was measured of a film or an edit.

    `motion` is (frames,) float32, 0..1 on an absolute scale, without the cuts; `mood` is
    (seconds rounded up, 3) float32: valence, arousal, tension, each -1..1, read from
    `mood_source`; `thumbnails` is (shots, height, width, 3) uint8 RGB.
    """

    timeline: Timeline
    cuts: tuple[Cut, ...]
    motion: np.ndarray
    mood: np.ndarray
    thumbnails: np.ndarray
    mood_source: str


def analyse_film(
    path: Path, cuts: tuple[int, ...] | None = None, progress: Progress | None = None
) -> VideoAnalysis:
    """Measure a film; its cuts are detected, or given as the first frames of the new shots.

    `progress` is told the fraction done, and may raise CancelledError. Raises FilmError where
    the film cannot be used, CutsError where given cuts are out of order or outside the film.
    """
    if cuts is not None:
        _check_order(cuts)
    info = probe(path)
    rate = info.frame_rate
    pictures = on_grid(read_pictures(path), rate)
    expected = round(info.seconds * rate) if info.seconds else None
    look = _Look(cuts)
    for picture in _reported(pictures, expected, progress):
        look.at(picture.rgb)
    if look.frames < 2:
        raise FilmError(f"{path}: is a single picture; give a film")
    found = look.cuts(rate)
    starts = (0, *(cut.frame for cut in found), look.frames)
    shots = tuple(
        Shot(index, start, end, MediaSpan(path, start / rate))
        for index, (start, end) in enumerate(pairwise(starts))
    )
    return look.analysis(Timeline(rate, shots), found)


def analyse_timeline(timeline: Timeline, progress: Progress | None = None) -> VideoAnalysis:
    """Measure an edit of one or many films, whose cuts are given; gaps are black.

    What follows on in one file is decoded in one pass. A film that ends within its shot holds
    its last picture, as editors show it. Raises TimelineError where a film is not there or ends
    before its shot begins, FilmError where one cannot be used.
    """
    look = _Look(timeline.cuts)
    for picture in _reported(_edit_pictures(timeline), timeline.frames, progress):
        look.at(picture.rgb)
    return look.analysis(timeline, look.cuts(timeline.frame_rate))


class _Look:
    """Everything that is measured, fed with one frame after the other."""

    def __init__(self, cuts: tuple[int, ...] | None) -> None:
        """`cuts` None: detect them."""
        self.frames = 0
        self._given = None if cuts is None else _GivenCuts(cuts)
        self._shots = ShotDetector() if cuts is None else None
        self._motion, self._mood, self._album = MotionMeter(), MoodMeter(), _Album()

    def at(self, rgb: np.ndarray) -> None:
        """Look at the next frame, (H, W, 3) uint8, of the same size every time."""
        for meter in (self._given, self._shots, self._motion, self._mood, self._album):
            if meter is not None:
                meter.push(rgb)
        self.frames += 1

    def cuts(self, rate: Fraction) -> tuple[Cut, ...]:
        if self._given is not None:
            return self._given.finish(self.frames)
        assert self._shots is not None
        return self._shots.finish(float(rate))

    def analysis(self, timeline: Timeline, cuts: tuple[Cut, ...]) -> VideoAnalysis:
        rate = float(timeline.frame_rate)
        energy = self._motion.energy(rate, [cut.span for cut in cuts])
        middles = [(shot.start_frame + shot.end_frame) // 2 for shot in timeline.shots]
        return VideoAnalysis(
            timeline=timeline,
            cuts=cuts,
            motion=energy,
            mood=self._mood.mood(energy, rate),
            thumbnails=np.stack([self._album.near(frame) for frame in middles]),
            mood_source=MOOD_SOURCE,
        )


class _GivenCuts:
    """Measures how much the picture changes at cuts that are known."""

    def __init__(self, cuts: tuple[int, ...]) -> None:
        self._cuts = cuts
        self._flow = Flow()
        self._recent: deque[np.ndarray] = deque(maxlen=2 * _BESIDE_CUT)
        self._open: deque[int] = deque(cuts)
        self._strengths: list[float] = []
        self._pushed = 0

    def push(self, rgb: np.ndarray) -> None:
        self._recent.append(rgb)
        self._pushed += 1
        while self._open and self._open[0] + _BESIDE_CUT <= self._pushed:
            self._measure()

    def finish(self, frames: int) -> tuple[Cut, ...]:
        """The cuts; CutsError if one lies outside the film."""
        _check_range(self._cuts, frames)
        while self._open:
            self._measure()
        return tuple(
            Cut(frame, "hard", strength, 1)
            for frame, strength in zip(self._cuts, self._strengths, strict=True)
        )

    def _measure(self) -> None:
        self._open.popleft()
        self._strengths.append(unlikeness(self._recent[0], self._recent[-1], self._flow))


class _Album:
    """Keeps a picture of every shot to be, compressed: one in each `SHORTEST_SHOT` frames."""

    def __init__(self) -> None:
        self._pages: list[np.ndarray] = []
        self._pushed = 0

    def push(self, rgb: np.ndarray) -> None:
        if self._pushed % SHORTEST_SHOT == 0:
            bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
            self._pages.append(cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])[1])
        self._pushed += 1

    def near(self, frame: int) -> np.ndarray:
        """The picture kept nearest to `frame`."""
        page = self._pages[min(round(frame / SHORTEST_SHOT), len(self._pages) - 1)]
        bgr = cv2.imdecode(page, cv2.IMREAD_COLOR)
        assert bgr is not None
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _reported(
    pictures: Iterable[Picture], expected: int | None, progress: Progress | None
) -> Iterator[Picture]:
    """The pictures, telling `progress` now and then how far they are."""
    for number, picture in enumerate(pictures):
        if progress is not None and expected and number % _PROGRESS_FRAMES == 0:
            progress(min(1.0, number / expected))
        yield picture
    if progress is not None:
        progress(1.0)


def _edit_pictures(timeline: Timeline) -> Iterator[Picture]:
    """Every frame of the edit, all in the size of the first film's."""
    shape: tuple[int, ...] | None = None
    waiting = 0  # frames of gap before the first film
    for media, frames in _runs(timeline):
        if media is None and shape is None:
            waiting += frames
            continue
        for picture in _run_pictures(media, frames, timeline.frame_rate, shape):
            if shape is None:
                shape = picture.rgb.shape
                yield from repeat(_black(shape), waiting)
            yield replace(picture, rgb=_fitted(picture.rgb, shape))
    if shape is None:
        yield from repeat(_black(_GAP_SHAPE), waiting)


def _black(shape: tuple[int, ...]) -> Picture:
    """What an edit shows where it has no film."""
    return Picture(
        Fraction(0),
        Fraction(0),
        np.zeros(shape, np.uint8),
        lambda side: np.zeros((side, side, 3), np.uint8),
    )


def _runs(timeline: Timeline) -> Iterator[tuple[MediaSpan | None, int]]:
    """Stretches of the edit that one pass over one file shows, with their frames."""
    media, frames = timeline.shots[0].media, 0
    for shot in timeline.shots:
        if frames and not _continues(media, frames, shot.media, timeline.frame_rate):
            yield media, frames
            media, frames = shot.media, 0
        frames += shot.frames
    yield media, frames


def _continues(
    media: MediaSpan | None, frames: int, following: MediaSpan | None, rate: Fraction
) -> bool:
    if media is None or following is None:
        return media is following
    return media.path == following.path and media.start + frames / rate == following.start


def _run_pictures(
    media: MediaSpan | None, frames: int, rate: Fraction, shape: tuple[int, ...] | None
) -> Iterator[Picture]:
    if media is None:
        assert shape is not None
        yield from repeat(_black(shape), frames)
        return
    _check_media(media)
    shown, last = 0, None
    pictures = on_grid(read_pictures(media.path, media.start), rate, media.start)
    for picture in islice(pictures, frames):
        shown, last = shown + 1, picture
        yield picture
    if last is not None:
        yield from repeat(last, frames - shown)


def _check_media(media: MediaSpan) -> None:
    if not media.path.exists():
        raise TimelineError(f"{media.path}: is in the edit, but does not exist; relink it")
    seconds = probe(media.path).seconds
    if seconds is not None and media.start > 0 and media.start >= seconds:
        raise TimelineError(
            f"{media.path}: the edit shows it from {float(media.start):.2f} s on, "
            f"but it lasts {seconds:.2f} s; relink it"
        )


def _fitted(rgb: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The whole picture inside `shape`, with black bars where the aspect differs."""
    if rgb.shape == shape:
        return rgb
    scale = min(shape[0] / rgb.shape[0], shape[1] / rgb.shape[1])
    height, width = max(1, round(rgb.shape[0] * scale)), max(1, round(rgb.shape[1] * scale))
    top, left = (shape[0] - height) // 2, (shape[1] - width) // 2
    canvas = np.zeros(shape, np.uint8)
    canvas[top : top + height, left : left + width] = cv2.resize(
        rgb, (width, height), interpolation=cv2.INTER_AREA
    )
    return canvas


def _check_order(cuts: tuple[int, ...]) -> None:
    for before, cut in pairwise((0, *cuts)):
        if cut <= 0:
            raise CutsError(f"cut {cut}: a cut is the first frame of a new shot, 1 or more")
        if cut <= before:
            raise CutsError(f"cut {cut}: comes after {before}; give the cuts in order, each once")


def _check_range(cuts: tuple[int, ...], frames: int) -> None:
    for cut in cuts:
        if cut >= frames:
            raise CutsError(f"cut {cut}: lies outside the film, whose last frame is {frames - 1}")
