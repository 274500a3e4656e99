"""What is not ours is neither written over nor removed, whatever it is called."""

import os
import shutil
from pathlib import Path

import pytest

from diffbgm.errors import StorageError
from diffbgm.files import publishing as module
from diffbgm.files.ownership import from_json
from diffbgm.files.publishing import WORK, publishing, recover
from tests.files.publications import ENTRIES, contents, publish, recorded


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that holds the first version."""
    publish(tmp_path / "music", "first")
    return tmp_path / "music"


def refused(folder: Path, version: str = "next") -> str:
    """The message with which publishing there is refused, and nothing was changed."""
    before = contents(folder)
    with pytest.raises(StorageError, match="nothing was changed") as refusal:
        publish(folder, version)
    assert contents(folder) == before
    assert not (folder / WORK).exists()
    return str(refusal.value)


def test_a_new_version_takes_the_place_of_the_old(folder: Path) -> None:
    publish(folder, "next")
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    assert {"stems/bass.wav", "takes/000/0/a.flac", "takes/000/1/a.flac"} < names
    assert not {"score.mid", "stems/piano.wav", WORK} & names
    publish(folder, "empty")
    assert sorted(path.name for path in folder.iterdir()) == [
        "composition.json",
        "mix.wav",
        "takes",
    ]


def test_a_project_that_is_not_ours_is_refused_before_any_work(tmp_path: Path) -> None:
    for name in ("shots/scene 1.mov", "takes/best.txt", "mix.wav", "score.mid", "film.mp4"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("ours, and all we have")
    message = refused(tmp_path, "first")
    assert "mix.wav, score.mid, shots, takes. Move them away" in message
    assert "film.mp4" not in message
    before = contents(tmp_path)
    with pytest.raises(StorageError), publishing(tmp_path, recorded, ENTRIES):
        pytest.fail("the slow work began")
    assert contents(tmp_path) == before


def test_own_files_beside_ours_stay(folder: Path) -> None:
    for name in ("notes.txt", "shots/of the director.wav", "stems/voice.wav"):
        (folder / name).write_text("mine")
    publish(folder, "next")
    publish(folder, "empty")
    for name in ("notes.txt", "shots/of the director.wav", "stems/voice.wav"):
        assert (folder / name).read_text() == "mine"
    assert not (folder / "shots" / "000.wav").exists()


@pytest.mark.parametrize("name", ["mix.wav", "shots/001.wav", "takes/000/0/a.flac", "score.mid"])
def test_a_file_of_ours_that_somebody_changed_is_theirs(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).write_text("mine")
    assert name in refused(folder)
    size = (folder / name).stat().st_size
    (folder / name).write_bytes(b"x" * size)
    assert name in refused(folder)


def test_what_was_only_copied_or_touched_is_still_ours(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, copy_function=shutil.copyfile)
    os.utime(copy / "mix.wav", ns=(0, 0))
    publish(copy, "next")
    assert "next" in (copy / "mix.wav").read_text()


def test_what_was_removed_by_hand_is_written_again(folder: Path) -> None:
    (folder / "mix.wav").unlink()
    shutil.rmtree(folder / "shots")
    publish(folder, "next")
    assert (folder / "shots" / "001.wav").exists()


def test_a_file_put_there_during_the_work_is_not_written_over(folder: Path) -> None:
    with (
        pytest.raises(StorageError, match=r"stems/bass\.wav"),
        publishing(folder, recorded, ENTRIES) as work,
    ):
        shutil.copytree(folder, work, dirs_exist_ok=True, ignore=shutil.ignore_patterns(WORK))
        (work / "stems" / "bass.wav").write_text("new")
        document = (work / "composition.json").read_text()
        name = '"stems/piano.wav"'
        entry = document[
            document.index(name) + len(name) : document.index("}", document.index(name))
        ]
        added = document.replace('"files": {', f'"files": {{"stems/bass.wav"{entry}}}, ')
        (work / "composition.json").write_text(added)
        (folder / "stems" / "bass.wav").write_text("mine")
    assert (folder / "stems" / "bass.wav").read_text() == "mine"
    assert not (folder / WORK).exists()


def killed_after_the_switch(folder: Path, version: str, tmp_path: Path) -> None:
    """`folder` as a kill leaves it when the journal has just been written."""
    kept = tmp_path / "kept"

    def copy_and_stop(place: Path) -> None:
        if (place / WORK / "journal.json").exists():
            shutil.copytree(place, kept, copy_function=shutil.copy2)
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_put_in_place", copy_and_stop)
        with pytest.raises(KeyboardInterrupt):
            publish(folder, version)
    shutil.rmtree(folder)
    kept.rename(folder)


def test_a_file_put_in_the_way_of_a_recovery_is_kept(folder: Path, tmp_path: Path) -> None:
    killed_after_the_switch(folder, "next", tmp_path)
    (folder / "mix.wav").unlink()
    (folder / "mix.wav").write_text("mine")
    (folder / "score.mid").write_text("mine, too")
    recover(folder)
    assert "next" in (folder / "mix.wav").read_text()
    assert (folder / "mix (kept 1).wav").read_text() == "mine"
    assert (folder / "score.mid").read_text() == "mine, too"


def test_publishing_again_completes_what_was_begun(folder: Path, tmp_path: Path) -> None:
    killed_after_the_switch(folder, "next", tmp_path)
    publish(folder, "first")
    assert not (folder / "stems" / "bass.wav").exists()
    assert (folder / "takes/000/0/a.flac").exists()
    assert not (folder / WORK).exists()


def test_two_do_not_write_into_one_folder_at_once(folder: Path) -> None:
    before = contents(folder)
    with publishing(folder, recorded, ENTRIES) as work:
        with pytest.raises(StorageError, match="another diffbgm writes there"):
            publish(folder, "next")
        recover(folder)  # which lets the other one work
        assert work.exists()
        shutil.copytree(folder, work, dirs_exist_ok=True, ignore=shutil.ignore_patterns(WORK))
    assert contents(folder) == before


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), publishing(tmp_path / "a/b", recorded, ENTRIES) as work:
        (work / "mix.wav").write_text("half")
        raise RuntimeError("stopped")
    assert not (tmp_path / "a" / "b").exists()


def test_a_hidden_folder_of_somebody_else_is_kept(tmp_path: Path) -> None:
    (tmp_path / WORK / "new").mkdir(parents=True)
    (tmp_path / WORK / "new" / "diary.txt").write_text("mine")
    recover(tmp_path)
    with pytest.raises(StorageError, match="was not made by diffbgm"):
        publish(tmp_path, "first")
    assert (tmp_path / WORK / "new" / "diary.txt").read_text() == "mine"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "shots").rename(tmp_path / "elsewhere")
    (folder / "shots").symlink_to(tmp_path / "elsewhere")
    assert "shots" in refused(folder)


@pytest.mark.parametrize("name", ["../film.mp4", "/etc/passwd", "a/../../b", "C:/film.mp4"])
def test_a_record_claims_nothing_outside_its_folder(name: str) -> None:
    entry = {"bytes": 1, "modified": 1, "sha256": ""}
    with pytest.raises(ValueError, match="leads out"):
        from_json({name: entry})
