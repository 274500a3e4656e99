"""The film's own sound, or an edit's: what is heard with its pictures. Knows no music."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from diffbgm.timeline import MediaSpan, Timeline
from diffbgm.video.container import first_picture, opened, video_stream

Progress = Callable[[float], None]

_PREROLL = 0.5  # seconds decoded before a place in the middle of a file: codecs need to settle
_BLOCK = 2**18  # samples
_LAYOUTS = {1: "mono", 2: "stereo"}


class FilmSound:
    """A film's sound as if it were an array (n, channels) of float32: `len`, and slices.

    It lies in a nameless file, so that a long film's needs no memory; what is not put is silent.
    """

    def __init__(self, file: BinaryIO, length: int, channels: int) -> None:
        self._file, self._length, self._shape = file, length, (-1, channels)
        file.truncate(length * channels * 4)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, span: slice) -> np.ndarray:
        first, last, _ = span.indices(self._length)
        width = self._shape[1] * 4
        self._file.seek(first * width)
        samples = np.frombuffer(self._file.read(max(0, last - first) * width), np.float32)
        return samples.reshape(self._shape)

    def put(self, first: int, samples: np.ndarray) -> None:
        """Samples (n, channels) from the sample `first` on."""
        self._file.seek(first * self._shape[1] * 4)
        self._file.write(np.ascontiguousarray(samples, np.float32).data)


@contextmanager
def film_sound(
    timeline: Timeline, rate: int, channels: int, progress: Progress | None = None
) -> Iterator[FilmSound]:
    """(n, channels) at `rate`: the sound of each shot's media, as long as the edit.

    It is silent where nothing is shown, where a picture is frozen, and where a film has no sound
    or none that can be decoded. Of several sound tracks the first is taken; what is shown faster
    or slower is heard so, higher or lower. `progress` is told the fraction read, and may raise to
    stop. Raises FilmError where a file cannot be opened.
    """
    length = timeline.sample(timeline.frames, rate)

    def advance(samples: int) -> None:
        if progress is not None:
            progress(samples / max(1, length))

    with tempfile.TemporaryFile() as file:
        sound = FilmSound(file, length, channels)
        for piece in _pieces(timeline, rate):
            _put_piece(sound, piece, rate, channels, advance)
        yield sound


def _put_piece(
    sound: FilmSound, piece: "_Piece", rate: int, channels: int, advance: Callable[[int], None]
) -> None:
    speed, samples = piece.media.speed, piece.stop - piece.start
    if speed > 0:
        wanted = round(samples * speed)
        if wanted == samples:
            for first, values in _read(piece.media, wanted, rate, channels):
                sound.put(piece.start + first, values)
                advance(piece.start + first + len(values))
        else:
            with tempfile.TemporaryFile() as file:
                heard = FilmSound(file, wanted, channels)
                for first, values in _read(piece.media, wanted, rate, channels):
                    heard.put(first, values)
                    advance(piece.start)
                _put_at_speed(sound, piece, heard)
    advance(piece.stop)


def has_sound(timeline: Timeline) -> bool:
    """Whether any of the edit's files has a sound track. FilmError where one cannot be opened."""
    return any(_has_sound(path) for path in {s.media.path for s in timeline.shots if s.media})


def _has_sound(path: Path) -> bool:
    with opened(path) as container:
        return bool(container.streams.audio)


@dataclass(frozen=True)
class _Piece:
    """The samples from `start` to before `stop` of the edit, which one file gives in one go."""

    start: int
    stop: int
    media: MediaSpan


def _pieces(timeline: Timeline, rate: int) -> Iterator[_Piece]:
    piece: _Piece | None = None
    end = Fraction(0)  # where in its file the piece ends
    for shot in timeline.shots:
        first, last = (timeline.sample(f, rate) for f in (shot.start_frame, shot.end_frame))
        media = shot.media
        if piece and media and _follows(piece.media, end, media):
            piece = _Piece(piece.start, last, piece.media)
        else:
            if piece:
                yield piece
            piece = media and _Piece(first, last, media)
        if media:
            end = media.start + shot.frames / timeline.frame_rate * media.speed
    if piece:
        yield piece


def _follows(media: MediaSpan, end: Fraction, following: MediaSpan) -> bool:
    return (media.path, media.speed, end) == (following.path, following.speed, following.start)


def _read(
    media: MediaSpan, samples: int, rate: int, channels: int
) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks (n, channels) of so many samples of the media, each with the number of its first;
    what is between them is silent."""
    with opened(media.path) as container:
        if not container.streams.audio:
            return
        origin = first_picture(container, video_stream(media.path, container)) + media.start
        if media.start > 2 * _PREROLL:
            container.seek(int((origin - Fraction(_PREROLL)) * av.time_base))
        stream = container.streams.audio[0]
        for seconds, values in _resampled(container, stream, rate, channels):
            first = round((seconds - origin) * rate)
            if first >= samples:
                break
            begin, end = max(first, 0), min(first + len(values), samples)
            if begin < end:
                yield begin, values[begin - first : end - first]


def _resampled(
    container: InputContainer, stream: AudioStream, rate: int, channels: int
) -> Iterator[tuple[Fraction, np.ndarray]]:
    """Blocks (n, channels) of the stream, each with its time in the file, in seconds."""
    resampler = AudioResampler("fltp", _LAYOUTS[channels], rate)
    kind = None
    following = Fraction(0)
    for frame in _decoded(container, stream):
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


def _decoded(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """The frames that can be decoded: a film that is damaged was refused for its picture."""
    packets = container.demux(stream)
    while True:
        try:
            yield from stream.decode(next(packets))
        except (StopIteration, av.error.EOFError):
            return
        except av.error.FFmpegError:
            continue


def _put_at_speed(sound: FilmSound, piece: _Piece, heard: FilmSound) -> None:
    """The sound drawn out or together to the length of the piece."""
    samples = piece.stop - piece.start
    for begin in range(0, samples if len(heard) else 0, _BLOCK):
        places = np.arange(begin, min(begin + _BLOCK, samples)) * (len(heard) / samples)
        first = int(places[0])
        values = heard[first : int(places[-1]) + 2]
        numbers = np.arange(first, first + len(values))
        drawn = [np.interp(places, numbers, channel) for channel in values.T]
        sound.put(piece.start + begin, np.stack(drawn, axis=1))
