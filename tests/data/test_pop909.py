import json

import numpy as np
import pytest

from diffbgm.data.pop909 import read_song, song_folders, structure_folders
from diffbgm.data.prepare_pop909 import prepare_pop909, prepare_sections
from diffbgm.data.prepared import join, load_prepared
from diffbgm.errors import DatasetError
from tests.data.made_song import write_song, write_structure
from tests.training.made_set import section


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


def test_chords_lie_under_the_beats_of_corrected_bars(tmp_path):
    folder = write_song(tmp_path, "006", pickup_beats=1)
    # Half a second a beat: the pick-up, a bar of C, a bar of A minor over C, then nothing named.
    (folder / "chord_midi.txt").write_text("0 0.5 N\n0.5 2.5 C:maj\n2.5 4.5 A:min/b3\n4.5 99 N\n")
    (section,) = read_song(folder, write_structure(tmp_path, "006")).sections
    assert section.chords[:9, 0].tolist() == [0] * 4 + [9] * 4 + [-1]
    assert section.chords[4, -1] == 0
    assert set(section.chords[4, 1:13].nonzero()[0]) == {9, 0, 4}


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
    assert summary["rejected_songs"] == {"triple metre": ["004"]}
    assert list(summary["compared_with_lists"]["triple metre"]["only_measured"]) == ["004"]
    assert json.loads(target.with_suffix(".report.json").read_text()) == summary
    assert len(prepared) == 3
    assert prepared.dynamic.shape == (3 * 20 * 4, 6)
    assert prepared.semantic.shape == (3 * 20 * 4, 3)
    assert (prepared.key_signature == 0).mean() > 0.9  # all on the white keys
    assert prepared.phrase_start.sum() == 3 * 3
    rows = prepared.section_notes(1)
    assert rows[:, 0].min() == 0
    assert rows[:, 0].max() < 20 * 16
    assert sorted(path.name for path in target.parent.iterdir()) == [
        "pop909.npz",
        "pop909.report.json",
    ]


class KilledError(Exception):
    """Stands for whatever ends a run in the middle."""


def test_a_run_that_was_stopped_goes_on_where_it_was(tmp_path):
    for number in ("001", "002", "003"):
        write_song(tmp_path, number)

    def stop(fraction):
        if fraction == 1:
            raise KilledError

    with pytest.raises(KilledError):
        prepare_pop909(tmp_path, tmp_path / "set.npz", stop)
    assert not (tmp_path / "set.npz").exists()
    parts = {path: path.stat().st_mtime_ns for path in tmp_path.glob(".set.npz.parts/*.npz")}
    assert len(parts) == 3
    # A part whose song has changed since is read again; the others are not.
    write_song(tmp_path / "changed", "002", bars=24)
    (tmp_path / "changed/POP909/002/002.mid").replace(tmp_path / "POP909/002/002.mid")
    (tmp_path / "changed/POP909/002/beat_midi.txt").replace(tmp_path / "POP909/002/beat_midi.txt")
    with pytest.raises(KilledError):
        prepare_pop909(tmp_path, tmp_path / "set.npz", stop)
    again = {path: path.stat().st_mtime_ns for path in parts}
    assert [path.stem for path in parts if parts[path] != again[path]] == ["002"]
    summary = prepare_pop909(tmp_path, tmp_path / "set.npz")
    assert summary["songs_used"] == 3
    assert summary["bars"] == 20 + 24 + 20


def test_a_list_made_by_hand_is_explained_song_by_song(tmp_path):
    for number, defect in (("034", {}), ("062", {"swing": 1 / 6})):
        write_song(tmp_path, number, **defect)
    write_song(tmp_path, "102", beats_per_bar=3, bars=32)
    compared = prepare_pop909(tmp_path, tmp_path / "set.npz")["compared_with_lists"]
    triple = compared["triple metre"]
    assert (triple["listed"], triple["agreed"]) == (3, 1)
    assert triple["only_listed"]["034"].startswith("used: measures -")
    assert triple["only_listed"]["062"].startswith("left out before that: triplet feel measures")


def test_sets_are_joined_and_taken_apart(tmp_path):
    prepared = prepare_sections([section("9001", bars=8), section("9002", bars=12)])
    again = join([prepared.section(0), prepared.section(1)])
    for name, column in vars(prepared).items():
        assert np.array_equal(column, getattr(again, name)), name


def test_a_folder_whose_songs_are_all_unsuitable_is_refused(tmp_path):
    write_song(tmp_path, "004", beats_per_bar=3, bars=32)
    with pytest.raises(DatasetError, match="none of its 1 songs"):
        prepare_pop909(tmp_path, tmp_path / "set.npz")


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
