"""Which songs are measured, from either kind of source."""

import numpy as np
import pytest

from diffbgm.data.prepare_pop909 import prepare_sections
from diffbgm.errors import DatasetError, OptionError
from diffbgm.evaluation.songs import read_set, training_windows, wanted_songs
from tests.data.made_song import write_song, write_structure
from tests.training.made_set import section, song_of


@pytest.fixture
def prepared(tmp_path):
    path = tmp_path / "made.npz"
    own = [section("9001", 40), section("9002", 20), section(song_of("test"), 16)]
    prepare_sections(own).save(path)
    return path


@pytest.fixture
def listed(tmp_path):
    def write(text):
        path = tmp_path / "songs.txt"
        path.write_text(text)
        return str(path)

    return write


def test_a_list_names_songs_of_a_prepared_file(prepared, listed):
    found = read_set(prepared, listed("9001\n7\n"))
    assert set(found.prepared.songs) == {"9001"}
    assert found.left_out == {"007": "not in made.npz"}


def test_a_split_names_songs(prepared):
    found = read_set(prepared, "test")
    assert found.prepared.songs.tolist() == [song_of("test")]


def test_published_folders_are_prepared_on_the_fly(tmp_path, listed):
    for number in ("001", "002", "003"):
        write_song(tmp_path, number)
        write_structure(tmp_path, number)
    write_song(tmp_path, "004", beats_per_bar=3, bars=32)
    found = read_set(tmp_path, listed("1\n2\n4\n5\n"))
    assert found.prepared.songs.tolist() == ["001", "002"]
    assert found.left_out == {"004": "triple metre", "005": f"not in {tmp_path.name}"}
    assert [(w.section, w.bar) for w in found.windows(2)] == [(0, 0), (1, 0)]


def test_windows_overlap_only_where_songs_are_too_few(prepared, listed):
    found = read_set(prepared, listed("9001 9002"))
    assert [(w.section, w.bar) for w in found.windows(3)] == [(0, 0), (0, 16), (1, 0)]
    assert len(found.windows(10)) == 10
    assert len(found.windows(1000)) == 25 + 5  # one from every bar


def test_a_window_is_what_was_played_there(prepared, listed):
    found = read_set(prepared, listed("9001"))
    window = found.windows(2)[1]
    notes = found.prepared.section_notes(0)
    own = notes[(notes[:, 0] >= 16 * 16) & (notes[:, 0] < 32 * 16)]
    roll = found.roll(window)
    assert roll.shape == (256, 3, 88)
    struck = np.argwhere((roll > 0) & (roll < 128))
    assert (struck[:, 0] + 256).tolist() == own[:, 0].tolist()
    assert found.beats(window) == slice(64, 128)


def test_copies_are_sought_in_training_songs_alone(prepared):
    whole = read_set(prepared, "test").prepared
    assert training_windows(whole, set()) == []
    from diffbgm.data.prepared import load_prepared

    windows = training_windows(load_prepared(prepared), {"9002"})
    assert len(windows) == 40 - 8 + 1
    assert {window.bars for window in windows} == {8}


@pytest.mark.parametrize(
    ("text", "message"), [("", "holds nothing"), ("001\nabc\n", "holds 'abc', not song numbers")]
)
def test_lists_of_something_else_are_named(listed, text, message):
    with pytest.raises(OptionError, match=message):
        wanted_songs(listed(text))


def test_what_is_nowhere_is_named(prepared, listed, tmp_path):
    with pytest.raises(OptionError, match="mystery is neither a split"):
        read_set(prepared, "mystery")
    with pytest.raises(DatasetError, match="none of the 1 songs"):
        read_set(prepared, listed("123"))
    with pytest.raises(DatasetError, match="POP909-Dataset"):
        read_set(tmp_path, listed("123"))
    with pytest.raises(DatasetError, match="16 bars"):
        prepare_sections([section("9001", 8)]).save(tmp_path / "short.npz")
        read_set(tmp_path / "short.npz", listed("9001")).windows(1)
