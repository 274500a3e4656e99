"""Draws the demo film: nine shots from dawn to starlight, whose cuts are known. Knows no music.

The film is the same every time: no clock and no chance in it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from diffbgm.demo import shots
from diffbgm.errors import StorageError

FRAME_RATE = Fraction(24000, 1001)

_SHOTS: tuple[tuple[Callable[[float], np.ndarray], int], ...] = (  # what draws it, frames
    (shots.dawn, 97),
    (shots.sea, 83),
    (shots.train_window, 61),
    (shots.wheels, 37),
    (shots.rain, 72),
    (shots.city, 90),
    (shots.tunnel, 46),
    (shots.fireworks, 66),
    (shots.stars, 96),
)
_DISSOLVE_AFTER, _DISSOLVE_FRAMES = 0, 24  # from the first shot into the second


@dataclass(frozen=True)
class Truth:
    """What is known of the film: `cuts` are first frames of the new shots, without frame 0.

    `dissolve` is the span of the one dissolve, first frame and first frame after it; the cut
    counts as its middle.
    """

    frame_rate: Fraction
    frames: int
    cuts: tuple[int, ...]
    dissolve: tuple[int, int]


def truth() -> Truth:
    """The cuts of the film that `make` writes."""
    ends = np.cumsum([frames for _, frames in _SHOTS])
    cut = int(ends[_DISSOLVE_AFTER])
    span = (cut - _DISSOLVE_FRAMES // 2, cut + _DISSOLVE_FRAMES // 2)
    return Truth(FRAME_RATE, int(ends[-1]), tuple(int(end) for end in ends[:-1]), span)


def make(path: Path) -> Truth:
    """Write the film (27 s, 1280x720, H.264, no sound) to `path`, whole or not at all.

    Raises StorageError where it cannot be written.
    """
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.mp4")
    try:
        _encode(unfinished)
        unfinished.replace(path)
    except OSError as exc:
        raise StorageError(f"{path}: cannot be written ({exc.strerror or exc})") from exc
    finally:
        unfinished.unlink(missing_ok=True)
    return truth()


def _encode(path: Path) -> None:
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        options = {"preset": "superfast", "crf": "23", "threads": "2"}
        stream = container.add_stream("libx264", FRAME_RATE, options=options)
        stream.width, stream.height = shots.WIDTH, shots.HEIGHT
        stream.pix_fmt = "yuv420p"
        stream.color_primaries = stream.color_trc = stream.colorspace = 1  # BT.709
        for number, picture in enumerate(_pictures()):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
            frame.pts, frame.time_base = number, 1 / FRAME_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures() -> Iterator[np.ndarray]:
    """Every picture of the film in order, the dissolve blended."""
    known = truth()
    starts = (0, *known.cuts)
    first, last = known.dissolve
    for number in range(known.frames):
        shot = int(np.searchsorted(starts, number, side="right")) - 1
        if first <= number < last:
            old, new = (
                _SHOTS[index][0]((number - starts[index]) / float(FRAME_RATE))
                for index in (_DISSOLVE_AFTER, _DISSOLVE_AFTER + 1)
            )
            share = (number - first + 1) / (last - first + 1)
            yield cv2.addWeighted(old, 1 - share, new, share, 0)
        else:
            yield _SHOTS[shot][0]((number - starts[shot]) / float(FRAME_RATE))
