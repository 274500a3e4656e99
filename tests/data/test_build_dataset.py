import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch

from diffbgm.data.bgm909 import find_pairs, read_pair
from diffbgm.data.build_dataset import build_dataset, find_own_pairs
from diffbgm.data.film_features import Extractor
from diffbgm.data.paired import load_pairs
from diffbgm.data.prepare_bgm909 import prepare_bgm909
from diffbgm.errors import CheckpointError, DatasetError, FilmError
from diffbgm.video.clip import Clip
from diffbgm.video.embeddings import EmbeddingCache
from tests.data.made_films import write_film, write_song
from tests.video.small_clip import CLIP, COCA, save_model

PLAIN = Extractor(None, None)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Two pairs: 10 bars with a film of 12 s; 12 bars with one that ends after 9.5."""
    folder = tmp_path_factory.mktemp("own")
    write_film(folder / "chase.mp4", shots=6)
    write_song(folder / "chase.mid", bars=10)
    write_film(folder / "rest.mp4", shots=2, seconds_each=4.75)
    write_song(folder / "rest.mid", bars=12)
    (folder / "notes.txt").write_text("not a film, not a song")
    return folder


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    target = tmp_path_factory.mktemp("built") / "set"
    return target, build_dataset(source, target, PLAIN)


def test_the_set_is_read_as_bgm909_is(built):
    target, _ = built
    found = find_pairs(target).pairs
    assert [pair.song for pair in found] == ["001", "002"]
    chase, rest = map(read_pair, found)
    assert chase.music.beats == 40
    assert chase.music.windows.tolist() == [0, 16, 32]
    assert chase.visual.shape == (40, 512)
    assert chase.language.shape == (40, 768)
    assert chase.shots == 6
    # The film of 9.5 s ends within the tenth bar.
    assert rest.music.beats == 38
    assert rest.music.windows.tolist() == [0, 16]


def test_it_is_prepared_for_training(built, tmp_path):
    report = prepare_bgm909(built[0], tmp_path / "own.npz")
    assert report["pairs_used"] == 2
    assert report["songs"]["validation"] == 1
    assert load_pairs(tmp_path / "own.npz").visual.shape == (78, 512)


def test_what_was_measured_is_told(built):
    target, report = built
    assert json.loads((target / "dataset.json").read_text()) == report
    chase, rest = report["pairs"]
    assert (chase["beats"], chase["shots"], chase["film_seconds"]) == (40, 6, 12.0)
    assert chase["key"] in ("A minor", "C major")
    assert any("its last 2.0 s have no music" in warning for warning in chase["warnings"])
    assert rest["warnings"] == []
    scenes = (target / "detection/001_scenes.txt").read_text().splitlines()
    assert scenes[:2] == ["0 15", "16 31"]


def test_without_clip_the_streams_stand_in_and_that_is_said(built):
    target, report = built
    assert "dynamic stream" in report["visual"]
    assert "no captions" in report["language"]
    assert "install.py clip" in report["missing"]
    pair = read_pair(find_pairs(target).pairs[0])
    assert pair.visual.std(axis=0).max() > 0.1
    assert not (pair.visual == 0).all(axis=0).any()
    assert not (target / "captions").exists()


def test_the_public_programs_find_their_entries(built):
    with np.load(built[0] / "POP909_4_bin_pnt_8bar/001.npz", allow_pickle=True) as columns:
        assert set(columns) >= {"notes", "start_table", "db_pos", "db_pos_filter", "chord"}
        melody, starts = columns["notes"][0], columns["start_table"][0]
        assert melody[starts[16]][0] == 16  # the first row from the second downbeat on
        assert len(melody[0]) == 5
        assert columns["db_pos"].tolist() == list(range(0, 160, 16))
        assert columns["db_pos_filter"].tolist() == [True] * 3 + [False] * 7
        assert columns["chord"].shape == (40, 14)
        assert np.allclose(np.diff(columns["beat_seconds"]), 0.25)


def test_a_run_goes_on_where_it_was(source, built, tmp_path):
    target, report = shutil.copytree(built[0], tmp_path / "set"), built[1]
    stamp = (target / "new_raw_video_feats/001.pth").stat().st_mtime_ns
    (tmp_path / "other").mkdir()
    for path in source.iterdir():
        (tmp_path / "other" / path.name).symlink_to(path)
    (tmp_path / "other/rest.mid").unlink()
    write_song(tmp_path / "other/rest.mid", bars=8)
    again = build_dataset(tmp_path / "other", target, PLAIN)
    assert (target / "new_raw_video_feats/001.pth").stat().st_mtime_ns == stamp
    assert again["pairs"][0] == report["pairs"][0]
    assert again["pairs"][1]["beats"] == 32
    (tmp_path / "other/rest.mid").unlink()
    (tmp_path / "other/rest.mp4").unlink()
    build_dataset(tmp_path / "other", target, PLAIN)
    assert [pair.song for pair in find_pairs(target).pairs] == ["001"]


@pytest.mark.slow
def test_with_clip_its_embeddings_and_captions_are_the_features(source, tmp_path):
    one = tmp_path / "one"
    one.mkdir()
    for name in ("chase.mp4", "chase.mid"):
        (one / name).symlink_to(source / name)
    folder = save_model(tmp_path / "clip", {**CLIP, "embed_dim": 512})
    seeing = Clip(folder, "cpu", EmbeddingCache(tmp_path / "cache"))
    coca = Clip(save_model(tmp_path / "coca", COCA), "cpu", EmbeddingCache(tmp_path / "cache"))
    report = build_dataset(one, tmp_path / "set", Extractor(seeing, coca))
    assert "CLIP" in report["visual"]
    assert "CoCa" in report["language"]
    assert "CLIP2Video" in report["missing"]
    pair = read_pair(find_pairs(tmp_path / "set").pairs[0])
    visual = torch.load(tmp_path / "set/new_raw_video_feats/001.pth", weights_only=True)
    assert np.allclose(np.linalg.norm(visual, axis=1), 1, atol=1e-4)
    assert np.allclose(pair.language[:, :256], pair.language[:, 512:])
    captions = (tmp_path / "set/captions/001.txt").read_text().splitlines()
    assert len(captions) == 40
    embedded = seeing.embed_texts(captions[:1])
    assert np.allclose(pair.language[0, :512], embedded[0], atol=1e-5)


def test_a_clip_of_another_width_is_refused(source, tmp_path):
    narrow = Clip(save_model(tmp_path / "clip", CLIP), "cpu", EmbeddingCache(tmp_path / "cache"))
    with pytest.raises(CheckpointError, match="32 wide; a data set of this layout needs 512"):
        build_dataset(source, tmp_path / "set", Extractor(narrow, None))


@pytest.mark.parametrize(
    ("add", "message"),
    [
        ("lost.mid", r"song lost\.mid has no film"),
        ("silent.mp4", r"film silent\.mp4 has no song"),
        ("chase.mov", "are of one name"),
    ],
)
def test_halves_and_doubles_are_named(source, tmp_path, add, message):
    for path in source.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / add).write_bytes(b"")
    with pytest.raises(DatasetError, match=message):
        find_own_pairs(tmp_path)


def test_a_folder_without_pairs_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="no film with a MIDI file"):
        find_own_pairs(tmp_path)
    with pytest.raises(DatasetError, match="is no folder"):
        find_own_pairs(tmp_path / "nowhere")


def test_broken_halves_are_named_before_any_film_is_looked_at(source, tmp_path):
    for path in source.iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "rest.mid").unlink()
    (tmp_path / "rest.mid").write_bytes(b"MThd")
    with pytest.raises(DatasetError, match=r"rest\.mid: is no MIDI file"):
        build_dataset(tmp_path, tmp_path / "set", PLAIN)
    write_song(tmp_path / "rest.mid", bars=9)
    (tmp_path / "rest.mp4").unlink()
    (tmp_path / "rest.mp4").write_bytes(b"no film")
    with pytest.raises(FilmError, match=r"rest\.mp4"):
        build_dataset(tmp_path, tmp_path / "set", PLAIN)
    assert not (tmp_path / "set").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(source, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(DatasetError, match="holds something else"):
        build_dataset(source, tmp_path, PLAIN)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_the_command_says_what_it_used(source, built):
    command = [
        sys.executable,
        "-m",
        "diffbgm.cli.main",
        "build-dataset",
        str(source),
        str(built[0]),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=1200)
    assert result.returncode == 0, result.stderr
    assert "missing: CLIP's picture and caption features" in result.stdout
    assert "chase.mp4 and chase.mid" in result.stdout
