"""Whether a film lets through what lies below it, by the alpha channel of its first pictures."""

from itertools import islice
from pathlib import Path

import av
import av.error

from diffbgm.readers.container import opened, video_stream

_PICTURES = 12  # looked at: an animation may begin with one that is whole
_TRANSPARENT, _SHARE = 240, 0.01  # alpha of 255, and the share of pixels that lie below it


def is_transparent(path: Path) -> bool:
    """Whether the first pictures have transparent parts; a channel may be opaque throughout.

    FilmError where the file cannot be opened.
    """
    with opened(path) as container:
        stream = video_stream(path, container)
        pixels = stream.codec_context.format
        if pixels is None or not any(component.is_alpha for component in pixels.components):
            return False
        try:
            return any(map(_lets_through, islice(container.decode(stream), _PICTURES)))
        except av.error.FFmpegError:
            return False  # what cannot be decoded is reported when the pictures are read


def _lets_through(frame: av.VideoFrame) -> bool:
    alpha = frame.to_ndarray(format="rgba")[..., 3]
    return float((alpha < _TRANSPARENT).mean()) > _SHARE
