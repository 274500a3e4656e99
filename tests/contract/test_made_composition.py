"""What the tests' quick composers write has the form of what the library writes."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mido
import pytest
import soundfile

from diffbgm.composing import compose, recompose, select_take
from diffbgm.composition import load_composition
from diffbgm.options import ComposeOptions
from tests.data.made_films import write_film
from tests.made_composition import MadeFilm, exchange_take, write_composition

pytestmark = pytest.mark.slow

RATE, EDGES = Fraction(8), (0, 16, 32, 48)
OPTIONS = ComposeOptions(steps=4, seed=2)
# Which stages and files there are is the composer's own affair.
FREE = ("timings", "files")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("real")
    film = write_film(folder / "film.mp4", 3)
    music = compose(film, folder / "music", OPTIONS).folder
    recompose(music, 1)
    return music


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    write_composition(folder / "music", MadeFilm(folder / "film.mp4", RATE, EDGES), OPTIONS)
    exchange_take(folder / "music", 1)
    return folder / "music"


def shape(value: Any) -> Any:
    """Keys and types, without the values; of a list the different shapes that are in it."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items() if key not in FREE}
    if isinstance(value, list):
        shapes = [shape(each) for each in value]
        return [each for index, each in enumerate(shapes) if each not in shapes[:index]]
    return type(value).__name__


def test_the_documents_have_the_same_fields_and_types(real: Path, made: Path):
    assert shape(load_composition(made).to_dict()) == shape(load_composition(real).to_dict())


def test_what_does_not_hang_on_the_music_has_the_same_values(real: Path, made: Path):
    one, other = (load_composition(folder) for folder in (made, real))
    for name in ("version", "seconds", "frame_rate", "frames", "sample_rate", "options"):
        assert getattr(one, name) == getattr(other, name)
    assert one.conditions["names"] == other.conditions["names"]
    bounds = ("index", "start_frame", "end_frame", "start", "end", "take", "takes", "audio", "midi")
    for shot, real_shot in zip(one.shots, other.shots, strict=True):
        assert [shot[name] for name in bounds] == [real_shot[name] for name in bounds]


@pytest.mark.parametrize("exchange", [select_take, exchange_take])
def test_an_earlier_take_comes_back(exchange: Callable[..., object], real: Path, made: Path):
    folder = real if exchange is select_take else made
    exchange(folder, 1, 0)
    assert [shot["take"] for shot in load_composition(folder).shots] == [0, 0, 0]
    assert [shot["takes"] for shot in load_composition(folder).shots] == [1, 2, 1]
    exchange(folder, 1, 1)


def test_the_sounds_have_the_same_form_and_length(real: Path, made: Path):
    def form(path: Path) -> tuple[object, ...]:
        info = soundfile.info(path)
        return info.format, info.subtype, info.channels, info.samplerate, info.frames

    for name in ("mix.wav", "shots/000.flac", "shots/002.flac"):
        assert form(made / name)[1:] == form(real / name)[1:]
    assert {form(path)[1:] for path in (made / "stems").iterdir()} == {
        form(path)[1:] for path in (real / "stems").iterdir()
    }


def test_the_notes_are_files_of_the_same_type(real: Path, made: Path):
    for name in ("score.mid", "shots/001.mid"):
        assert mido.MidiFile(made / name).type == mido.MidiFile(real / name).type
