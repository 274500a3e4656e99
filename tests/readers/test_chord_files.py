"""Chords that a person wrote."""

import pytest

from diffbgm.errors import OptionError
from diffbgm.music.chord_plan import ChordPlan
from diffbgm.readers.chord_files import read_chords


def test_bars_are_read_and_remarks_left_out(tmp_path):
    path = tmp_path / "song.txt"
    path.write_text("# verse\nC | Am F | G\n# chorus\nF | C/E\n")
    plan = ChordPlan.from_text(read_chords(path))
    assert plan.to_text() == "C | Am F | G | F\nC/E\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"C | Hm", "'Hm' is no chord"), (b"# nothing\n", "found nothing"), (b"\xff\xfe", "as text")],
)
def test_what_holds_no_chords_is_named(tmp_path, content, reason):
    path = tmp_path / "song.txt"
    path.write_bytes(content)
    with pytest.raises(OptionError, match=rf"song\.txt.*{reason}"):
        read_chords(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(OptionError, match="nowhere"):
        read_chords(tmp_path / "nowhere.txt")
