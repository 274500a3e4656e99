"""Opens film files safely, with errors that say what to do. Decodes nothing."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Generic, TypeVar

import av
import av.error
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from diffbgm.errors import FilmError

Opened = TypeVar("Opened")

# FFmpeg also reads playlists, which name other files and addresses: those are no films.
_FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,ogg,asf,mxf,gif,apng,"
    "h264,hevc,m4v,dv,ivf,nut,yuv4mpegpipe,rm,swf,wtv,nsv,mp3,wav,flac,aac,aiff,w64,caf,"
    "image2,png_pipe,jpeg_pipe,bmp_pipe,tiff_pipe,webp_pipe,exr_pipe,dpx_pipe,jpegxl_pipe,gif_pipe"
)

# A % in the name of a still picture is no pattern for a row of pictures.
_OPEN_OPTIONS = {"format_whitelist": _FORMATS, "pattern_type": "none"}


@contextmanager
def opened(path: Path) -> Iterator[InputContainer]:
    """The film, closed after the block. FilmError where it is missing or cannot be read."""
    _check_file(path)
    try:
        container = av.open(f"file:{path}", options=_OPEN_OPTIONS)
    except PermissionError as exc:
        raise FilmError(f"{path}: may not be read; change its permissions") from exc
    except (av.error.FFmpegError, OSError, ValueError) as exc:
        raise FilmError(
            f"{path}: is no film that can be read, or is cut off; export it again, as MP4 or MKV"
        ) from exc
    with container:
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
        raise FilmError(f"{path}: may not be looked at ({exc.strerror}); check its folder") from exc


def video_stream(path: Path, container: InputContainer) -> VideoStream:
    """The first stream of moving pictures; a sound file's cover is none. FilmError if none."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    what = "sound alone" if container.streams.audio else "no picture"
    raise FilmError(f"{path}: holds {what}; give a file with a video track")


def first_picture(container: InputContainer, stream: VideoStream) -> Fraction:
    """Time stamp of the first picture, in seconds."""
    if stream.start_time is not None and stream.time_base is not None:
        return stream.start_time * stream.time_base
    return Fraction(container.start_time or 0, av.time_base)
