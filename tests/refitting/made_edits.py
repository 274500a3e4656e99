"""A film of pictures that are told apart, and edits of it."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from diffbgm.timeline import MediaSpan, Shot, Timeline
from tests.video.films import shifted, texture

RATE = Fraction(24)

Piece = tuple[int, int] | int
"""First frame of the film and frame after it; or a gap of so many frames."""


def make_film(path: Path, cuts: Sequence[int], frames: int) -> None:
    """A film whose shots each pan over another texture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 192, 108, "yuv420p"
        for frame in range(frames):
            shot = int(np.searchsorted(cuts, frame, side="right"))
            picture = shifted(texture(shot), frame * (shot % 4))
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


def edit(film: Path, pieces: Sequence[Piece], rate: Fraction = RATE) -> Timeline:
    """Pieces of the film, one after the other."""
    shots, at = [], 0
    for index, piece in enumerate(pieces):
        frames = piece if isinstance(piece, int) else piece[1] - piece[0]
        shown = None if isinstance(piece, int) else MediaSpan(film, Fraction(piece[0]) / rate)
        shots.append(Shot(index, at, at + frames, shown))
        at += frames
    return Timeline(rate, tuple(shots))
