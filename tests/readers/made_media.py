"""Media made on the spot, small and short."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np


def make_medium(
    path: Path, rate: Fraction = Fraction(25), seconds: float = 1, timecode: str | None = None
) -> Path:
    """A film whose frames get brighter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        if timecode:
            container.metadata["timecode"] = timecode
        stream = container.add_stream("libx264", rate)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frames = round(seconds * rate)
        for number in range(frames):
            grey = np.full((32, 32, 3), 255 * number // frames, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make_picture(path: Path, alpha: int) -> Path:
    """A still, half of which has that alpha (0 transparent, 255 opaque)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rgba = np.full((32, 32, 4), 255, np.uint8)
    rgba[:16, :, 3] = alpha
    with av.open(str(path), "w", format="image2", options={"update": "1"}) as container:
        stream = container.add_stream("png", 25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "rgba"
        container.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, "rgba")))
        container.mux(stream.encode(None))
    return path
