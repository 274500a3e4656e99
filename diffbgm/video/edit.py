"""The frames of an edit of one or many films. Measures nothing."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import islice, repeat
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from diffbgm.errors import TimelineError
from diffbgm.readers.container import KeptOpen
from diffbgm.readers.media_runs import MediaRun, media_runs
from diffbgm.timeline import MediaSpan, Timeline
from diffbgm.video.decode import LONG_SIDE, Film, Picture, on_grid
from diffbgm.video.embeddings import content_of

_GAP_SHAPE = (LONG_SIDE * 9 // 16, LONG_SIDE, 3)  # of an edit that shows nothing at all
_FILMS_OPEN = 3  # at once: each holds a decoder and its pictures
_REVERSED_AT_ONCE = 240  # frames that are kept to be shown last first
_ROUNDED = Fraction(1, 8)  # of a picture's duration, by which its time may be wrong
_KEPT_SIDE = 336  # shorter side in which they are kept: what the largest CLIP asks for


def edit_frames(timeline: Timeline) -> Iterator[Picture]:
    """Every frame of the edit, all in the size of the first film's.

    Raises TimelineError where a film is not there or ends before its shot begins, FilmError where
    one cannot be used.
    """
    shape: tuple[int, ...] | None = None
    waiting = 0  # frames of gap before the first film
    with KeptOpen(_open_film, _FILMS_OPEN) as films:
        for run in media_runs(timeline):
            if run.media is None:
                if shape is None:
                    waiting += run.frames
                else:
                    yield from repeat(_black(shape), run.frames)
                continue
            film = films.open(run.media.path)
            for picture in _run_pictures(film, run.media, run.frames, timeline.frame_rate):
                if shape is None:
                    shape = picture.rgb.shape
                    yield from repeat(_black(shape), waiting)
                yield replace(picture, rgb=_fitted(picture.rgb, shape))
    if shape is None:
        yield from repeat(_black(_GAP_SHAPE), waiting)


def content_of_edit(timeline: Timeline) -> Any:
    """The same for edits that show the same, whatever their files are called."""
    content = cache(content_of)
    return str(timeline.frame_rate), [_content_of_run(run, content) for run in media_runs(timeline)]


def _content_of_run(run: MediaRun, content: Callable[[Path], str]) -> Any:
    if run.media is None:
        return run.frames, None
    _check_file(run.media.path)
    shown = (content(run.media.path), str(run.media.start), str(run.media.speed))
    return run.frames, shown


def _open_film(path: Path) -> Film:
    _check_file(path)
    return Film(path)


def _black(shape: tuple[int, ...]) -> Picture:
    """What an edit shows where it has no film."""
    return Picture(
        Fraction(0),
        Fraction(0),
        np.zeros(shape, np.uint8),
        lambda side: np.zeros((side, side, 3), np.uint8),
    )


def _run_pictures(film: Film, media: MediaSpan, frames: int, rate: Fraction) -> Iterator[Picture]:
    """As many frames of one film as the edit shows in one go."""
    forwards = media.backwards(frames / rate) if media.speed < 0 else media
    _check_start(film, forwards)
    if media.speed < 0:
        return _reversed(film, forwards, frames, rate)
    return _forwards(film, forwards, frames, rate)


def _forwards(film: Film, media: MediaSpan, frames: int, rate: Fraction) -> Iterator[Picture]:
    """At a speed of 0 or more. A film that ends too early holds its last picture."""
    pictures = film.pictures(media.start)
    if media.speed > 0:
        grid = rate / media.speed  # of frames of the edit in the film's time
        pictures = on_grid(pictures, grid, media.start, _early(grid, film.info.frame_rate))
    shown, last = 0, None
    for last in islice(pictures, frames if media.speed > 0 else 1):
        shown += 1
        yield last
    if last is not None:
        yield from repeat(last, frames - shown)


def _early(grid: Fraction, film_rate: Fraction) -> Fraction:
    """How many steps of the grid before its time a picture may be shown, as it may be rounded."""
    if grid == film_rate:
        return Fraction(1, 2)
    return min(Fraction(1, 2), grid / film_rate * _ROUNDED)


def _reversed(film: Film, forwards: MediaSpan, frames: int, rate: Fraction) -> Iterator[Picture]:
    """What `forwards` shows, last frame first: decoded forwards, a bounded part at a time."""
    for end in range(frames, 0, -_REVERSED_AT_ONCE):
        begin = max(0, end - _REVERSED_AT_ONCE)
        part = _forwards(film, forwards.later(begin / rate), end - begin, rate)
        yield from reversed([*_kept_small(part)])


def _kept_small(pictures: Iterator[Picture]) -> Iterator[Picture]:
    """The pictures without the film's frames behind them, which are large."""
    last, kept = None, None
    for picture in pictures:
        if kept is None or picture is not last:
            last, kept = picture, _small(picture)
        yield kept


def _small(picture: Picture) -> Picture:
    large = picture.sized(_KEPT_SIDE)

    def sized(side: int) -> np.ndarray:
        scale = side / min(large.shape[:2])
        size = round(large.shape[1] * scale), round(large.shape[0] * scale)
        return cv2.resize(large, size, interpolation=cv2.INTER_AREA)

    return replace(picture, sized=sized)


def _check_file(path: Path) -> None:
    if not path.exists():
        raise TimelineError(f"{path}: is in the edit, but does not exist; relink it")


def _check_start(film: Film, media: MediaSpan) -> None:
    seconds = film.info.seconds
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
