import json
import subprocess
import sys

import numpy as np
import pytest
import torch

from diffbgm.data.bgm909 import stretched
from diffbgm.data.paired import load_pairs
from diffbgm.data.prepare_bgm909 import prepare_bgm909
from diffbgm.errors import DatasetError
from tests.data.made_pairs import BARS, write_music, write_pair


@pytest.fixture
def source(tmp_path):
    """Two songs that train (001, 003), one that validates (002), as POP909 is split."""
    for song in ("001", "002", "003"):
        write_pair(tmp_path / "set", song)
    return tmp_path / "set"


def test_one_file_holds_songs_and_features(source, tmp_path):
    target = tmp_path / "out/bgm909.npz"
    report = prepare_bgm909(source, target)
    prepared = load_pairs(target)
    assert prepared.songs.tolist() == ["001", "002", "003"]
    assert prepared.songs_of("validation") == [1]
    assert prepared.visual.shape == (3 * BARS * 4, 512)
    assert prepared.language.shape == (3 * BARS * 4, 768)
    given = np.load(source / "caption_feats/002.npy")
    own = prepared.language[BARS * 4 : 2 * BARS * 4]
    assert np.array_equal(own, stretched(given, BARS * 4).astype(np.float16))
    assert prepared.song_windows(2).tolist() == [0, 16, 32, 48, 64]
    assert prepared.song_notes(0)[0, 0] == 0
    assert report["windows_of_8_bars"] == {"train": 10, "validation": 5, "test": 0}
    assert report["split"] == "that of POP909, by song number"
    assert report["shots"] == 6
    assert json.loads(target.with_suffix(".report.json").read_text()) == report


def test_pairs_that_are_not_used_are_told_why(source, tmp_path):
    write_pair(source, "034")
    write_pair(source, "004", bars=7)
    report = prepare_bgm909(source, tmp_path / "set.npz")
    assert report["pairs_used"] == 3
    assert report["pairs_found"] == 5
    assert report["pairs_not_used"] == {
        "004": "no 8 bars of 4/4 in a row",
        "034": "left out by the paper",
    }


def test_a_set_of_ones_own_gets_a_validation_song(tmp_path):
    for song in ("801", "802"):
        write_pair(tmp_path / "own", song)
    report = prepare_bgm909(tmp_path / "own", tmp_path / "own.npz")
    assert report["songs"] == {"train": 1, "validation": 1, "test": 0}
    assert report["split"] == "every tenth song validates"


def test_a_set_without_any_window_is_refused(tmp_path):
    write_pair(tmp_path / "short", "001", bars=7)
    with pytest.raises(DatasetError, match="8 bars"):
        prepare_bgm909(tmp_path / "short", tmp_path / "short.npz")


def test_nothing_is_written_when_a_pair_is_damaged(source, tmp_path):
    torch.save(torch.zeros(4, 8), source / "new_raw_video_feats/003.pth")
    with pytest.raises(DatasetError, match=r"003\.pth"):
        prepare_bgm909(source, tmp_path / "set.npz")
    assert not list(tmp_path.glob("set*npz"))


def test_features_beyond_half_precision_are_refused(source, tmp_path):
    torch.save(torch.full((4, 512), 1e6), source / "new_raw_video_feats/003.pth")
    with pytest.raises(DatasetError, match=r"003.pth: holds features beyond 65504"):
        prepare_bgm909(source, tmp_path / "set.npz")


def test_music_whose_chords_end_early_keeps_its_windows(source, tmp_path):
    path = source / "POP909_4_bin_pnt_8bar/001.npz"
    write_music(path, 1)
    with np.load(path, allow_pickle=True) as columns:
        kept = dict(columns)
    np.savez(path, **kept | {"chord": kept["chord"][:40]})
    prepare_bgm909(source, tmp_path / "set.npz")
    prepared = load_pairs(tmp_path / "set.npz")
    assert prepared.beat_offsets[1] == BARS * 4
    assert len(prepared.song_windows(0)) == BARS - 7


def diffbgm(*arguments):
    command = [sys.executable, "-m", "diffbgm.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=1200)


@pytest.mark.slow
def test_the_command_prints_its_report(source, tmp_path):
    result = diffbgm("prepare", "bgm909", source, tmp_path / "set.npz", "--json")
    assert json.loads(result.stdout)["pairs_used"] == 3


def test_a_broken_set_is_one_line(source, tmp_path):
    (source / "detection/003_scenes.txt").unlink()
    result = diffbgm("prepare", "bgm909", source, tmp_path / "set.npz")
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert "song 003 has no film (detection)" in line


def test_music_alone_is_read_as_pairs_of_its_own_streams(tmp_path):
    from diffbgm.data.pop909 import Section
    from diffbgm.data.prepare_pop909 import prepare_sections

    notes = np.array([[0, 4, 60, 80, 0], [16, 4, 64, 80, 2]])
    section = Section("001", 10, notes, np.array([0, 32]))
    prepare_sections([section, section]).save(tmp_path / "music.npz")
    pairs = load_pairs(tmp_path / "music.npz")
    assert pairs.visual.shape == (80, 6)
    assert pairs.language.shape == (80, 3)
    assert pairs.song_windows(1).tolist() == [0, 16, 32]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"nothing of the kind"])
def test_another_file_holds_no_pairs(tmp_path, content):
    path = tmp_path / "notes.npz"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match="diffbgm prepare"):
        load_pairs(path)
