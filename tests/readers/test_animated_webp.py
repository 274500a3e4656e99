"""Animated WebP is read as any film."""

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PIL import Image

from diffbgm.errors import FilmError
from diffbgm.readers.film_info import probe
from diffbgm.video.decode import Film
from diffbgm.writers.film import mux

LENGTHS = [400, 600, 500, 500]  # milliseconds


@pytest.fixture
def film(tmp_path: Path) -> Path:
    colors = ((200, 30, 30), (210, 30, 30), (20, 40, 200), (20, 50, 200))
    first, *others = (Image.new("RGB", (96, 64), color) for color in colors)
    path = tmp_path / "film.webp"
    first.save(path, save_all=True, append_images=others, duration=LENGTHS, lossless=True)
    return path


def test_pictures_come_at_their_times(film: Path) -> None:
    info = probe(film)
    assert (info.frame_rate, info.seconds) == (10, pytest.approx(2.0))
    with Film(film) as opened:
        for start, expected in ((0, [0, 0.4, 1, 1.5]), (Fraction(5, 4), [1, 1.5])):
            pictures = list(opened.pictures(Fraction(start)))
            assert [float(picture.seconds) for picture in pictures] == expected
            assert float(pictures[-1].duration) == 0.5
            blue = [np.median(picture.rgb[..., 2]) > 100 for picture in pictures]
            assert blue == [seconds >= 1 for seconds in expected]


def test_it_becomes_an_mp4(film: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "mix.wav", np.zeros((96000, 2)), 48000)
    assert not mux(film, tmp_path / "mix.wav", tmp_path / "film.mp4")
    with Film(tmp_path / "film.mp4") as opened:
        assert [float(picture.seconds) for picture in opened.pictures()] == [0, 0.4, 1, 1.5]


def test_a_damaged_one_is_refused(film: Path) -> None:
    film.write_bytes(film.read_bytes()[:200])
    with pytest.raises(FilmError, match="cut off"):
        probe(film)
