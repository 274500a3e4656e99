"""Animated WebP, which FFmpeg does not decode, as a film that it does. Knows no shots."""

import io
from fractions import Fraction
from functools import lru_cache
from math import gcd
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageSequence, UnidentifiedImageError

_HEADER = 21  # bytes, up to the flags of an extended WebP
_ANIMATED = 0x02  # the flag; https://developers.google.com/speed/webp/docs/riff_container
_SHORTEST, _USUAL = 16, 100  # milliseconds; browsers show a picture of none for the latter


def is_animated_webp(path: Path) -> bool:
    """Whether its header says so; OSError where it cannot be read."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
    is_extended = head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and len(head) == _HEADER
    return is_extended and bool(head[-1] & _ANIMATED)


def as_film(path: Path, most_pixels: int) -> io.BytesIO:
    """The same pictures at the same times, lossless, as Matroska.

    ValueError or OSError where it is damaged, or has more than that many pixels a picture.
    """
    stat = path.stat()
    return io.BytesIO(_film(path, stat.st_size, stat.st_mtime_ns, most_pixels))


@lru_cache(maxsize=2)
def _film(path: Path, size: int, changed: int, most_pixels: int) -> bytes:
    result = io.BytesIO()
    try:
        with Image.open(path, formats=["WEBP"]) as animation:
            if animation.width * animation.height > most_pixels:
                raise ValueError(f"{path}: has too many pixels")
            lengths = [_milliseconds(each) for each in ImageSequence.Iterator(animation)]
            with av.open(result, "w", format="matroska") as film:
                stream = film.add_stream("ffv1", rate=_rate(lengths))
                stream.width, stream.height = animation.size
                stream.pix_fmt = "bgra" if "A" in animation.mode else "bgr0"
                stream.codec_context.time_base = Fraction(1, 1000)
                stream.codec_context.thread_count = 1  # so that no packet comes late
                start = 0
                for length, image in zip(lengths, ImageSequence.Iterator(animation), strict=True):
                    pixels = np.asarray(image.convert("RGBA"))
                    frame = av.VideoFrame.from_ndarray(pixels, "rgba")
                    frame.pts, frame.time_base, frame.duration = start, Fraction(1, 1000), length
                    for packet in stream.encode(frame.reformat(format=stream.pix_fmt)):
                        packet.duration = length  # the encoder gives that of the rate
                        film.mux(packet)
                    start += length
    except (EOFError, UnidentifiedImageError, Image.DecompressionBombError) as exc:
        raise ValueError(f"{path}: cannot be decoded") from exc
    return result.getvalue()


def _milliseconds(picture: Image.Image) -> int:
    picture.load()
    return int(picture.info.get("duration", 0)) or _USUAL


def _rate(lengths: list[int]) -> Fraction:
    """On whose grid all pictures begin, or else that of the shortest one."""
    step = gcd(*lengths)
    return Fraction(1000, max(step if step >= _SHORTEST else min(lengths), _SHORTEST))
