"""Opens film files safely, with errors that say what to do. Decodes nothing."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Generic, TypeVar

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from diffbgm.errors import FilmError
from diffbgm.readers.animated_webp import as_film, is_animated_webp

Opened = TypeVar("Opened")
AnyStream = TypeVar("AnyStream", VideoStream, AudioStream)

# FFmpeg also reads playlists, which name other files and addresses: those are no films.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,gif,apng,"
    "h264,hevc,m4v,dv,ivf,nut,yuv4mpegpipe,rm,swf,wtv,nsv,mp3,wav,flac,aac,aiff,w64,caf,"
    "image2,png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,exr_pipe,dpx_pipe,jpegxl_pipe,gif_pipe"
)

LARGEST_PICTURE = 8192 * 8192
"""Pixels of a picture; larger ones are refused before they are decoded."""

_CODEC_OPTIONS = {"max_pixels": str(LARGEST_PICTURE)}
_OPEN_OPTIONS = {
    "format_whitelist": _FORMATS,
    "protocol_whitelist": "file",
    # A % in the name of a still picture is no pattern for a row of pictures.
    "pattern_type": "none",
    **_CODEC_OPTIONS,  # Opening decodes the first picture of some formats.
}


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The film, closed after the block. FilmError where it is missing or cannot be read."""
    _check_file(path)
    try:
        film = as_film(path, LARGEST_PICTURE) if is_animated_webp(path) else f"file:{path}"
        container = av.open(film, "r", options=_OPEN_OPTIONS)
    except PermissionError as exc:
        raise FilmError(f"{path}: may not be read; change its permissions") from exc
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise FilmError(
            f"{path}: is no film that can be read, or is cut off; export it again, as MP4 or MKV"
        ) from exc
    with container:
        for stream in _decodable(container.streams.video):
            stream.codec_context.options = _CODEC_OPTIONS
        yield container


class KeptOpen(Generic[Opened]):
    """The few files that were asked for last stay open: edits cut to and fro between them."""

    def __init__(
        self, open_file: Callable[[Path], AbstractContextManager[Opened]], most: int
    ) -> None:
        self._open_file, self._most = open_file, most
        self._files: OrderedDict[Path, tuple[Opened, ExitStack]] = OrderedDict()

    def __enter__(self) -> "KeptOpen[Opened]":
        return self

    def __exit__(self, *_: object) -> None:
        while self._files:
            self._close_oldest()

    def open(self, path: Path) -> Opened:
        """The open file; it is closed again once `most` others were asked for."""
        if path not in self._files:
            while len(self._files) >= self._most:
                self._close_oldest()
            stack = ExitStack()
            self._files[path] = stack.enter_context(self._open_file(path)), stack
        self._files.move_to_end(path)
        return self._files[path][0]

    def _close_oldest(self) -> None:
        _, (_, stack) = self._files.popitem(last=False)
        stack.close()


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise FilmError(f"{path}: is a folder; give a film file")
        if not path.exists():
            raise FilmError(f"{path}: does not exist; check its name")
        if not path.is_file():
            raise FilmError(f"{path}: is no ordinary file; give a film file")
        if path.stat().st_size == 0:
            raise FilmError(f"{path}: is empty; export or copy it again")
    except OSError as exc:
        raise FilmError(f"{path}: cannot be inspected ({exc.strerror}); check its folder") from exc


def video_stream(path: Path, container: InputContainer) -> VideoStream:
    """The stream of moving pictures that players show: the one marked default, else the first.

    FilmError if there is none; the cover of a sound file is none.
    """
    streams = _decodable(container.streams.video)
    stream = _chosen([s for s in streams if not s.disposition & Disposition.attached_pic])
    if stream is not None:
        _check_size(path, container, stream)
        return stream
    what = "sound alone" if container.streams.audio else "no picture that can be decoded"
    raise FilmError(f"{path}: holds {what}; give a file with a video track")


def _check_size(path: Path, container: InputContainer, stream: VideoStream) -> None:
    """A still picture that is too large to be opened has no size; films of others may get one."""
    pixels = stream.codec_context.width * stream.codec_context.height
    is_still = container.format.name.endswith("_pipe")
    if pixels > LARGEST_PICTURE or (is_still and pixels == 0):
        raise FilmError(
            f"{path}: its picture is damaged, or has more than {LARGEST_PICTURE // 10**6} million "
            "pixels; export it smaller"
        )


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The sound that players play: the one marked default, else the first; None without sound."""
    return _chosen(_decodable(container.streams.audio))


def _decodable(streams: Sequence[AnyStream]) -> list[AnyStream]:
    """Those of a codec that is known: damage may name one that is not."""
    return [stream for stream in streams if stream.codec_context is not None]


def _chosen(streams: Sequence[AnyStream]) -> AnyStream | None:
    marked = (stream for stream in streams if stream.disposition & Disposition.default)
    return next(marked, streams[0] if streams else None)


def first_picture(container: InputContainer, stream: VideoStream) -> Fraction:
    """Time stamp of the first picture, in seconds."""
    if stream.start_time is not None and stream.time_base is not None:
        return stream.start_time * stream.time_base
    return Fraction(container.start_time or 0, av.time_base)
