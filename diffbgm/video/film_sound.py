"""The film's own sound, or an edit's: what is heard with its pictures. Knows no music."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

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
_LAYOUTS = {1: "mono", 2: "stereo"}


def film_sound(
    timeline: Timeline, rate: int, channels: int, progress: Progress | None = None
) -> np.ndarray:
    """(n, channels) float32 at `rate`: the sound of each shot's media, as long as the edit.

    It is silent where nothing is shown, where a picture is frozen, and where a film has no sound
    or none that can be decoded. Of several sound tracks the first is taken; what is shown faster
    or slower is heard so, higher or lower. Raises FilmError where a file cannot be opened.
    """
    sound = np.zeros((timeline.sample(timeline.frames, rate), channels), np.float32)
    for piece in _pieces(timeline, rate):
        speed = piece.media.speed
        if speed > 0:
            wanted = round((piece.stop - piece.start) * speed)
            heard = _read(piece.media.path, piece.media.start, wanted, rate, channels)
            sound[piece.start : piece.stop] = _at_speed(heard, piece.stop - piece.start)
        if progress is not None:
            progress(piece.stop / max(1, len(sound)))
    return sound


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


def _read(path: Path, start: Fraction, samples: int, rate: int, channels: int) -> np.ndarray:
    """(samples, channels) from `start` seconds after the first picture on; silent where none."""
    sound = np.zeros((samples, channels), np.float32)
    with opened(path) as container:
        if not container.streams.audio:
            return sound
        origin = first_picture(container, video_stream(path, container)) + start
        if start > 2 * _PREROLL:
            container.seek(int((origin - Fraction(_PREROLL)) * av.time_base))
        stream = container.streams.audio[0]
        for seconds, values in _resampled(container, stream, rate, channels):
            first = round((seconds - origin) * rate)
            if first >= samples:
                break
            begin, end = max(first, 0), min(first + len(values), samples)
            if begin < end:
                sound[begin:end] = values[begin - first : end - first]
    return sound


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


def _at_speed(sound: np.ndarray, samples: int) -> np.ndarray:
    """(samples, channels): the sound drawn out or together to that length."""
    if len(sound) in (0, samples):
        return sound if len(sound) else np.zeros((samples, sound.shape[1]), np.float32)
    places = np.arange(samples) * (len(sound) / samples)
    return np.stack([np.interp(places, np.arange(len(sound)), c) for c in sound.T], axis=1)
