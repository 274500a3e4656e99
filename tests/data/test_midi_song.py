import mido
import numpy as np
import pytest

from diffbgm.data.midi_song import check_midi, read_song
from diffbgm.errors import DatasetError
from diffbgm.music.harmony import Key
from tests.data.made_films import write_song

LONG = 1000.0  # seconds of film


def test_a_song_lies_on_its_own_grid(tmp_path):
    song = read_song(write_song(tmp_path / "song.mid", bars=8), LONG)
    assert song.beats == 32
    assert song.downbeats.tolist() == [0, 4, 8, 12, 16, 20, 24, 28]
    assert np.allclose(np.diff(song.beat_seconds), 0.25)
    assert song.off_grid == 0
    melody = song.notes[song.notes[:, 4] == 0]
    assert melody[:4, 0].tolist() == [0, 4, 8, 12]
    assert melody[:4, 2].tolist() == [69, 72, 76, 69]
    assert set(melody[:, 1]) == {2}
    # Drums are left out; all else that is not named is the piano's.
    assert set(song.notes[:, 4]) == {0, 2}
    assert 36 not in song.notes[:, 2]


def test_key_and_chords_are_heard(tmp_path):
    song = read_song(write_song(tmp_path / "song.mid", bars=8), LONG)
    assert song.key in (Key(9, minor=True), Key(0, minor=False))  # the same scale
    roots = song.chords[::4, 0].tolist()
    assert roots == [9, 5, 0, 7, 9, 5, 0, 7]
    assert song.chords[::4, 13].tolist() == roots
    assert np.flatnonzero(song.chords[0, 1:13]).tolist() == [0, 4, 9]  # A C E


def test_beats_follow_the_tempo_map(tmp_path):
    path = write_song(tmp_path / "song.mid", bars=8, second_tempo=(16, 60))
    seconds = read_song(path, LONG).beat_seconds
    assert seconds[16] == pytest.approx(4)
    assert seconds[32] == pytest.approx(4 + 16)


def test_a_song_ends_with_its_film(tmp_path):
    path = write_song(tmp_path / "song.mid", bars=16)
    song = read_song(path, 5.1)
    assert song.beats == 20
    assert song.notes[:, 0].max() < 80
    assert song.beat_seconds[-1] == pytest.approx(5)


@pytest.mark.parametrize(
    ("metre", "downbeats"),
    [((3, 4), [0, 3, 6]), ((6, 8), [0, 3, 6]), ((1, 4), [0, 4, 8]), (None, [0, 4, 8])],
)
def test_bars_are_those_of_the_time_signature(tmp_path, metre, downbeats):
    song = read_song(write_song(tmp_path / "song.mid", bars=8, metre=metre), LONG)
    assert song.downbeats[:3].tolist() == downbeats


def test_what_is_played_beside_the_grid_is_measured(tmp_path):
    song = read_song(write_song(tmp_path / "song.mid", bars=8, late_ticks=50), LONG)
    assert 0.05 < song.off_grid < 0.4


def test_seven_eighths_are_refused(tmp_path):
    with pytest.raises(DatasetError, match=r"odd\.mid: its bars are no whole numbers"):
        read_song(write_song(tmp_path / "odd.mid", bars=8, metre=(7, 8)), LONG)


@pytest.mark.parametrize(
    "content", [b"", b"MThd", b"RIFF and so on", b"MThd\0\0\0\6\0\1\0\1\1\xe0MTrk"]
)
def test_broken_files_are_named(tmp_path, content):
    path = tmp_path / "broken.mid"
    path.write_bytes(content)
    with pytest.raises(DatasetError, match=r"broken\.mid"):
        check_midi(path)


def test_a_file_of_drums_alone_is_refused(tmp_path):
    midi = mido.MidiFile()
    track = mido.MidiTrack()
    track.append(mido.Message("note_on", channel=9, note=36, velocity=80, time=0))
    track.append(mido.Message("note_off", channel=9, note=36, velocity=0, time=480))
    midi.tracks.append(track)
    midi.save(tmp_path / "drums.mid")
    with pytest.raises(DatasetError, match="no pitched note"):
        check_midi(tmp_path / "drums.mid")


def test_a_song_that_begins_after_its_film_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="beats while its film lasts"):
        read_song(write_song(tmp_path / "song.mid", bars=8), 0.1)
