import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from diffbgm.data.bgm909 import find_pairs, read_music, read_pair, stretched
from diffbgm.errors import DatasetError
from tests.data.made_pairs import BARS, CAPTIONS, FRAMES, write_music, write_pair


@pytest.fixture
def source(tmp_path):
    for song in ("001", "002"):
        write_pair(tmp_path, song)
    return tmp_path


def music_path(source, song="001"):
    return source / f"POP909_4_bin_pnt_8bar/{song}.npz"


def replace_entry(path, name, content: bytes):
    """The .npz with other bytes in the place of one array."""
    with zipfile.ZipFile(path) as archive:
        entries = {entry: archive.read(entry) for entry in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for entry, data in (entries | {f"{name}.npy": content}).items():
            archive.writestr(entry, data)


def pickled(value) -> bytes:
    """An .npy of objects whose pickle is that of `value`, whatever it does."""
    header = b"{'descr': '|O', 'fortran_order': False, 'shape': (3,), }"
    header = header.ljust(128 - 10 - 1) + b"\n"
    start = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    return start + (value if isinstance(value, bytes) else pickle.dumps(value, protocol=4))


def test_pairs_are_found_and_read(source):
    files = find_pairs(source).pairs
    assert [pair.song for pair in files] == ["001", "002"]
    pair = read_pair(files[0])
    assert pair.visual.shape == (FRAMES, 512)
    assert pair.language.shape == (CAPTIONS, 768)
    assert pair.shots == 2
    assert pair.music.beats == BARS * 4
    # Onset, duration, pitch, velocity, track; as they were written, in order.
    first = pair.music.notes[pair.music.notes[:, 4] == 1][:2]
    assert first[:, 0].tolist() == [0, 8]
    assert first[:, 1].tolist() == [8, 8]
    assert np.array_equal(pair.music.chords[0].nonzero()[0], [1, 5, 8])


def test_eight_bars_from_every_downbeat_with_so_many_left(source):
    music = read_music(music_path(source))
    assert music.windows.tolist() == [16 * bar for bar in range(BARS - 7)]
    assert music.irregular == 0


def test_a_window_with_an_odd_bar_inside_is_left_out(tmp_path):
    write_music(tmp_path / "001.npz", 1, bar_beats=(4,) * 8 + (2,) + (4,) * 8)
    music = read_music(tmp_path / "001.npz")
    # The public filter looks at the first bar alone; 2 of its 9 windows are clean.
    assert music.windows.tolist() == [0, 8 * 16 + 8]
    assert music.irregular == 7


def test_songs_without_one_window_have_none(tmp_path):
    write_music(tmp_path / "001.npz", 1, bars=7)
    assert len(read_music(tmp_path / "001.npz").windows) == 0


def test_tracks_of_equal_length_and_empty_ones_are_read(tmp_path):
    path = tmp_path / "001.npz"
    write_music(path, 1)
    with np.load(path, allow_pickle=True) as columns:
        kept = dict(columns)
    row = [0, 60, 4, 80, 0]
    np.savez(path, **kept | {"notes": np.array([[row], [row], [row]])})
    assert len(read_music(path).notes) == 3
    ragged = np.empty(3, object)
    ragged[:] = [[row], [], np.array([row, row])]
    np.savez(path, **kept | {"notes": ragged})
    assert read_music(path).notes[:, 4].tolist() == [0, 2, 2]


def test_features_are_stretched_by_index():
    frames = np.arange(10)[:, None] * np.ones(3)
    assert stretched(frames, 4)[:, 0].tolist() == [0, 2, 5, 7]
    assert stretched(frames, 20)[:, 0].tolist() == np.repeat(np.arange(10), 2).tolist()


def test_the_songs_that_the_paper_skips_are_skipped(source):
    write_pair(source, "034")
    (source / "detection/203_scenes.txt").write_text("0 9\n")
    found = find_pairs(source)
    assert [pair.song for pair in found.pairs] == ["001", "002"]
    assert found.skipped == ["034", "203"]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("POP909_4_bin_pnt_8bar/002.npz", "film 002 has no song"),
        ("new_raw_video_feats/002.pth", r"song 002 has no film \(new_raw_video_feats\)"),
        ("caption_feats/002.npy", r"song 002 has no film \(caption_feats\)"),
        ("detection/002_scenes.txt", r"song 002 has no film \(detection\)"),
    ],
)
def test_halves_of_pairs_are_named(source, missing, message):
    (source / missing).unlink()
    with pytest.raises(DatasetError, match=message):
        find_pairs(source)


def test_a_folder_of_something_else_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="new_raw_video_feats"):
        find_pairs(tmp_path)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (torch.zeros(5, 256), "must be frames x 512, but is 5 x 256"),
        (torch.zeros(512), "must be frames x 512, but is 512"),
        (torch.zeros(0, 512), "must be frames x 512"),
        (torch.full((5, 512), torch.nan), "no finite number"),
        (torch.zeros(5, 512, dtype=torch.complex64), "floating-point"),
        (torch.zeros(5, 512).to_sparse(), "dense"),
        ({"features": torch.zeros(5, 512)}, "no tensor but a dict"),
    ],
)
@pytest.mark.filterwarnings("ignore:Sparse invariant")
def test_wrong_visual_features_are_named(source, features, message):
    torch.save(features, source / "new_raw_video_feats/001.pth")
    with pytest.raises(DatasetError, match=f"001.pth.*{message}"):
        read_pair(find_pairs(source).pairs[0])


def test_wrong_language_features_are_named(source):
    np.save(source / "caption_feats/001.npy", np.zeros((5, 512), np.float32))
    with pytest.raises(DatasetError, match=r"001.npy: must be frames x 768, but is 5 x 512"):
        read_pair(find_pairs(source).pairs[0])


@pytest.mark.parametrize(
    "name",
    ["POP909_4_bin_pnt_8bar/001.npz", "new_raw_video_feats/001.pth", "caption_feats/001.npy"],
)
@pytest.mark.parametrize("share", [0.0, 0.5, 0.95])
def test_truncated_files_are_named(source, name, share):
    data = (source / name).read_bytes()
    (source / name).write_bytes(data[: int(len(data) * share)])
    with pytest.raises(DatasetError, match=f"{Path(name).name}: cannot be read safely"):
        read_pair(find_pairs(source).pairs[0])


class Hostile:
    """Its pickle asks for a file to be made."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.fixture
def marker(tmp_path):
    return tmp_path / "executed"


def test_nothing_in_a_song_is_executed(source, marker):
    replace_entry(music_path(source), "notes", pickled([Hostile(marker)] * 3))
    with pytest.raises(DatasetError, match="nothing in it was executed"):
        read_music(music_path(source))
    assert not marker.exists()


def test_nothing_in_features_is_executed(source, marker):
    torch.save({"features": Hostile(marker)}, source / "new_raw_video_feats/001.pth")
    with pytest.raises(DatasetError, match=r"001.pth.*nothing in it was executed"):
        read_pair(find_pairs(source).pairs[0])
    array = np.empty(1, object)
    array[0] = Hostile(marker)
    write_pair(source, "001")
    np.save(source / "caption_feats/001.npy", array, allow_pickle=True)
    with pytest.raises(DatasetError, match=r"001.npy.*nothing in it was executed"):
        read_pair(find_pairs(source).pairs[0])
    assert not marker.exists()


def test_a_pickle_that_unfolds_without_end_is_refused(source):
    row: list = [0] * 100
    for _ in range(6):
        row = [row] * 100
    replace_entry(music_path(source), "notes", pickled(row))
    with pytest.raises(DatasetError, match="nested"):
        read_music(music_path(source))


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("notes", np.zeros((2, 4, 5), int), "notes has 2 tracks, not 3"),
        ("notes", np.zeros((3, 4, 4), int), "5 whole numbers a row"),
        ("notes", np.full((3, 1, 5), 0.5), "5 whole numbers a row"),
        ("notes", np.full((3, 1, 5), 200), "outside the song or the keys"),
        ("db_pos", np.array([16, 0]), "no rising list of beats"),
        ("db_pos", np.array([0, 15]), "no rising list of beats"),
        ("db_pos_filter", np.array([True]), "no yes or no for each"),
        ("chord", np.zeros((48, 12)), "14 whole numbers a row"),
        ("chord", np.zeros((0, 14)), "chord has 0 beats"),
    ],
)
def test_songs_of_another_shape_are_named(source, name, value, message):
    path = music_path(source)
    with np.load(path, allow_pickle=True) as columns:
        changed = dict(columns) | {name: value}
    if name == "db_pos":
        changed["db_pos_filter"] = np.zeros(2, bool)
    np.savez(path, **changed)
    with pytest.raises(DatasetError, match=rf"001.npz: .*{message}"):
        read_music(path)


def test_a_missing_entry_is_named(source):
    path = music_path(source)
    with np.load(path, allow_pickle=True) as columns:
        kept = {name: value for name, value in columns.items() if name != "chord"}
    np.savez(path, **kept)
    with pytest.raises(DatasetError, match="has no chord"):
        read_music(path)


def test_a_film_without_a_shot_is_named(source):
    (source / "detection/001_scenes.txt").write_text("\n")
    with pytest.raises(DatasetError, match="has no shot"):
        read_pair(find_pairs(source).pairs[0])
