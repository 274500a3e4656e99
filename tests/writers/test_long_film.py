"""A film's length costs disc, which is asked for before, and no memory."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import pytest

from diffbgm.arranging.styles import load_style
from diffbgm.composing import compose
from diffbgm.errors import StorageError
from diffbgm.options import ComposeOptions
from diffbgm.sound.sample_files import SampleFile
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.space import require_space, space_needed
from tests.conftest import ROOT

MOST_MB = 150
"""The plain mix alone has 460 MB, and each of the two stems 230."""


def edit(seconds: int) -> Timeline:
    """One that shows nothing."""
    return Timeline(Fraction(25), (Shot(0, 0, seconds * 25),))


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the memory of a process")
def test_ten_minutes_of_sound_are_written_in_little_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.writers.made_long_film", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    assert int(answer) < MOST_MB
    assert len(SampleFile(tmp_path / "music" / "mix.wav")) == 600 * 48_000
    assert len(list((tmp_path / "music" / "shots").iterdir())) == 75
    assert len(list((tmp_path / "music" / "stems").iterdir())) == 2


def test_a_film_twice_as_long_needs_twice_the_disc() -> None:
    style, options = load_style("cinematic"), ComposeOptions()
    ten, twenty, thirty = (space_needed(edit(600 * n), options, style) for n in (1, 2, 3))
    assert thirty - twenty == pytest.approx(twenty - ten, abs=2)
    assert 1e9 < ten < 3e9


def test_more_players_and_the_film_s_own_sound_need_more(demo) -> None:
    film = demo[0]
    piano, strings = load_style("solo_piano"), load_style("cinematic")
    plain = ComposeOptions()
    muxed = ComposeOptions(mux=True)
    spoken = ComposeOptions(mux=True, under_dialogue=True)
    assert space_needed(film, plain, piano) < space_needed(film, plain, strings)
    needed = [space_needed(film, options, piano) for options in (plain, muxed, spoken)]
    assert needed[1] - needed[0] == film.stat().st_size
    assert needed[2] > needed[1]


@pytest.mark.parametrize("free", [0, 999_999_999])
def test_what_does_not_fit_is_refused(free: int, tmp_path: Path) -> None:
    """In a folder that is not there yet, on the disc of the nearest one that is."""
    asked = []

    def disc(place: Path) -> SimpleNamespace:
        asked.append(place)
        return SimpleNamespace(free=free)

    folder = tmp_path / "not" / "there"
    with pytest.raises(StorageError, match=r"needs about 1\.0 GB .* free; make room"):
        require_space(folder, 1_000_000_000, disc)
    require_space(folder, free, disc)
    assert set(asked) == {tmp_path}


def test_composing_asks_before_it_begins(tmp_path: Path) -> None:
    """An edit of a million hours; it shows nothing, and nothing of it is decoded."""
    stages = []
    with pytest.raises(StorageError, match="of disc while it is composed"):
        compose(
            edit(3_600_000_000), tmp_path / "music", progress=lambda stage, _: stages.append(stage)
        )
    assert stages == []
    assert list(tmp_path.iterdir()) == []
