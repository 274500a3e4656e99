import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from diffbgm.errors import FilmError, StorageError
from diffbgm.writers.film import mux
from tests.full_disc import disc_with_room_for

RATE = 48_000
FRAME_RATE = Fraction(24_000, 1001)
FRAMES = 48
CLICKS = (12_345, 80_000)


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    """As long as the films, silent but for two clicks."""
    samples = np.zeros((round(FRAMES / FRAME_RATE * RATE), 2), np.float32)
    samples[CLICKS, :] = 0.9
    path = tmp_path / "mix.wav"
    soundfile.write(path, samples, RATE, subtype="PCM_24")
    return path


def film(
    path: Path, codec: str = "libx264", first: int = 0, pixels: str = "yuv420p", **options: str
) -> Path:
    """FRAMES frames from dark to bright, the first one shown at frame `first`."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, FRAME_RATE, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 160, 90, pixels
        for number in range(FRAMES):
            grey = np.full((90, 160, 3), 5 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(grey, "rgb24")
            frame.pts, frame.time_base = first + number, 1 / FRAME_RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def picture(path: Path) -> tuple[str, list[float], list[float]]:
    """Codec, times and brightness of all frames."""
    with av.open(str(path)) as container:
        frames = [
            (frame.time, frame.to_ndarray(format="gray").mean())
            for frame in container.decode(video=0)
        ]
        times, brightness = zip(*frames, strict=True)
        return container.streams.video[0].codec_context.name, list(times), list(brightness)


def sound(path: Path) -> np.ndarray:
    """(2, n) as a player plays it."""
    with av.open(str(path)) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
        return np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)


def assert_in_time(path: Path) -> None:
    """The picture begins at 0 with its darkest frame, and the clicks are where they were."""
    _, times, brightness = picture(path)
    assert len(times) == FRAMES
    assert times[0] == 0
    assert times[-1] == pytest.approx((FRAMES - 1) / FRAME_RATE, abs=0.002)
    assert np.all(np.diff(brightness) > -0.5)
    music = np.abs(sound(path)[0])
    for click in CLICKS:
        assert click - 2000 + int(np.argmax(music[click - 2000 : click + 2000])) == click


@pytest.mark.parametrize("b_frames", ["0", "3"])
@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "libx264"), (".mkv", "libx264"), (".mov", "mpeg4"), (".avi", "mpeg4")],
)
def test_the_picture_is_copied(
    tmp_path: Path, mix: Path, suffix: str, codec: str, b_frames: str
) -> None:
    source = film(tmp_path / f"film{suffix}", codec, bf=b_frames)
    assert mux(source, mix, tmp_path / "out.mp4") is True
    assert_in_time(tmp_path / "out.mp4")
    assert picture(tmp_path / "out.mp4")[2] == picture(source)[2]


def test_a_film_that_begins_late_begins_at_once(tmp_path: Path, mix: Path) -> None:
    source = film(tmp_path / "film.mkv", first=100, bf="3")
    assert mux(source, mix, tmp_path / "out.mp4") is True
    assert_in_time(tmp_path / "out.mp4")


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [
        ("film.mkv", "ffv1", "yuv420p"),
        ("film.mov", "prores_ks", "yuv422p10le"),
        ("film.avi", "mjpeg", "yuvj420p"),
    ],
)
def test_what_players_do_not_expect_in_an_mp4_is_encoded_again(
    tmp_path: Path, mix: Path, name: str, codec: str, pixels: str
) -> None:
    source = film(tmp_path / name, codec, pixels=pixels)
    assert mux(source, mix, tmp_path / "out.mp4") is False
    assert picture(tmp_path / "out.mp4")[0] == "h264"
    assert_in_time(tmp_path / "out.mp4")


def quarter_turn(path: Path) -> Path:
    """Turn the picture of an MP4 or MOV by a flag, as telephones do: the matrix of its track."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def upright_size(path: Path) -> tuple[int, int]:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        sideways = frame.rotation % 180 != 0
        return (frame.height, frame.width) if sideways else (frame.width, frame.height)


@pytest.mark.parametrize(
    ("codec", "pixels"), [("libx264", "yuv420p"), ("prores_ks", "yuv422p10le")]
)
def test_a_turned_film_stays_turned(tmp_path: Path, mix: Path, codec: str, pixels: str) -> None:
    source = quarter_turn(film(tmp_path / "film.mov", codec, pixels=pixels))
    assert upright_size(source) == (90, 160)
    mux(source, mix, tmp_path / "out.mp4")
    assert upright_size(tmp_path / "out.mp4") == (90, 160)


def test_the_film_s_own_sound_gives_way(tmp_path: Path, mix: Path, bunny: Path) -> None:
    assert mux(bunny, mix, tmp_path / "out.mp4") is True
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio"]
        assert container.streams.audio[0].rate == RATE
        assert container.streams.audio[0].channels == 2


def test_what_is_no_film_is_named(tmp_path: Path, mix: Path) -> None:
    text = tmp_path / "film.mp4"
    text.write_text("no film")
    for path, reason in [
        (tmp_path / "gone.mp4", "does not exist"),
        (text, "is no film"),
        (mix, "holds sound alone"),
    ]:
        with pytest.raises(FilmError, match=f"{path.name}: {reason}"):
            mux(path, mix, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_where_it_cannot_be_written_nothing_is_left(tmp_path: Path, mix: Path) -> None:
    source = film(tmp_path / "film.mp4")
    with pytest.raises(StorageError, match=r"out\.mp4: cannot be written"):
        mux(source, mix, tmp_path / "nowhere" / "out.mp4")
    before = sorted(tmp_path.iterdir())
    with (
        disc_with_room_for(2000),
        pytest.raises(StorageError, match=r"out\.mp4: cannot be written"),
    ):
        mux(source, mix, tmp_path / "out.mp4")
    assert sorted(tmp_path.iterdir()) == before
