"""What a film shows, measured in one decoding pass: cuts, motion, mood, a picture a shot."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, NamedTuple

import cv2
import numpy as np

from diffbgm.errors import FilmError
from diffbgm.progress import Advance, no_advance, part_of
from diffbgm.readers.film_info import probe
from diffbgm.timeline import CutHints, MediaSpan, Shot, Timeline, check_cuts
from diffbgm.video.captions import nearest_captions
from diffbgm.video.clip import Clip, sampled
from diffbgm.video.decode import Picture, on_grid, read_pictures
from diffbgm.video.edit import content_of_edit, edit_frames
from diffbgm.video.embeddings import content_of
from diffbgm.video.hard_cuts import shortest_shot
from diffbgm.video.hinted_cuts import HintedCuts, apply_hints
from diffbgm.video.mood import MoodMeter
from diffbgm.video.motion import MotionMeter
from diffbgm.video.shots import Cut, ShotDetector
from diffbgm.video.similarity import Flow, dissimilarity
from diffbgm.video.spool import Spool
from diffbgm.video.zero_shot import MOOD_RATE, zero_shot_mood

__all__ = ["Cut", "VideoAnalysis", "analyse_film", "analyse_timeline"]

MoodSource = Literal["clip", "colour"]
MOOD_SOURCES: dict[MoodSource, str] = {
    "clip": "what is shown (CLIP)",
    "colour": "colour and motion",
}
"""What a mood is read from, in words."""

_BESIDE_CUT = 6  # frames from a given cut, at which the pictures are compared: past most dissolves
_PROGRESS_FRAMES = 12
_MEASURED = 0.95  # of the progress, when the last picture was; then transitions are sought
_THUMBNAIL_PIXELS = 10_000_000  # of all thumbnails together: 480 of them keep their size


@dataclass(frozen=True)
class VideoAnalysis:
    """What was measured of a film or an edit.

    `motion` is (frames,) float32, 0..1 on an absolute scale, without the cuts; `mood` is
    (seconds rounded up, 3) float32: valence, arousal, tension, each -1..1, read from
    `mood_source`; `thumbnails` is (shots, height, width, 3) uint8 RGB; `image_embeddings` and
    `caption_embeddings` (of the nearest caption) are CLIP's, (seconds rounded up, width) float32,
    rows of length 1; None without CLIP. `rejected` are candidates for cuts at which the picture
    goes on.
    """

    timeline: Timeline
    cuts: tuple[Cut, ...]
    motion: np.ndarray
    mood: np.ndarray
    thumbnails: np.ndarray
    mood_source: MoodSource
    image_embeddings: np.ndarray | None = None
    caption_embeddings: np.ndarray | None = None
    rejected: tuple[int, ...] = ()


class _Meaning(NamedTuple):
    """Image and caption embeddings, and the mood that CLIP reads from them; a row a second."""

    image_embeddings: np.ndarray
    caption_embeddings: np.ndarray
    mood: np.ndarray


def analyse_film(
    path: Path,
    cuts: tuple[int, ...] | None = None,
    progress: Advance = no_advance,
    clip: Clip | None = None,
    hints: CutHints | None = None,
) -> VideoAnalysis:
    """Measure a film; its cuts are detected, or given as the first frames of the new shots.

    `hints` say more of those that are detected. The mood is read by `clip`, else from colour and
    motion. `progress` receives the fraction done, and may raise CancelledError. Raises FilmError
    where the film cannot be used, CutsError where given cuts are out of order or outside the film.
    """
    if cuts is not None:
        check_cuts(cuts)
    info = probe(path)
    rate = info.frame_rate
    expected = round(info.seconds * rate) if info.seconds else None
    decoding = part_of(progress, 0.0, _MEASURED)
    frames = _reported(on_grid(read_pictures(path), rate), expected, decoding)
    meters = _Meters(rate, cuts, hints)
    meaning = _measure(meters, frames, rate, clip, lambda: content_of(path))
    if meters.frames < 2:
        raise FilmError(f"{path}: is a single picture; give a film")
    whole = Timeline(rate, (Shot(0, 0, meters.frames, MediaSpan(path)),))
    return meters.analysis(whole, meaning, part_of(progress, _MEASURED, 1.0))


def analyse_timeline(
    timeline: Timeline, progress: Advance = no_advance, clip: Clip | None = None
) -> VideoAnalysis:
    """Measure an edit of one or many films; gaps are black.

    Its cuts are as it says, or are found where it gives hints: the shots of the result begin there,
    and have the overrides of what they show first. What follows on in one file is decoded in one
    pass. A film that ends within its shot holds its last picture, as editors show it. The mood is
    read as in a film. Raises TimelineError where a film is not there or ends before its shot
    begins, FilmError where one cannot be used.
    """
    rate = timeline.frame_rate
    decoding = part_of(progress, 0.0, _MEASURED)
    frames = _reported(edit_frames(timeline), timeline.frames, decoding)
    meters = _Meters(rate, None if timeline.hints else timeline.cuts, timeline.hints)
    meaning = _measure(meters, frames, rate, clip, lambda: content_of_edit(timeline))
    return meters.analysis(timeline, meaning, part_of(progress, _MEASURED, 1.0))


def _measure(
    meters: "_Meters",
    frames: Iterator[Picture],
    frame_rate: Fraction,
    clip: Clip | None,
    content: Callable[[], Any],
) -> _Meaning | None:
    """Measure every frame, and embed some by `clip` in the same pass, unless it knows `content`."""
    measured = meters.at_each(frames)
    meaning = None
    if clip is not None:
        key = clip.frames_key(content(), MOOD_RATE)
        pictures = (frame.sized(clip.side) for frame in sampled(measured, frame_rate, MOOD_RATE))
        image_embeddings = clip.cache.get(key, lambda: clip.embed_pictures(pictures))
        caption_embeddings = clip.embed_texts(nearest_captions(image_embeddings, clip))
        meaning = _Meaning(
            image_embeddings, caption_embeddings, zero_shot_mood(image_embeddings, clip)
        )
    deque(measured, maxlen=0)  # all that is left
    return meaning


class _Meters:
    """Everything that is measured, fed with one frame after the other."""

    def __init__(
        self, rate: Fraction, cuts: tuple[int, ...] | None, hints: CutHints | None
    ) -> None:
        """`cuts` None: detect them, by what `hints` say."""
        self._shortest = shortest_shot(float(rate))
        self.frames = 0
        self._hints = hints or CutHints()
        self._given = None if cuts is None else _GivenCuts(cuts)
        self._shots = ShotDetector(float(rate)) if cuts is None else None
        self._motion, self._mood, self._album = MotionMeter(), MoodMeter(), _Album(self._shortest)

    def at_each(self, frames: Iterable[Picture]) -> Iterator[Picture]:
        """The frames, each measured before it is handed on; all small pictures of one size."""
        parts = (self._given, self._shots, self._motion, self._mood, self._album)
        for frame in frames:
            for meter in parts:
                if meter is not None:
                    meter.push(frame.rgb)
            self.frames += 1
            yield frame

    def _cuts(self, advance: Advance) -> HintedCuts:
        if self._given is not None:
            return HintedCuts(self._given.finish(self.frames), ())
        assert self._shots is not None
        found, downscaled = self._shots.finish(advance), self._shots.downscaled
        return apply_hints(self._hints, found, downscaled, self._shortest)

    def analysis(
        self, shown: Timeline, meaning: _Meaning | None, advance: Advance
    ) -> VideoAnalysis:
        """`meaning` None: read the mood from colour and motion."""
        rate = float(shown.frame_rate)
        cuts, rejected = self._cuts(advance)
        advance(1.0)
        timeline = shown.cut_at([cut.frame for cut in cuts])
        energy = self._motion.energy(rate, [cut.span for cut in cuts])
        middles = [(shot.start_frame + shot.end_frame) // 2 for shot in timeline.shots]
        return VideoAnalysis(
            timeline=timeline,
            cuts=cuts,
            motion=energy,
            mood=meaning.mood if meaning else self._mood.mood(energy, rate),
            thumbnails=self._album.near(middles),
            mood_source="clip" if meaning else "colour",
            image_embeddings=meaning.image_embeddings if meaning else None,
            caption_embeddings=meaning.caption_embeddings if meaning else None,
            rejected=rejected,
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
        check_cuts(self._cuts, frames)
        while self._open:
            self._measure()
        return tuple(
            Cut(frame, "hard", strength, 1, "edit")
            for frame, strength in zip(self._cuts, self._strengths, strict=True)
        )

    def _measure(self) -> None:
        self._open.popleft()
        self._strengths.append(dissimilarity(self._recent[0], self._recent[-1], self._flow))


class _Album:
    """Keeps a picture of every shot to be, compressed: one in each `shortest` frames."""

    def __init__(self, shortest: int) -> None:
        self._shortest = shortest
        self._pages = Spool()
        self._pushed = 0

    def push(self, rgb: np.ndarray) -> None:
        if self._pushed % self._shortest == 0:
            bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
            page = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
            self._pages.append(page.tobytes())
        self._pushed += 1

    def near(self, frames: Sequence[int]) -> np.ndarray:
        """(frames, height, width, 3): the pictures kept nearest to `frames`; smaller where they
        are many."""
        height, width = self._page(0).shape[:2]
        scale = min(1.0, (_THUMBNAIL_PIXELS / (len(frames) * height * width)) ** 0.5)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pictures = np.empty((len(frames), size[1], size[0], 3), np.uint8)
        for picture, frame in zip(pictures, frames, strict=True):
            page = self._page(min(round(frame / self._shortest), len(self._pages) - 1))
            picture[:] = cv2.resize(page, size, interpolation=cv2.INTER_AREA)
        return pictures

    def _page(self, number: int) -> np.ndarray:
        page = np.frombuffer(self._pages.read(number, number + 1), np.uint8)
        bgr = cv2.imdecode(page, cv2.IMREAD_COLOR)
        assert bgr is not None
        return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _reported(
    pictures: Iterable[Picture], expected: int | None, advance: Advance
) -> Iterator[Picture]:
    """The pictures, reporting to `advance` now and then how far they are."""
    for number, picture in enumerate(pictures):
        if expected and number % _PROGRESS_FRAMES == 0:
            advance(min(1.0, number / expected))
        yield picture
    advance(1.0)
