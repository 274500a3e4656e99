"""Pictures are counted before they are decoded."""

import struct
import zlib
from pathlib import Path

import pytest

from diffbgm.errors import FilmError
from diffbgm.readers.film_info import probe
from diffbgm.video.decode import read_pictures
from diffbgm.writers.film import mux

SIDE = 16_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PNG of 0.7 MB that would be 768 MB of pixels."""
    path = tmp_path_factory.mktemp("large") / "large.png"
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(1 + 3 * SIDE)) for _ in range(SIDE)) + packer.flush()
    head = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(map(_chunk, chunks)))
    return path


def _chunk(part: tuple[bytes, bytes]) -> bytes:
    kind, body = part
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def test_a_picture_of_too_many_pixels_is_told_so(large: Path) -> None:
    for use in (probe, lambda path: list(read_pictures(path))):
        with pytest.raises(FilmError, match=r"large\.png: .*67 million pixels; export it smaller"):
            use(large)


def test_playlists_are_no_films_to_mux_either(large: Path, tmp_path: Path) -> None:
    playlist = tmp_path / "film.mp4"
    for text in (f"ffconcat version 1.0\nfile {large}\n", f"#EXTM3U\n#EXTINF:1,\n{large}\n"):
        playlist.write_text(text)
        with pytest.raises(FilmError, match=r"film\.mp4: is no film"):
            mux(playlist, tmp_path / "mix.wav", tmp_path / "out.mp4")
