"""docs/api.md and examples/ do what they say, as a reader would run them."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import diffbgm
from diffbgm.composition import load_take
from diffbgm.music.midi import read_midi
from tests.data.made_films import write_film

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "api.md"

pytestmark = pytest.mark.slow


def run_example(name: str, *arguments: str | Path) -> str:
    """What a program in examples/ prints."""
    command = [sys.executable, str(ROOT / "examples" / name), *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds in three shots."""
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", 3)


@pytest.fixture(scope="module")
def told_of_a_film(film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("music") / "music"
    return run_example("one_film.py", film, folder, "solo_piano"), folder


def test_one_film(told_of_a_film: tuple[str, Path]):
    printed, folder = told_of_a_film
    music = diffbgm.load_composition(folder)
    assert len(re.findall(r"^cut at ", printed, re.MULTILINE)) == len(music.hits) == 2
    assert f"{folder / 'mix.wav'}: 6.0 s" in printed
    assert music.options["style"] == "solo_piano"


def test_takes_of_a_shot(told_of_a_film: tuple[str, Path]):
    printed = run_example("takes_of_a_shot.py", told_of_a_film[1], "1")
    music = diffbgm.load_composition(told_of_a_film[1])
    assert music.shots[1]["takes"] == 4
    assert f"take {music.shots[1]['take']} of shot 1 is in" in printed
    counts = [int(count) for count in re.findall(r"(\d+) notes", printed)]
    tracks = load_take(music.folder, 1, music.shots[1]["take"]).score.tracks
    assert sum(len(track.notes) for track in tracks) == max(counts)


def test_notes_from_conditions(tmp_path: Path):
    printed = run_example("notes_from_conditions.py", tmp_path / "notes.mid", "3")
    total, early, late = map(int, re.findall(r"(\d+)(?= notes| in the)", printed))
    assert early + late == total
    assert early < late
    score = read_midi(tmp_path / "notes.mid")
    assert sum(len(track.notes) for track in score.tracks) == total


def test_every_example_is_run_here_and_named_in_the_documentation():
    tests = Path(__file__).read_text()
    for path in (ROOT / "examples").glob("*.py"):
        assert f'"{path.name}"' in tests
        assert f"examples/{path.name}" in DOCUMENT.read_text()


def test_the_example_of_the_documentation_runs(film: Path, tmp_path: Path):
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    (tmp_path / "film.mp4").symlink_to(film)
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "film_unusable" in result.stdout
    assert (tmp_path / "music" / "mix.wav").is_file()


def test_every_public_name_is_documented():
    text = DOCUMENT.read_text()
    assert [name for name in diffbgm.__all__ if not re.search(rf"\b{name}\b", text)] == []
