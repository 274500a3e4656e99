"""Pieces of real films, cut out by the add-on, decoded by FFmpeg: frame by frame the same."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from addon_modules.mp4 import cut_out, frame_rate
from addon_modules.mp4_boxes import NotPlainError

FRAMES, RATE, SOUND_RATE = 60, Fraction(24000, 1001), 48_000


@pytest.fixture(scope="module", params=["h264", "h264 open groups", "mpeg4", "mov"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty frames of which no two are alike, most of them predicted from others, and sound."""
    suffix = ".mov" if request.param == "mov" else ".mp4"
    path = tmp_path_factory.mktemp("film") / f"film{suffix}"
    opened = {"x264-params": "open-gop=1"} if "open" in request.param else {}
    codec = "mpeg4" if request.param == "mpeg4" else "libx264"
    with av.open(str(path), "w") as file:
        picture = file.add_stream(codec, rate=RATE, options={"g": "12", "bf": "2", **opened})
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        sound = file.add_stream("pcm_s16le" if suffix == ".mov" else "aac", rate=SOUND_RATE)
        sound.layout = "mono"
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(_picture(number), format="rgb24")
            file.mux(picture.encode(frame))
        file.mux(picture.encode(None))
        for at in range(0, SOUND_RATE * 5 // 2, 1024):
            frame = av.AudioFrame.from_ndarray(_sweep(at), format="s16", layout="mono")
            frame.sample_rate, frame.pts = SOUND_RATE, at
            file.mux(sound.encode(frame))
        file.mux(sound.encode(None))
    return path


def _picture(number: int) -> np.ndarray:
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:, : number + 2] = (200, 4 * number, 255 - 4 * number)
    return pixels


def _sweep(at: int) -> np.ndarray:
    """A tone that rises, so that a shift in time is heard."""
    seconds = (at + np.arange(1024)) / SOUND_RATE
    return (12_000 * np.sin(2 * np.pi * (200 + 150 * seconds) * seconds)).astype(np.int16)[None]


@pytest.mark.parametrize(("start", "end"), [(0, 60), (0, 1), (7, 19), (12, 13), (23, 50), (59, 60)])
def test_piece_shows_the_same_frames(film: Path, tmp_path: Path, start: int, end: int):
    piece = tmp_path / f"piece{film.suffix}"
    first = cut_out(film, start, end, piece, with_sound=False)
    shown, whole = _pictures(piece), _pictures(film)
    assert len(whole) == FRAMES
    assert 0 <= first <= 12
    for number in range(start, end):
        assert np.array_equal(shown[first + number - start], whole[number]), number


def test_piece_is_as_small_as_what_it_shows(film: Path, tmp_path: Path):
    piece = tmp_path / f"piece{film.suffix}"
    cut_out(film, 24, 30, piece, with_sound=False)
    assert len(_pictures(piece)) < 22
    assert piece.stat().st_size < film.stat().st_size / 2


def test_sound_goes_along_in_time(film: Path, tmp_path: Path):
    piece = tmp_path / f"piece{film.suffix}"
    first = cut_out(film, 24, 48, piece, with_sound=True)
    begin = round((24 - first) / RATE * SOUND_RATE)
    heard, whole = _sound(piece), _sound(film)
    compared = slice(4000, 30_000)
    assert np.abs(heard[compared] - whole[begin:][compared]).max() < 0.02


def test_piece_past_the_end_is_refused(film: Path, tmp_path: Path):
    with pytest.raises(NotPlainError, match="past the film"):
        cut_out(film, 50, 61, tmp_path / "piece.mp4", with_sound=False)


def test_frame_rate_is_exact(film: Path):
    assert frame_rate(film) == RATE


def test_what_is_no_mp4_is_refused(tmp_path: Path):
    other = tmp_path / "film.mkv"
    other.write_bytes(b"\x1aE\xdf\xa3" + bytes(500))
    with pytest.raises(NotPlainError):
        frame_rate(other)


def test_film_that_is_cut_short_is_refused(film: Path, tmp_path: Path):
    whole = film.read_bytes()
    for size in range(0, len(whole), max(len(whole) // 40, 1)):
        short = tmp_path / "short.mp4"
        short.write_bytes(whole[:size])
        with pytest.raises(NotPlainError):
            frame_rate(short)


def _pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def _sound(path: Path) -> np.ndarray:
    """Mono samples from the first picture on, -1..1."""
    with av.open(str(path)) as file:
        resampler = av.AudioResampler("flt", "mono", SOUND_RATE)
        parts: list[np.ndarray] = []
        begin = None
        for frame in file.decode(audio=0):
            begin = float(frame.time) if begin is None else begin
            parts += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    with av.open(str(path)) as file:
        shown = float(next(file.decode(video=0)).time)
    samples, shift = np.concatenate(parts), round((shown - begin) * SOUND_RATE)
    return samples[shift:] if shift >= 0 else np.concatenate([np.zeros(-shift), samples])
