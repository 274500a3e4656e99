"""Files of dialogue: what they list, and the errors for broken ones."""

from pathlib import Path

import pytest

from diffbgm.dialogue import Dialogue
from diffbgm.errors import OptionError
from diffbgm.readers.subtitles import read_dialogue

SRT = """\ufeff1
00:00:01,500 --> 00:00:03,250
Wait for me.

2
01:00:10,000 --> 01:00:12,000 X1:40 Y1:20
- 5 --- 6?
"""
VTT = """WEBVTT

00:01.500 --> 00:03.250 align:start
Wait for me.

01:00:10.000 --> 01:00:12.000
Yes.
"""
CSV = "start,end,who\n1.5,3.25,Anna\n\n3610,3612,Ben\n"
JSON = "[[1.5, 3.25], [3610, 3612]]"


@pytest.mark.parametrize(
    ("name", "text"), [("a.srt", SRT), ("a.VTT", VTT), ("a.csv", CSV), ("a.json", JSON)]
)
def test_all_kinds_tell_the_same(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, "utf-8")
    assert read_dialogue(tmp_path / name) == ((1.5, 3.25), (3610.0, 3612.0))


def test_words_in_another_encoding_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.srt").write_bytes("1\r\n00:00:01,0 --> 00:00:02,0\r\nÜber\r\n".encode("latin-1"))
    assert read_dialogue(tmp_path / "a.srt") == ((1.0, 2.0),)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.srt", "1\n00:00:01,000 -> 00:00:02,000\n", "has no times"),
        ("a.srt", "1\n00:00:01 --> soon\n", "line 2 is no pair of times"),
        ("a.srt", "1\n00:00:03,000 --> 00:00:02,000\n", "line 2: .* start before end"),
        ("a.srt", "", "has no times"),
        ("a.csv", "start,end\n1,x\n", "line 2 is no start,end"),
        ("a.csv", "1,nan\n", "line 1: .* seconds"),
        ("a.csv", "-1,2\n", "line 1: "),
        ("a.json", "[[1, 2]", "not valid JSON"),
        ("a.json", '[{"start": 1}]', "must be"),
        ("a.json", "[[2, 1]]", "start before end"),
        ("a.txt", "1 2", "no dialogue file"),
    ],
)
def test_a_broken_file_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(OptionError, match=message) as caught:
        read_dialogue(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_film_are_no_dialogue(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="cannot be read"):
        read_dialogue(tmp_path / "none.srt")
    (tmp_path / "film.srt").write_bytes(bytes(range(256)) * 9)
    with pytest.raises(OptionError, match="has no times"):
        read_dialogue(tmp_path / "film.srt")


def test_short_pauses_are_bridged_and_the_film_ends_the_last_span() -> None:
    spans = [(8.0, 9.0), (1.0, 2.0), (3.0, 4.0), (9.0, 30.0), (40.0, 50.0)]
    assert Dialogue.joined(spans, 20.0).spans == ((1.0, 4.0), (8.0, 20.0))
    assert Dialogue.joined([], 20.0).spans == ()


def test_the_dialogue_of_another_film() -> None:
    with pytest.raises(OptionError, match="another film"):
        Dialogue.joined([(3600.0, 3605.0)], 90.0)


def test_how_much_is_spoken() -> None:
    dialogue = Dialogue(((1.0, 2.0), (4.0, 8.0)))
    assert dialogue.overlap(1.5, 5.0) == pytest.approx(1.5)
    assert dialogue.overlap(2.0, 4.0) == 0
