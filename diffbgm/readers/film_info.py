"""What a film says of itself, read without decoding it."""

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import mean

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from diffbgm.errors import CutsError, FilmError
from diffbgm.readers.container import first_picture, opened, video_stream
from diffbgm.readers.cut_lists import frame_of
from diffbgm.readers.timestamps import may_jump, packet_index
from diffbgm.timeline import MAX_SECONDS

_STANDARD_RATES = tuple(
    [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120)]
    + [Fraction(n) for n in (10, 12, 15, 24, 25, 30, 48, 50, 60, 100, 120)]
)
_RATE_TOLERANCE = 1 / 5000  # well under the 1/1001 between 24 and 24000/1001
_LOWEST_RATE, _HIGHEST_RATE = Fraction(1, 60), Fraction(250)
_LATE_SECONDS = Fraction(1, 2)  # of the first picture, from which on the file's length is off
_MEASURED_PACKETS = 100  # read to measure a rate that the file does not give


@dataclass(frozen=True)
class FilmInfo:
    """`seconds`, from the first picture on, is None where the file does not say.

    `timecode` is the time, in seconds, that its first picture bears (SMPTE 12M); None if none.
    """

    path: Path
    frame_rate: Fraction
    seconds: float | None
    timecode: Fraction | None = None


def probe(path: Path) -> FilmInfo:
    """Read what a film says of itself, without decoding it.

    Raises FilmError where the file is missing, unreadable, no film, has no picture, or lasts
    longer than `MAX_SECONDS`.
    """
    with opened(path) as container:
        return info_of(path, container, video_stream(path, container))


def info_of(path: Path, container: InputContainer, stream: VideoStream) -> FilmInfo:
    """The same of a film that is open already."""
    seconds = _seconds(path, container, stream)
    if seconds is not None and seconds > MAX_SECONDS:
        raise too_long(path, seconds)
    rate = _frame_rate(path, stream)
    return FilmInfo(path, rate, seconds, _timecode(container, rate))


def _timecode(container: InputContainer, rate: Fraction) -> Fraction | None:
    """Written by cameras and editors into the picture's track, one of its own, or the file."""
    for metadata in (*(stream.metadata for stream in container.streams), container.metadata):
        code = metadata.get("timecode")
        if code is not None:
            return _seconds_of_timecode(code, rate)
    return None


def _seconds_of_timecode(code: str, rate: Fraction) -> Fraction | None:
    """None for a code that does not exist at that rate."""
    try:
        return frame_of("timecode", code, rate) / rate
    except CutsError:
        return None


def _seconds(path: Path, container: InputContainer, stream: VideoStream) -> float | None:
    """As the file says; measured where times may jump, or count from before the first picture."""
    if stream.duration and stream.time_base and not may_jump(container):
        return float(stream.duration * stream.time_base)
    if not container.duration:
        return None
    if may_jump(container) or first_picture(container, stream) > _LATE_SECONDS:
        return float(packet_index(path).seconds)
    return container.duration / av.time_base


def too_long(path: Path, seconds: float) -> FilmError:
    """The error for a film that lasts that long."""
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
    """The rate of the first pictures, for files that give none, such as a browser's recordings."""
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
