"""A composition's timelines, from composing an edit to exporting it in every format."""

import shutil
from dataclasses import replace
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.composing import compose, recompose
from diffbgm.composition import Composition, load_composition
from diffbgm.errors import StorageError, TimelineError
from diffbgm.options import ComposeOptions, TakeOptions
from diffbgm.readers.edits import read_timeline, read_timeline_cuts
from diffbgm.timeline import EditDocument
from diffbgm.writers.exporting import export_timeline
from diffbgm.writers.timelines import FORMATS
from tests.writers.timelines.made_edits import read_made_edit

pytestmark = pytest.mark.slow

QUICK = ComposeOptions(steps=4)


@pytest.fixture(scope="module")
def composed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Composition]:
    """The folder of the made edit, and the music for it."""
    folder = tmp_path_factory.mktemp("edit")
    return folder, compose(read_made_edit(folder), folder / "music", QUICK)


@pytest.fixture
def music(composed: tuple[Path, Composition], tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(composed[1].folder, tmp_path / "music"))


def edit_of(folder: Path) -> otio.schema.Timeline:
    return otio.adapters.read_from_file(str(folder / "timeline.otio"))


def tracks(folder: Path) -> list[str]:
    edit = edit_of(folder)  # whose tracks go with it
    return [track.name for track in edit.tracks]


def test_the_edit_comes_back_with_its_dialogue(composed: tuple[Path, Composition]):
    folder, composition = composed
    assert tracks(composition.folder) == ["V1", "V2", "Dialogue", "BGM"]
    original = composition.folder / "original.otio"
    assert original.read_bytes() == (folder / "edit.otio").read_bytes()
    assert {"original.otio", "timeline.otio"} <= set(composition.files)
    edit = read_timeline(composition.folder / "timeline.otio")
    written = edit_of(composition.folder)
    for clip in (clip for clip in written.find_clips() if clip.name.startswith("BGM")):
        assert (composition.folder / clip.media_reference.target_url).is_file()
    assert edit.cuts == tuple(shot["start_frame"] for shot in composition.shots[1:])


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_exported_in_every_format(music: Path, name):
    before = {each: (music / each).read_bytes() for each in ("mix.wav", "score.mid")}
    composition = export_timeline(music, name, stems=True)
    assert composition == load_composition(music)
    assert all((music / each).is_file() for each in composition.files)
    assert all((music / each).read_bytes() == data for each, data in before.items())
    written = music / f"timeline{FORMATS[name].suffix}"
    cuts = tuple(shot["start_frame"] for shot in composition.shots[1:])
    assert read_timeline_cuts(written).cuts == cuts
    stems = [track for track in tracks(music) if track.startswith("BGM ")]
    assert len(stems) == len(list((music / "stems").iterdir())) > 1


def test_a_later_take_is_written_the_same_way_and_another_format_takes_its_place(music: Path):
    export_timeline(music, "fcpxml")
    recompose(music, 1, TakeOptions(notes="same"))
    assert (music / "timeline.fcpxml").is_file()
    export_timeline(music, "edl")
    assert {path.name for path in music.glob("timeline.*")} == {"timeline.otio", "timeline.edl"}


def test_what_is_not_ours_is_left_alone(music: Path):
    (music / "timeline.edl").write_text("mine")
    with pytest.raises(StorageError, match=r"timeline\.edl"):
        export_timeline(music, "edl")
    assert (music / "timeline.edl").read_text() == "mine"


def test_an_edit_that_cannot_come_back_is_refused_before_any_work(tmp_path: Path):
    (tmp_path / "edit").mkdir()
    timeline = read_made_edit(tmp_path / "edit")
    broken = tmp_path / "broken.fcpxml"
    broken.write_text('<fcpxml version="1.9"><resources/></fcpxml>')
    timeline = replace(timeline, document=EditDocument(broken))
    with pytest.raises(TimelineError, match="broken"):
        compose(timeline, tmp_path / "music", QUICK)
    assert not (tmp_path / "music").exists()
