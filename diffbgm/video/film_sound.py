"""The sound of a film or an edit that goes with its pictures. Knows no music."""

from collections.abc import Iterator
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
from av.packet import Packet

from diffbgm.progress import Advance
from diffbgm.readers.container import KeptOpen, audio_stream, first_picture, opened, video_stream
from diffbgm.readers.media_runs import media_runs
from diffbgm.readers.timestamps import Timestamps, seek
from diffbgm.timeline import MediaSpan, Timeline

_PREROLL = 0.5  # seconds decoded before a place in the middle of a file: codecs need to settle
_FILES_OPEN = 3
_LAYOUTS = {1: "mono", 2: "stereo"}


def film_sound(
    timeline: Timeline, rate: int, channels: int, progress: Advance | None = None
) -> np.ndarray:
    """(n, channels) float32 at `rate`: the sound of each shot's media, as long as the edit.

    It is silent where nothing is shown, where a picture is frozen, and where a film has no sound
    or none that can be decoded. Of several sound tracks the one marked default is taken, else the
    first. What is shown faster or slower sounds higher or lower, what runs backwards is reversed.
    Raises FilmError where a file cannot be opened.
    """
    sound = np.zeros((timeline.sample(timeline.frames, rate), channels), np.float32)
    with KeptOpen(opened, _FILES_OPEN) as files:
        for run in media_runs(timeline):
            start, stop = (timeline.sample(f, rate) for f in (run.start_frame, run.end_frame))
            if run.media is not None:
                media, seconds = run.media, run.frames / timeline.frame_rate
                reader = _Reader(files, media.path, rate, channels)
                sound[start:stop] = _run_sound(reader, media, seconds, stop - start)
            if progress is not None:
                progress(stop / max(1, len(sound)))
    return sound


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

    def read(self, start: Fraction, samples: int) -> np.ndarray:
        """(samples, channels) from `start` seconds after the first picture; silent where none."""
        if start > 2 * _PREROLL:
            container = self.files.open(self.path)
            return self._read(container, start, samples)
        with opened(self.path) as container:
            return self._read(container, start, samples)

    def _read(self, container: InputContainer, start: Fraction, samples: int) -> np.ndarray:
        sound = np.zeros((samples, self.channels), np.float32)
        stream, picture = audio_stream(container), video_stream(self.path, container)
        if stream is None:
            return sound
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
                sound[begin:end] = values[begin - first : end - first]
        return sound


def _run_sound(reader: _Reader, media: MediaSpan, seconds: Fraction, samples: int) -> np.ndarray:
    """(samples, channels): that many seconds of the edit, which one medium fills."""
    if media.speed < 0:
        return _run_sound(reader, media.backwards(seconds), seconds, samples)[::-1]
    if media.speed == 0:
        return np.zeros((samples, reader.channels), np.float32)
    sound = reader.read(media.start, round(samples * media.speed))
    return _at_speed(sound, samples)


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


def _at_speed(sound: np.ndarray, samples: int) -> np.ndarray:
    """(samples, channels): the sound drawn out or together to that length."""
    if len(sound) in (0, samples):
        return sound if len(sound) else np.zeros((samples, sound.shape[1]), np.float32)
    places = np.arange(samples) * (len(sound) / samples)
    return np.stack([np.interp(places, np.arange(len(sound)), c) for c in sound.T], axis=1)
