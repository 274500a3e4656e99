import json

import numpy as np
import pytest

from diffbgm.data.pop909 import read_song, song_folders, structure_folders
from diffbgm.data.prepare import prepare_pop909
from diffbgm.data.prepared import load_prepared
from diffbgm.errors import DatasetError
from tests.data.made_song import write_song, write_structure


def test_bars_begin_where_the_labelled_melody_says(tmp_path):
    folder = write_song(tmp_path, "001", pickup_beats=2, labelled_downbeat=1)
    report = read_song(folder, write_structure(tmp_path, "001"))
    assert report.phase_source == "melody"
    assert report.phase_moved_beats == 1
    (section,) = report.sections
    assert section.bars == 20
    # A melody without rests: its first note is the first of the section.
    assert section.notes[section.notes[:, 4] == 0][:3, 0].tolist() == [0, 2, 4]
    assert section.phrase_starts.tolist() == [0, 16, 48]


def test_without_labels_the_downbeats_of_the_midi_are_taken(tmp_path):
    report = read_song(write_song(tmp_path, "002", pickup_beats=1, labelled_downbeat=1), None)
    assert report.phase_source == "beat_midi"
    assert report.phase_moved_beats == 0
    assert len(report.sections[0].phrase_starts) == 0


def test_velocities_and_tracks_are_kept(tmp_path):
    (section,) = read_song(write_song(tmp_path, "003"), None).sections
    assert set(section.notes[:, 3]) == {80}
    assert set(section.notes[:, 4]) == {0, 2}


@pytest.mark.parametrize(
    ("defect", "reason"),
    [
        ({"beats_per_bar": 3, "bars": 32}, "triple metre"),
        ({"swing": 1 / 6}, "triplet feel"),
        ({"jitter_seconds": 0.12}, "loose timing"),
        ({"bars": 7}, "no notes or no beats"),
    ],
)
def test_unsuitable_songs_are_left_out_by_measurement(tmp_path, defect, reason):
    assert read_song(write_song(tmp_path, "004", **defect), None).rejected == reason


def test_a_song_that_cannot_be_read_is_counted_not_fatal(tmp_path):
    folder = write_song(tmp_path, "005")
    (folder / "005.mid").write_bytes(b"MThd, but not for long")
    assert read_song(folder, None).rejected == "unreadable"


def test_prepare_writes_one_file_and_a_report(tmp_path):
    for number in ("001", "002", "003"):
        write_song(tmp_path, number)
        write_structure(tmp_path, number)
    write_song(tmp_path, "004", beats_per_bar=3, bars=32)
    target = tmp_path / "out" / "pop909.npz"
    summary = prepare_pop909(tmp_path, target)
    prepared = load_prepared(target)
    assert summary["songs_used"] == 3
    assert summary["rejected_songs"] == {"004": "triple metre"}
    assert json.loads(target.with_suffix(".report.json").read_text()) == summary
    assert len(prepared) == 3
    assert prepared.dynamic.shape == (3 * 20 * 4, 6)
    assert prepared.semantic.shape == (3 * 20 * 4, 3)
    assert (prepared.key_signature == 0).mean() > 0.9  # all on the white keys
    assert prepared.phrase_start.sum() == 3 * 3
    rows = prepared.section_notes(1)
    assert rows[:, 0].min() == 0
    assert rows[:, 0].max() < 20 * 16


def test_real_songs_as_published(tmp_path, pop909_archive):
    import tarfile

    with tarfile.open(pop909_archive) as archive:
        wanted = [m for m in archive.getmembers() if "/POP909/00" in m.name]
        archive.extractall(tmp_path, wanted, filter="data")
    folders = song_folders(tmp_path)
    assert [folder.name for folder in folders][:3] == ["001", "002", "003"]
    report = read_song(folders[0], None)
    assert report.rejected is None
    section = report.sections[0]
    assert section.bars > 60
    onsets = np.bincount(section.notes[:, 0] % 16, minlength=16)
    assert onsets[0] == onsets.max()  # most notes begin on the downbeat


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="POP909-Dataset"):
        song_folders(tmp_path)
    assert structure_folders(tmp_path) == {}


def test_another_file_is_no_prepared_set(tmp_path):
    path = tmp_path / "notes.npz"
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(DatasetError, match="diffbgm prepare"):
        load_prepared(path)
