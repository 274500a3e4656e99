"""Times of packets that jump or start again, as where recordings were laid end to end.

Decodes nothing.
"""

from bisect import bisect_right
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.video.stream import VideoStream

from diffbgm.readers.container import first_picture, opened, video_stream

_FORWARD, _BACK = 10, Fraction(1, 5)  # seconds of a step between packets that is a jump


def may_jump(container: InputContainer) -> bool:
    """Whether the format allows times to jump, as streams of broadcast and disc do."""
    return bool(container.format.flags & Flags.ts_discont.value)


class Timestamps:
    """Moves the times of one stream's packets, so that they go on where they jumped.

    As FFmpeg's own program: a step back is mended in every format, a long step forward in those
    that allow jumps. `shift` is by how many seconds the packets are moved.
    """

    def __init__(self, container: InputContainer, shift: Fraction = Fraction(0)) -> None:
        self.shift = shift
        self._forward = _FORWARD if may_jump(container) else None
        self._next: Fraction | None = None  # where the packet before ends

    def mend(self, packet: Packet) -> Packet:
        """The packet itself, moved."""
        base = packet.time_base
        if not base:
            return packet
        duration = (packet.duration or 0) * base
        if packet.dts is not None:
            self._follow(packet.dts * base, duration)
        elif self._next is not None:
            self._next += duration
        ticks = round(self.shift / base)
        if ticks and packet.dts is not None:
            packet.dts += ticks
        if ticks and packet.pts is not None:
            packet.pts += ticks
        return packet

    def _follow(self, seconds: Fraction, duration: Fraction) -> None:
        if self._next is not None:
            step = seconds + self.shift - self._next
            if step < -_BACK or (self._forward is not None and step > self._forward):
                self.shift -= step
        self._next = seconds + self.shift + duration


@dataclass(frozen=True)
class KeyPicture:
    """A picture that leans on no other, `seconds` after the film's first one.

    `position` is its byte in the file, `shift` that of its packets' times.
    """

    seconds: Fraction
    position: int
    shift: Fraction


@dataclass(frozen=True)
class PacketIndex:
    """Found by reading all of a film's packets: its length, and its key pictures in order."""

    seconds: Fraction
    key_pictures: tuple[KeyPicture, ...]

    def key_before(self, seconds: Fraction) -> KeyPicture | None:
        """The last key picture that is not later; None if there is none."""
        at = bisect_right([key.seconds for key in self.key_pictures], seconds)
        return self.key_pictures[at - 1] if at else None


def packet_index(path: Path) -> PacketIndex:
    """The index of a film; kept for the few that were asked for last. FilmError as `opened`."""
    stat = path.stat()
    return _packet_index(path, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=8)
def _packet_index(path: Path, size: int, changed: int) -> PacketIndex:
    end, keys = Fraction(0), []
    # Damage is reported where the pictures are decoded.
    with opened(path) as container, suppress(av.error.FFmpegError):
        stream = video_stream(path, container)
        origin, times = first_picture(container, stream), Timestamps(container)
        for packet in container.demux(stream):
            times.mend(packet)
            if packet.pts is None or not packet.time_base:
                continue
            seconds = packet.pts * packet.time_base - origin
            end = max(end, seconds + (packet.duration or 0) * packet.time_base)
            if packet.is_keyframe and packet.pos is not None and packet.pos >= 0:
                keys.append(KeyPicture(seconds, packet.pos, times.shift))
    return PacketIndex(end, tuple(sorted(keys, key=lambda key: key.seconds)))


def seek(path: Path, container: InputContainer, stream: VideoStream, seconds: Fraction) -> Fraction:
    """Go to the key picture at `seconds` after the first one, or before; the shift of times there.

    Raises FFmpegError where the file cannot be sought.
    """
    if may_jump(container):
        key = packet_index(path).key_before(seconds)
        if key is not None:
            container.seek(key.position, stream=stream, unsupported_byte_offset=True)
            return key.shift
    base = stream.time_base or Fraction(1, av.time_base)
    container.seek(int((first_picture(container, stream) + seconds) / base), stream=stream)
    return Fraction(0)
