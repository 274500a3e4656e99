"""A film with its music as one MP4. Knows nothing of how the music came about."""

from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError, InvalidDataError
from av.packet import Packet

from diffbgm.errors import FilmError
from diffbgm.files import replacing
from diffbgm.progress import Advance, no_advance
from diffbgm.readers.container import opened, video_stream

_AUDIO_BIT_RATE = 256_000
_AUDIO_BLOCK = 48_000  # samples that are read at a time
# Pictures that players expect in an MP4; it could hold more.
_PLAYABLE = frozenset(("h264", "hevc", "av1", "vp9", "mpeg4"))
_QUALITY = {"preset": "veryfast", "crf": "18"}  # where the picture must be encoded again


# Adds the picture of a film to an MP4 and gives its packets; the number is its first frame's pts.
_Picture = Callable[[InputContainer, OutputContainer, int], Iterator[Any]]


class _CannotCopyError(Exception):
    """The picture cannot go into an MP4 as it is."""


def mux(film: Path, mix: Path, path: Path, advance: Advance = no_advance) -> bool:
    """Write the picture of `film` with the sound of `mix` (WAV) to `path` (.mp4), both from 0 on.

    The picture is copied as it is, or encoded again (H.264) where an MP4 cannot hold it; says
    whether it was copied. The film's own sound is left out. `advance` receives the fraction done,
    and may raise to stop. FilmError if `film` has no picture that can be read, StorageError where
    `path` cannot be written.
    """
    with replacing(path) as unfinished:
        try:
            _write(film, mix, unfinished, _copied, advance)
        except _CannotCopyError:
            _write(film, mix, unfinished, _encoded, advance)
            return False
        except InvalidDataError as exc:
            raise FilmError(f"{film}: is damaged; export it again") from exc
    return True


def _write(film: Path, mix: Path, path: Path, picture: _Picture, advance: Advance) -> None:
    first_pts = _first_pts(film)
    with opened(film) as source, av.open(str(path), "w", format="mp4") as target:
        packets = picture(source, target, first_pts)
        first = next(packets)  # the picture is the first stream of the file
        audio = target.add_stream("aac", rate=soundfile.info(mix).samplerate, layout="stereo")
        audio.bit_rate = _AUDIO_BIT_RATE
        sound = _sound(mix, audio)
        seconds = soundfile.info(mix).duration
        written = 0.0  # seconds of sound
        # Sound and picture alternate: the muxer would keep what runs ahead in memory.
        for packet in chain((first,), packets):
            while written <= float(packet.pts * packet.time_base) and (block := next(sound, None)):
                target.mux(block)
                written = float(block[-1].pts * block[-1].time_base)
            target.mux(packet)
            advance(min(1.0, written / max(seconds, written, 1e-9)))
        for block in sound:
            target.mux(block)


def _first_pts(film: Path) -> int:
    """When the first frame is shown, in ticks of the stream: what its header says may be off."""
    with opened(film) as source:
        try:
            return next(source.decode(video_stream(film, source))).pts or 0
        except (FFmpegError, StopIteration) as exc:
            raise FilmError(f"{film}: its picture cannot be decoded; export it again") from exc


def _copied(source: InputContainer, target: OutputContainer, first_pts: int) -> Iterator[Packet]:
    """The packets of the picture as they are, its first frame at 0."""
    stream = source.streams.video[0]
    if stream.codec_context.codec.canonical_name not in _PLAYABLE:
        raise _CannotCopyError
    copy = target.add_stream_from_template(stream)
    for packet in _with_decoding_times(source.demux(stream)):
        packet.pts -= first_pts
        packet.dts -= first_pts
        packet.stream = copy
        yield packet


def _with_decoding_times(packets: Iterator[Packet]) -> Iterator[Any]:
    """`packets`, all with a dts: Matroska leaves it out of the first ones."""
    waiting: list[Packet] = []
    for packet in packets:
        if packet.size == 0:  # the end
            continue
        if packet.pts is None:
            raise _CannotCopyError
        waiting.append(packet)
        if packet.dts is None:
            continue
        for distance, early in enumerate(reversed(waiting)):
            early.dts = packet.dts - distance * (packet.duration or 1)
        yield from waiting
        waiting.clear()
    if waiting:
        raise _CannotCopyError


def _encoded(source: InputContainer, target: OutputContainer, first_pts: int) -> Iterator[Packet]:
    """The packets of the picture, upright and encoded again, its first frame at 0."""
    stream = source.streams.video[0]
    encoder = target.add_stream("libx264", rate=stream.average_rate, options=_QUALITY)
    encoder.pix_fmt = "yuv420p"
    encoder.time_base = stream.time_base
    for frame in source.decode(stream):
        picture = _upright(frame)
        if not encoder.codec_context.is_open:
            # H.264 in its common form wants even sides.
            encoder.width, encoder.height = picture.width // 2 * 2, picture.height // 2 * 2
        even = picture.reformat(encoder.width, encoder.height, "yuv420p")
        even.pts, even.time_base = (frame.pts or 0) - first_pts, frame.time_base
        yield from encoder.encode(even)
    yield from encoder.encode(None)


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """`frame` as its rotation flag wants it shown."""
    turns = round(frame.rotation / 90) % 4
    if turns == 0:
        return frame
    pixels: Any = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))
    return av.VideoFrame.from_ndarray(pixels, "rgb24")


def _sound(mix: Path, encoder: Any) -> Iterator[list[Any]]:
    """The packets of the sound, in time; a block of them at a time, never an empty one."""
    now = 0
    for samples in soundfile.blocks(mix, _AUDIO_BLOCK, dtype="float32", always_2d=True):
        planes: Any = np.ascontiguousarray(samples.T)
        frame = av.AudioFrame.from_ndarray(planes, "fltp", "stereo")
        frame.sample_rate = encoder.rate
        frame.pts, frame.time_base = now, Fraction(1, encoder.rate)
        now += len(samples)
        if packets := encoder.encode(frame):
            yield packets
    yield encoder.encode(None)
