"""Reads a film once, small and on a constant frame grid. Knows nothing of shots, motion or mood."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor
from pathlib import Path
from statistics import mean

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from av.video.stream import VideoStream

from diffbgm.errors import FilmError
from diffbgm.timeline import MAX_SECONDS
from diffbgm.video.container import first_picture, opened, video_stream

LONG_SIDE, SHORT_SIDE = 192, 32
"""Of a small picture: the length of its longer side, and the least length of its shorter one."""

_LARGEST_ASPECT = 8  # of a sized picture; one that is longer still is squeezed

_STANDARD_RATES = tuple(
    [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)]
    + [Fraction(n) for n in (10, 12, 15, 24, 25, 30, 48, 50, 60, 100, 120)]
)
_RATE_TOLERANCE = 1 / 5000  # well under the 1/1001 between 24 and 24000/1001
_LOWEST_RATE, _HIGHEST_RATE = Fraction(1, 60), Fraction(250)
_MEASURED_PACKETS = 100  # read to measure a rate that the file does not tell
_LOST_SECONDS, _LOST_SHARE = 1.0, 0.05  # that may be missing before a film counts as damaged
_SETTLING_SECONDS = 1.0  # in which a recording that was cut out of another may be imperfect
_SEEK_SECONDS = 2  # a start earlier than this is reached without a seek


@dataclass(frozen=True)
class FilmInfo:
    """What a film says of itself before it is decoded; `seconds` is None where it does not tell."""

    path: Path
    frame_rate: Fraction
    seconds: float | None


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


def probe(path: Path) -> FilmInfo:
    """Look at a film without decoding it.

    Raises FilmError where the file is missing, unreadable, no film, has no picture, or lasts
    longer than `MAX_SECONDS`.
    """
    with opened(path) as container:
        return _probe(path, container, video_stream(path, container))


def on_grid(
    pictures: Iterator[Picture], rate: Fraction, start: Fraction = Fraction(0)
) -> Iterator[Picture]:
    """Frame 0, 1, ... of a constant grid: what a player shows `start` + N / `rate` seconds in.

    A picture begins at the grid point nearest to its time, which forgives timestamps rounded to
    milliseconds, and is held until the next one; of several at one point the last is taken.
    """
    shown, number, end = None, 0, 0
    for picture in pictures:
        begin = _nearest((picture.seconds - start) * rate)
        while shown is not None and number < begin:
            yield shown
            number += 1
        shown = picture
        end = max(begin + 1, _nearest((picture.seconds + picture.duration - start) * rate))
    while shown is not None and number < max(end, 1):
        yield shown
        number += 1


def read_pictures(path: Path, start: Fraction = Fraction(0)) -> Iterator[Picture]:
    """Decode the film once, from the picture shown at `start` seconds to its end.

    Raises FilmError as `probe` does, and where the file ends early or cannot be decoded on: the
    message then tells how many seconds could be read.
    """
    with opened(path) as container:
        stream = video_stream(path, container)
        info = _probe(path, container, stream)
        stream.thread_type = "AUTO"
        reading = _Reading(info, container, stream)
        if start > _SEEK_SECONDS:
            reading.seek(start)
        shrink = _Shrinker(stream)
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


class _Reading:
    """Takes a container's packets apart, and keeps account of what could not be read."""

    def __init__(self, info: FilmInfo, container: InputContainer, stream: VideoStream) -> None:
        self.info, self.container, self.stream = info, container, stream
        self.origin = first_picture(container, stream)
        self.reached = 0.0  # end of the last packet of any stream
        self.seen = Fraction(0)  # end of the last picture
        self.lost = 0  # pictures that could not be decoded, or not well, after the first
        self.any = False

    def seek(self, start: Fraction) -> None:
        base = self.stream.time_base or Fraction(1, av.time_base)
        self.container.seek(int((self.origin + start) / base), stream=self.stream)

    def frames(self) -> Iterator[tuple[Fraction, VideoFrame]]:
        """Pictures with their times, each later than the one before."""
        last = Fraction(-1)
        for packet in self._packets():
            for frame in self._decode(packet):
                seconds = self._seconds(frame)
                if seconds <= last:
                    continue
                if seconds > MAX_SECONDS:
                    raise _too_long(self.info.path, float(seconds))
                last, self.any = seconds, True
                self.lost += frame.is_corrupt and seconds > _SETTLING_SECONDS
                self.seen = seconds + (_duration(frame) or 1 / self.info.frame_rate)
                yield seconds, frame

    def check_end(self) -> None:
        """Raise FilmError if there was no picture, or the film ended before it said it would."""
        if not self.any:
            raise FilmError(
                f"{self.info.path}: holds no picture that can be decoded; export it again"
            )
        told = self._told_seconds()
        missing = max(told - float(self.seen), self.lost / float(self.info.frame_rate))
        if missing > min(_LOST_SECONDS, _LOST_SHARE * max(told, float(self.seen))):
            raise self._damaged(missing)

    def _told_seconds(self) -> float:
        """How long the picture should last: by its own track, or by the file as a whole.

        Sound may go on after the picture, so the file's length counts only where no track
        reaches it.
        """
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        told = self.info.seconds or 0.0
        return told if self.reached < (1 - _LOST_SHARE) * told else 0.0

    def _packets(self) -> Iterator[Packet]:
        """The video packets; of the other streams just the times, to know where the file ends."""
        try:
            for packet in self.container.demux():
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
            return self.seen  # a raw stream has no times: one picture after the other
        return max(frame.pts * frame.time_base - self.origin, Fraction(0))

    def _damaged(self, missing: float) -> FilmError:
        whole = max(self.info.seconds or 0.0, float(self.seen))
        return FilmError(
            f"{self.info.path}: is cut off or damaged: only "
            f"{min(float(self.seen), whole - missing):.1f} of {whole:.1f} s could be read; "
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


def _probe(path: Path, container: InputContainer, stream: VideoStream) -> FilmInfo:
    seconds = None
    if container.duration:
        seconds = container.duration / av.time_base
    if stream.duration and stream.time_base:
        seconds = float(stream.duration * stream.time_base)
    if seconds is not None and seconds > MAX_SECONDS:
        raise _too_long(path, seconds)
    return FilmInfo(path, _frame_rate(path, stream), seconds)


def _too_long(path: Path, seconds: float) -> FilmError:
    return FilmError(
        f"{path}: lasts {seconds / 3600:.1f} hours, more than {MAX_SECONDS / 3600:g}; "
        "score it in parts"
    )


def _frame_rate(path: Path, stream: VideoStream) -> Fraction:
    """The nominal rate; where the average is far from it, the next standard one above that.

    They are far apart in films of variable rate, such as those of telephones and screens.
    """
    nominal, average = stream.guessed_rate, stream.average_rate
    if average and _LOWEST_RATE <= average <= _HIGHEST_RATE:
        if nominal and Fraction(2, 3) < nominal / average < Fraction(3, 2):
            return _standard(nominal, _RATE_TOLERANCE)
        return min((rate for rate in _STANDARD_RATES if rate >= average), default=average)
    if nominal and _LOWEST_RATE <= nominal <= _HIGHEST_RATE:
        return _standard(nominal, _RATE_TOLERANCE)
    return _measured_rate(path)


def _measured_rate(path: Path) -> Fraction:
    """The rate of the first pictures, for files that tell none, such as a browser's recordings."""
    with opened(path) as container:
        times: list[Fraction] = []
        for packet in container.demux(video_stream(path, container)):
            if packet.pts is not None and packet.time_base is not None:
                times.append(packet.pts * packet.time_base)
            if len(times) == _MEASURED_PACKETS:
                break
    times.sort()
    steps = [after - before for before, after in pairwise(times)]
    if not steps or mean(steps) == 0:
        return Fraction(25)
    rate = 1 / mean(steps)
    return _standard(min(max(rate, _LOWEST_RATE), _HIGHEST_RATE), 0.02).limit_denominator(1001)


def _standard(rate: Fraction, tolerance: float) -> Fraction:
    """The standard rate that `rate` means, or else `rate` itself."""
    closest = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    return closest if abs(closest - rate) <= tolerance * closest else rate


def _duration(frame: VideoFrame) -> Fraction:
    return (frame.duration or 0) * (frame.time_base or Fraction(0))


def _nearest(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))
