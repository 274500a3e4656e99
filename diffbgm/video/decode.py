"""Reads films once, small and on a constant frame grid. Knows nothing of shots, motion or mood."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from math import floor
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.format import Flags
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from diffbgm.errors import FilmError
from diffbgm.readers.container import first_picture, opened, video_stream
from diffbgm.readers.film_info import MAX_SECONDS, FilmInfo, info_of, too_long
from diffbgm.readers.timestamps import Timestamps, may_jump, seek

LONG_SIDE, SHORT_SIDE = 192, 32
"""Of a small picture: the length of its longer side, and the least length of its shorter one."""

_LARGEST_ASPECT = 8  # of a sized picture; one that is longer still is squeezed
_LOST_SECONDS, _LOST_SHARE = 1.0, 0.05  # that may be missing before a film counts as damaged
_SETTLING_SECONDS = 1.0  # in which a recording that was cut out of another may be imperfect
_SEEK_SECONDS = 2  # a start earlier than this is reached without a seek
_EARLIER = (0, 1, 4, 16, 64)  # seconds before a place that are sought, one after the other


@dataclass(frozen=True)
class Picture:
    """One picture, shown from `seconds` on for `duration` seconds (0 where the file is silent).

    `rgb` is (height, width, 3) uint8: small, upright and with square pixels; `sized(n)` is the
    same with a shorter side of n pixels, drawn when it is asked for. Times count from the film's
    first picture.
    """

    seconds: Fraction
    duration: Fraction
    rgb: np.ndarray
    sized: Callable[[int], np.ndarray]


def on_grid(
    pictures: Iterator[Picture],
    rate: Fraction,
    start: Fraction = Fraction(0),
    early: Fraction = Fraction(1, 2),
) -> Iterator[Picture]:
    """Frame 0, 1, ... of a constant grid: what a player shows `start` + N / `rate` seconds in.

    A picture is shown from the first grid point on that is no more than `early` steps of the grid
    before its time, which forgives timestamps rounded to milliseconds, and held until the next
    one; of several at one point the last is taken.
    """
    shown, number, end = None, 0, 0
    for picture in pictures:
        begin = floor((picture.seconds - start) * rate + 1 - early)
        while shown is not None and number < begin:
            yield shown
            number += 1
        shown = picture
        ends = (picture.seconds + picture.duration - start) * rate
        end = max(begin + 1, floor(ends + 1 - early))
    while shown is not None and number < max(end, 1):
        yield shown
        number += 1


def read_pictures(path: Path) -> Iterator[Picture]:
    """Decode a film once, from its first picture to its last. Raises FilmError as `Film` does."""
    with Film(path) as film:
        yield from film.pictures()


class Film:
    """An open film, read from any place as often as wanted; one reading ends where another begins.

    Raises FilmError where the file is missing, unreadable, no film, has no picture, or lasts
    longer than `MAX_SECONDS`.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._files = path, ExitStack()
        self._container, self._stream = self._open()
        self._is_fresh = True
        try:
            self.info = info_of(path, self._container, self._stream)
        except FilmError:
            self.close()
            raise

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._files.close()

    def pictures(self, start: Fraction = Fraction(0)) -> Iterator[Picture]:
        """Decode on from the picture shown at `start` seconds, which comes first, to the end.

        Raises FilmError where the file ends early or cannot be decoded on: the message then names
        how many seconds could be read.
        """
        reading = self._reading_from(max(start, Fraction(0)))
        shrink = _Shrinker(self._stream)
        before = None  # the last picture that begins before `start`: shown at `start`
        for seconds, frame in reading.frames():
            if seconds <= start:
                before = (seconds, frame)
                continue
            if before is not None:
                yield shrink(*before)
                before = None
            yield shrink(seconds, frame)
        if before is not None:
            yield shrink(*before)
        reading.check_end()

    def _open(self) -> tuple[InputContainer, VideoStream]:
        container = self._files.enter_context(opened(self._path))
        try:
            stream = video_stream(self._path, container)
        except FilmError:
            self.close()
            raise
        stream.thread_type = "AUTO"
        return container, stream

    def _reading_from(self, start: Fraction) -> "_Reading":
        """A reading whose first picture is shown at `start` seconds or before."""
        if start > _SEEK_SECONDS or not self._is_fresh:
            for seconds in _EARLIER if self._has_times() else ():
                reading = self._sought(max(start - seconds, Fraction(0)))
                if reading is not None and reading.begins_by(start):
                    return reading
            self.close()
            self._container, self._stream = self._open()
        self._is_fresh = False
        return _Reading(self.info, self._container, self._stream)

    def _has_times(self) -> bool:
        return not self._container.format.flags & Flags.no_timestamps.value

    def _sought(self, seconds: Fraction) -> "_Reading | None":
        """A reading from the key picture before `seconds` on; None if it cannot be sought."""
        self._is_fresh = False
        try:
            shift = seek(self._path, self._container, self._stream, seconds)
        except av.error.FFmpegError:
            return None
        reading = _Reading(self.info, self._container, self._stream, shift)
        reading.is_settling = True
        return reading


class _Reading:
    """Takes a container's packets apart, and keeps account of what could not be read."""

    def __init__(
        self,
        info: FilmInfo,
        container: InputContainer,
        stream: VideoStream,
        shift: Fraction = Fraction(0),
    ) -> None:
        """`shift` is that of the time stamps at the place of the file where the reading begins."""
        self.info, self.container, self.stream = info, container, stream
        self.times = Timestamps(container, shift)
        self.origin = first_picture(container, stream)
        self.reached = 0.0  # end of the last packet of any stream
        self.decoded_until = Fraction(0)  # end of the last picture
        self.lost = 0  # pictures that could not be decoded, or not well, after the first
        self.any = False
        self.is_settling = False  # after a seek: pictures that lean on earlier ones are spoilt
        self._frames = self._timed()

    def begins_by(self, start: Fraction) -> bool:
        """Whether the first picture is shown at `start` seconds or before."""
        first = next(self._frames, None)
        if first is None:
            return False
        self._frames = chain([first], self._frames)
        return first[0] <= start

    def frames(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Pictures with their times, each later than the one before."""
        return self._frames

    def _timed(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        last = Fraction(-1)
        for packet in self._packets():
            for frame in self._decode(packet):
                seconds = self._seconds(frame)
                if seconds <= last or (self.is_settling and frame.is_corrupt):
                    continue
                if seconds > MAX_SECONDS:
                    raise too_long(self.info.path, float(seconds))
                last, self.any, self.is_settling = seconds, True, False
                self.lost += frame.is_corrupt and seconds > _SETTLING_SECONDS
                self.decoded_until = seconds + (_duration(frame) or 1 / self.info.frame_rate)
                yield seconds, frame

    def check_end(self) -> None:
        """Raise FilmError if there was no picture, or the film ended before it said it would."""
        if not self.any:
            raise FilmError(
                f"{self.info.path}: holds no picture that can be decoded; export it again"
            )
        expected = self._expected_seconds()
        missing = max(expected - float(self.decoded_until), self.lost / float(self.info.frame_rate))
        if missing > min(_LOST_SECONDS, _LOST_SHARE * max(expected, float(self.decoded_until))):
            raise self._damaged(missing)

    def _expected_seconds(self) -> float:
        """How long the picture should last: by its own track, or by the file as a whole.

        Sound may go on after the picture, so the file's length counts only where no track
        reaches it.
        """
        if self.stream.duration and self.stream.time_base and not may_jump(self.container):
            return float(self.stream.duration * self.stream.time_base)
        seconds = self.info.seconds or 0.0
        return seconds if self.reached < (1 - _LOST_SHARE) * seconds else 0.0

    def _packets(self) -> Iterator[Packet]:
        """The video packets; of the other streams just the times, to know where the file ends."""
        try:
            for packet in self.container.demux():
                if packet.stream.index == self.stream.index:
                    self.times.mend(packet)
                if packet.pts is not None and packet.time_base is not None:
                    ticks = packet.pts + (packet.duration or 0)
                    self.reached = max(self.reached, float(ticks * packet.time_base - self.origin))
                if packet.stream.index == self.stream.index:
                    yield packet
        except (av.error.FFmpegError, OSError) as exc:
            raise self._damaged(0.0) from exc

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        try:
            return self.stream.decode(packet)
        except av.error.FFmpegError:
            # Recordings often begin in the middle of a group of pictures: no loss.
            self.lost += self.any
            return []

    def _seconds(self, frame: VideoFrame) -> Fraction:
        if frame.pts is None or frame.time_base is None:
            return self.decoded_until  # a raw stream has no times: one picture after the other
        return max(frame.pts * frame.time_base - self.origin, Fraction(0))

    def _damaged(self, missing: float) -> FilmError:
        decoded = float(self.decoded_until)
        whole = max(self.info.seconds or 0.0, decoded)
        return FilmError(
            f"{self.info.path}: is cut off or damaged: only "
            f"{min(decoded, whole - missing):.1f} of {whole:.1f} s could be read; "
            "copy or export it again"
        )


class _Shrinker:
    """Scales and turns pictures; keeps FFmpeg's scaler between them."""

    def __init__(self, stream: VideoStream) -> None:
        self._scaler = VideoReformatter()
        self._pixel_aspect = float(stream.sample_aspect_ratio or 1)

    def __call__(self, seconds: Fraction, frame: VideoFrame) -> Picture:
        width, height = frame.width * self._pixel_aspect, frame.height

        def sized(shorter_side: int) -> np.ndarray:
            scale = shorter_side / min(width, height)
            longest = _LARGEST_ASPECT * shorter_side
            size = min(round(width * scale), longest), min(round(height * scale), longest)
            return _drawn(frame, VideoReformatter(), size)

        rgb = _drawn(frame, self._scaler, small_size(width, height))
        return Picture(seconds, _duration(frame), rgb, sized)


def _drawn(frame: VideoFrame, scaler: VideoReformatter, size: tuple[int, int]) -> np.ndarray:
    """The frame in another width and height, then turned upright: (height, width, 3) uint8."""
    width, height = size
    drawn = scaler.reformat(
        frame,
        width=width,
        height=height,
        format="rgb24",
        interpolation=Interpolation.AREA,
        threads=1,
    )
    return np.ascontiguousarray(np.rot90(drawn.to_ndarray(), round(frame.rotation / 90)))


def small_size(width: float, height: float) -> tuple[int, int]:
    """Width and height of the small picture of one that is `width` x `height`."""
    scale = LONG_SIDE / max(width, height)
    return max(SHORT_SIDE, round(width * scale)), max(SHORT_SIDE, round(height * scale))


def _duration(frame: VideoFrame) -> Fraction:
    return (frame.duration or 0) * (frame.time_base or Fraction(0))
