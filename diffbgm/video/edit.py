"""The frames of an edit of one or many films. Measures nothing."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import islice, repeat
from typing import Any

import cv2
import numpy as np

from diffbgm.errors import TimelineError
from diffbgm.timeline import MediaSpan, Timeline
from diffbgm.video.decode import LONG_SIDE, Picture, on_grid, probe, read_pictures
from diffbgm.video.embeddings import content_of

_GAP_SHAPE = (LONG_SIDE * 9 // 16, LONG_SIDE, 3)  # of an edit that shows nothing at all


def edit_frames(timeline: Timeline) -> Iterator[Picture]:
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


def content_of_edit(timeline: Timeline) -> Any:
    """The same for edits that show the same, whatever their files are called."""
    runs: list[Any] = []
    for media, frames in _runs(timeline):
        if media is not None:
            _check_media(media)
        shown = media and (content_of(media.path), str(media.start))
        runs.append((frames, shown))
    return str(timeline.frame_rate), runs


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
