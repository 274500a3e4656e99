from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from diffbgm.errors import FilmError
from diffbgm.readers.film_info import MAX_SECONDS, probe
from diffbgm.video.decode import Film, Picture, on_grid, read_pictures
from tests.video.films import plain, texture

RED, BLUE = (200, 30, 30), (30, 30, 200)


def frames(path: Path, start: Fraction = Fraction(0)) -> list[np.ndarray]:
    with Film(path) as film:
        shown = on_grid(film.pictures(start), film.info.frame_rate, start)
        return [picture.rgb for picture in shown]


def is_red(rgb: np.ndarray) -> bool:
    return bool(rgb[..., 0].mean() > rgb[..., 2].mean())


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv", "film.mov", "film.ts"])
def test_rate_and_frames_are_exact_in_every_container(write_film, name):
    path = write_film([texture(1)] * 60, Fraction(24000, 1001), name)
    assert probe(path).frame_rate == Fraction(24000, 1001)
    assert len(frames(path)) == 60


def test_pictures_are_small_and_keep_their_shape(write_film):
    assert frames(write_film([plain(RED, (180, 320))] * 3))[0].shape == (108, 192, 3)


def test_odd_sizes(write_film):
    path = write_film([plain(RED, (101, 203))] * 3, name="odd.mkv", codec="ffv1")
    assert frames(path)[0].shape == (96, 192, 3)


@pytest.mark.parametrize(("rotation", "top_is_red"), [(0, True), (180, False)])
def test_upside_down_films_are_turned(write_film, rotation, top_is_red):
    picture = plain(BLUE)
    picture[:48] = RED
    shown = frames(write_film([picture] * 5, rotation=rotation))[0]
    assert is_red(shown[:40]) == top_is_red


def test_upright_phone_films_stand_upright(write_film):
    picture = plain(BLUE, (90, 160))
    picture[:, :80] = RED  # turned by 90 degrees counterclockwise, the left side is at the bottom
    shown = frames(write_film([picture] * 5, rotation=90))[0]
    assert shown.shape == (192, 108, 3)
    assert is_red(shown[-80:])
    assert not is_red(shown[:80])


def test_wide_pixels_are_widened(write_film):
    path = write_film([plain(RED, (96, 96))] * 3, pixel_aspect=Fraction(2))
    assert frames(path)[0].shape == (96, 192, 3)


def test_a_variable_rate_lies_on_the_grid_by_time(write_film):
    ticks = [100 * n for n in range(20)] + [2000 + 33 * n for n in range(40)]
    path = write_film([plain(RED)] * 30 + [plain(BLUE)] * 30, Fraction(30), ticks=ticks)
    rate = probe(path).frame_rate
    shown = frames(path)
    first_blue = next(number for number, rgb in enumerate(shown) if not is_red(rgb))
    assert float(first_blue / rate) == pytest.approx(ticks[30] / 1000, abs=float(1 / rate))
    assert float(len(shown) / rate) == pytest.approx(3.32, abs=float(1 / rate))


def test_the_grid_holds_and_drops_pictures():
    times = [0, 1, 1.01, 4]
    pictures = [Picture(Fraction(t), Fraction(0), texture(0), lambda _: texture(0)) for t in times]
    shown = [float(picture.seconds) for picture in on_grid(iter(pictures), Fraction(1))]
    assert shown == [0, 1.01, 1.01, 1.01, 4]


def test_a_picture_can_be_had_larger(write_film):
    path = write_film([texture(1, (360, 640))] * 3)
    picture = next(on_grid(read_pictures(path), Fraction(24)))
    large = picture.sized(224)
    assert (picture.rgb.shape, large.shape) == ((108, 192, 3), (224, 398, 3))
    again = cv2.resize(large, (192, 108), interpolation=cv2.INTER_AREA)
    assert np.abs(again.astype(int) - picture.rgb).mean() < 5


def test_a_larger_picture_is_upright_and_never_endless(write_film):
    upright = write_film([plain(RED, (90, 160))] * 2, rotation=90, name="upright.mp4")
    assert next(read_pictures(upright)).sized(64).shape == (114, 64, 3)
    strip = write_film([plain(RED, (16, 1600))] * 2, name="strip.mp4")
    assert next(read_pictures(strip)).sized(64).shape == (64, 512, 3)


def test_a_start_in_the_middle_is_sought(write_film):
    pictures = [plain((n, 255 - n, 60)) for n in range(120)]
    path = write_film(pictures, Fraction(24))
    whole, rest = frames(path), frames(path, Fraction(75, 24))
    assert len(rest) == 45
    np.testing.assert_array_equal(rest[0], whole[75])


def test_one_film_is_read_from_many_places(write_film):
    path = write_film([plain((n, 255 - n, 60)) for n in range(120)], Fraction(24))
    whole = frames(path)
    with Film(path) as film:
        for number in (75, 0, 119, 30, 119, 1):
            first = next(film.pictures(Fraction(number, 24)))
            np.testing.assert_array_equal(first.rgb, whole[number])


@pytest.mark.parametrize("name", ["film.ts", "film.mkv", "film.avi", "film.h264"])
def test_every_container_is_read_from_the_middle(write_film, name):
    path = write_film([plain((n, 255 - n, 60)) for n in range(120)], Fraction(24), name)
    whole = frames(path)
    np.testing.assert_array_equal(frames(path, Fraction(100, 24))[0], whole[100])


def test_a_still_picture_can_be_read_whatever_its_name(tmp_path):
    path = tmp_path / "still%03d.png"
    cv2.imwrite(str(path), texture(1))
    assert len(frames(path)) == 1


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


UNUSABLE: dict[str, tuple[Callable[[Path], Path], str]] = {
    "missing": (lambda folder: folder / "none.mp4", "does not exist"),
    "folder": (lambda folder: folder, "is a folder"),
    "empty": (lambda folder: write(folder / "empty.mp4", b""), "is empty"),
    "noise": (lambda folder: write(folder / "noise.mp4", bytes(range(256)) * 99), "is no film"),
    "device": (lambda _: Path("/dev/null"), "is no ordinary file"),
    "playlist": (
        lambda folder: write(folder / "list.m3u8", b"#EXTM3U\n#EXTINF:9,\nother.ts\n"),
        "is no film",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_files_are_named_with_what_is_wrong(tmp_path, case):
    make, message = UNUSABLE[case]
    path = make(tmp_path)
    with pytest.raises(FilmError, match=f"^{path}: {message}.*; "):
        probe(path)


def test_a_codec_that_nobody_knows_is_no_film(write_film):
    path = write_film([texture(1)] * 3, name="film.mkv")
    path.write_bytes(path.read_bytes().replace(b"V_MPEG4/ISO/AVC", b"V_MPEG9/ISO/AVC"))
    with pytest.raises(FilmError, match="no picture that can be decoded"):
        probe(path)


def test_sound_alone_is_no_film(write_sound):
    with pytest.raises(FilmError, match="holds sound alone"):
        probe(write_sound())


def test_ten_hours_are_refused_before_they_are_decoded(write_film):
    ticks = [n * 9_000_000 for n in range(5)]
    path = write_film([plain(RED, (16, 16))] * 5, ticks=ticks)
    with pytest.raises(FilmError, match=rf"10.0 hours, more than {MAX_SECONDS // 3600}; "):
        probe(path)


@pytest.mark.parametrize("name", ["film.mp4", "film.mkv"])
def test_a_film_that_is_cut_off_tells_how_much_could_be_read(write_film, tmp_path, name):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 255, (96, 160, 3), np.uint8) for _ in range(72)]
    whole = write_film(
        pictures, name=name, options={"movflags": "faststart"} if "mp4" in name else {}
    )
    content = whole.read_bytes()
    part = write(tmp_path / f"part-{name}", content[: len(content) // 2])
    with pytest.raises(FilmError, match=r"cut off or damaged: only 1\.\d of 3\.0 s"):
        frames(part)


def test_a_film_without_its_end_cannot_be_opened(write_film, tmp_path):
    content = write_film([texture(1)] * 48).read_bytes()
    with pytest.raises(FilmError, match="is no film that can be read, or is cut off"):
        probe(write(tmp_path / "part.mp4", content[:-2000]))


def test_a_hole_in_the_middle_is_no_film(write_film, tmp_path):
    rng = np.random.default_rng(0)
    whole = write_film([rng.integers(0, 255, (96, 160, 3), np.uint8) for _ in range(72)])
    content = bytearray(whole.read_bytes())
    third = len(content) // 3
    content[third : 2 * third] = bytes(third)
    with pytest.raises(FilmError, match="cut off or damaged"):
        frames(write(tmp_path / "hole.mp4", bytes(content)))


CASES = Path(__file__).with_name("cases")


@pytest.mark.parametrize(
    ("name", "count"), [("jump.ts", 200), ("late.mkv", 100), ("second_default.mkv", 100)]
)
def test_recordings_with_odd_times_and_tracks_are_read_whole(name, count):
    """Two laid end to end, 600 s apart; one that begins at 3 s; one whose second track is shown."""
    assert len(frames(CASES / name)) == count
    assert probe(CASES / name).seconds == count / 25


@pytest.mark.parametrize("name", ["jump.ts", "late.mkv"])
@pytest.mark.parametrize("number", [60, 130, 190])
def test_odd_times_are_sought(name, number):
    whole = frames(CASES / name)
    if number < len(whole):
        np.testing.assert_array_equal(frames(CASES / name, Fraction(number, 25))[0], whole[number])


@pytest.mark.parametrize("name", ["film.ts", "film.mpg"])
def test_times_that_start_again_lose_nothing(write_film, tmp_path, name):
    """The same recording twice: its times start again in the middle."""
    once = write_film([plain((n, 255 - n, 60)) for n in range(100)], Fraction(25), name)
    twice = write(tmp_path / f"twice-{name}", once.read_bytes() * 2)
    whole = frames(twice)
    assert len(whole) == 200
    np.testing.assert_array_equal(whole[150], whole[50])
    np.testing.assert_array_equal(frames(twice, Fraction(150, 25))[0], whole[150])
