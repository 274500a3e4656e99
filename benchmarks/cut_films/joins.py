"""How one scene becomes the next: a cut, or one of the transitions of FFmpeg's xfade filter."""

from collections.abc import Iterator
from fractions import Fraction

import av
import av.filter
import numpy as np

RATE = 25
TRANSITIONS = (
    "fade", "wipeleft", "wiperight", "wipeup", "wipedown",
    "slideleft", "slideright", "slideup", "slidedown", "circlecrop",
    "rectcrop", "distance", "fadeblack", "fadewhite", "radial",
    "smoothleft", "smoothright", "smoothup", "smoothdown", "circleopen",
    "circleclose", "vertopen", "vertclose", "horzopen", "horzclose",
    "dissolve", "pixelize", "diagtl", "diagtr", "diagbl",
    "diagbr", "hlslice", "hrslice", "vuslice", "vdslice",
    "hblur", "fadegrays", "wipetl", "wipetr", "wipebl",
    "wipebr", "squeezeh", "squeezev", "zoomin", "fadefast",
    "fadeslow", "hlwind", "hrwind", "vuwind", "vdwind",
    "coverleft", "coverright", "coverup", "coverdown", "revealleft",
    "revealright", "revealup", "revealdown",
)  # fmt: skip


def transition(
    name: str, before: list[np.ndarray], after: list[np.ndarray]
) -> Iterator[np.ndarray]:
    """As many frames as each of the two has, the one becoming the other."""
    height, width = before[0].shape[:2]
    graph = av.filter.Graph()
    form = f"video_size={width}x{height}:pix_fmt=gbrp:time_base=1/{RATE}:frame_rate={RATE}/1"
    inputs = [graph.add("buffer", form), graph.add("buffer", form)]
    # A frame more on either side: the first and last of xfade's own are the scenes as they are.
    seconds = (len(before) - 1) / RATE
    mixed = graph.add("xfade", f"transition={name}:duration={seconds}:offset=0")
    sink = graph.add("buffersink")
    for number, source in enumerate(inputs):
        source.link_to(mixed, 0, number)
    mixed.link_to(sink)
    graph.configure()
    for source, pictures in zip(inputs, (before, after), strict=True):
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="gbrp")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            source.push(frame)
        source.push(None)
    for _ in range(len(before)):
        frame = sink.pull()
        assert isinstance(frame, av.VideoFrame)
        yield frame.to_ndarray(format="rgb24")
