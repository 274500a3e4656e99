"""The sound of a film or an edit that goes with its pictures. Knows no music."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from diffbgm.progress import Advance, no_advance, part_of
from diffbgm.readers.container import KeptOpen, audio_stream, first_picture, opened, video_stream
from diffbgm.readers.media_runs import media_runs
from diffbgm.readers.timestamps import Timestamps, seek
from diffbgm.timeline import MediaSpan, Timeline

_PREROLL = 0.5  # seconds decoded before a place in the middle of a file: codecs need to settle
_FILES_OPEN = 3
_BLOCK = 2**18  # samples
_LAYOUTS = {1: "mono", 2: "stereo"}


class FilmSound:
    """A film's sound as if it were an array (n, channels) of float32: `len`, and slices.

    It lies in a nameless file, so that a long film's needs no memory; what is not put is silent.
    """

    def __init__(self, file: IO[bytes], length: int, channels: int) -> None:
        self.channels = channels
        self._file, self._length, self._width = file, length, channels * 4
        file.truncate(length * self._width)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, span: slice) -> np.ndarray:
        first, last, _ = span.indices(self._length)
        self._file.seek(first * self._width)
        content = self._file.read(max(0, last - first) * self._width)
        return np.frombuffer(content, np.float32).reshape(-1, self.channels)

    def put(self, first: int, samples: np.ndarray) -> None:
        """Samples (n, channels) from the sample `first` on."""
        self._file.seek(first * self._width)
        self._file.write(np.ascontiguousarray(samples, np.float32).data)


@contextmanager
def film_sound(
    timeline: Timeline, rate: int, channels: int, advance: Advance = no_advance
) -> Iterator[FilmSound]:
    """(n, channels) at `rate`: the sound of each shot's media, as long as the edit.

    It is silent where nothing is shown, where a picture is frozen, and where a film has no sound
    or none that can be decoded. Of several sound tracks the one marked default is taken, else the
    first. What is shown faster or slower sounds higher or lower, what runs backwards is reversed.
    Raises FilmError where a file cannot be opened.
    """
    length = timeline.sample(timeline.frames, rate)
    with tempfile.TemporaryFile() as file, KeptOpen(opened, _FILES_OPEN) as files:
        sound = FilmSound(file, length, channels)
        for run in media_runs(timeline):
            start, stop = (timeline.sample(f, rate) for f in (run.start_frame, run.end_frame))
            if run.media is not None and run.media.speed != 0:
                own = part_of(advance, start / length, stop / length)
                reader = _Reader(files, run.media.path, rate, channels, own)
                place = _Place(sound, start, stop)
                _put_run(place, reader, run.media, run.frames / timeline.frame_rate)
            advance(stop / max(1, length))
        yield sound


def has_sound(timeline: Timeline) -> bool:
    """Whether any of the edit's files has a sound track. FilmError where one cannot be opened."""
    return any(_has_sound(path) for path in {s.media.path for s in timeline.shots if s.media})


def _has_sound(path: Path) -> bool:
    with opened(path) as container:
        return bool(container.streams.audio)


@dataclass(frozen=True)
class _Reader:
    """Of one film's sound."""

    files: KeptOpen[InputContainer]
    path: Path
    rate: int
    channels: int
    advance: Advance

    def read(self, start: Fraction, samples: int) -> Iterator[tuple[int, np.ndarray]]:
        """Blocks (n, channels) of so many samples from `start` seconds after the first picture on,
        each with the number of its first; what is between them is silent."""
        if start > 2 * _PREROLL:
            yield from self._read(self.files.open(self.path), start, samples)
        else:
            with opened(self.path) as container:
                yield from self._read(container, start, samples)

    def _read(
        self, container: InputContainer, start: Fraction, samples: int
    ) -> Iterator[tuple[int, np.ndarray]]:
        stream, picture = audio_stream(container), video_stream(self.path, container)
        if stream is None:
            return
        origin, times = first_picture(container, picture) + start, Timestamps(container)
        if start > 2 * _PREROLL:
            shift = seek(self.path, container, picture, start - Fraction(_PREROLL))
            times = Timestamps(container, shift)
        packets = map(times.mend, container.demux(stream))
        for seconds, values in _resampled(stream, packets, self.rate, self.channels):
            first = round((seconds - origin) * self.rate)
            if first >= samples:
                break
            begin, end = max(first, 0), min(first + len(values), samples)
            if begin < end:
                yield begin, values[begin - first : end - first]
            self.advance(max(end, 0) / samples)


@dataclass(frozen=True)
class _Place:
    """The samples `start` to `stop` of a sound, which one run of a medium fills."""

    sound: FilmSound
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start

    def put(self, first: int, samples: np.ndarray) -> None:
        self.sound.put(self.start + first, samples)


def _put_run(place: _Place, reader: _Reader, media: MediaSpan, seconds: Fraction) -> None:
    """That many seconds of the edit, at any speed, also backwards."""
    wanted = round(len(place) * abs(media.speed))
    forwards = media.backwards(seconds) if media.speed < 0 else media
    if wanted == len(place) and media.speed > 0:
        for first, values in reader.read(media.start, wanted):
            place.put(first, values)
        return
    with tempfile.TemporaryFile() as file:
        source = FilmSound(file, wanted, reader.channels)
        for first, values in reader.read(forwards.start, wanted):
            source.put(first, values)
        for begin in range(0, len(place) if wanted else 0, _BLOCK):
            end = min(begin + _BLOCK, len(place))
            drawn = _at_speed(source, begin, end, len(place))
            if media.speed > 0:
                place.put(begin, drawn)
            else:
                place.put(len(place) - end, drawn[::-1])


def _at_speed(source: FilmSound, begin: int, end: int, samples: int) -> np.ndarray:
    """The samples `begin` to `end` of the sound drawn out or together to so many in all."""
    if len(source) == samples:
        return source[begin:end]
    places = np.arange(begin, end) * (len(source) / samples)
    first = int(places[0])
    values = source[first : int(places[-1]) + 2]
    numbers = np.arange(first, first + len(values))
    return np.stack([np.interp(places, numbers, channel) for channel in values.T], axis=1)


def _resampled(
    stream: AudioStream, packets: Iterator[Packet], rate: int, channels: int
) -> Iterator[tuple[Fraction, np.ndarray]]:
    """Blocks (n, channels) of the stream, each with its time in the file, in seconds."""
    resampler = AudioResampler("fltp", _LAYOUTS[channels], rate)
    kind = None
    following = Fraction(0)
    for frame in _decoded(stream, packets):
        if kind not in (None, _kind(frame)):  # a recording may change its layout midway
            resampler = AudioResampler("fltp", _LAYOUTS[channels], rate)
        kind = _kind(frame)
        for block in resampler.resample(frame):
            seconds = following
            if block.pts is not None and block.time_base is not None:
                seconds = block.pts * block.time_base
            following = seconds + Fraction(block.samples, rate)
            yield seconds, block.to_ndarray().T


def _kind(frame: AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _decoded(stream: AudioStream, packets: Iterator[Packet]) -> Iterator[AudioFrame]:
    """The frames that can be decoded: a film that is damaged was refused for its picture."""
    while True:
        try:
            yield from stream.decode(next(packets))
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            continue
