"""EDLs as programs write them: encodings, keys, wipes, orders; and what is said of broken ones."""

from fractions import Fraction
from pathlib import Path

import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline_cuts
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.timelines.edl import with_music, without_music
from diffbgm.writers.timelines.media import Relinked
from tests.writers.timelines.made_music import music_for

HEAD = "TITLE: x\nFCM: NON-DROP FRAME\n\n"
ONE = (
    "001  AX       V     C        00:00:00:00 00:00:02:00 01:00:00:00 01:00:02:00\n"
    "* FROM CLIP NAME: d\xe9j\xe0 \u2013 vu.mp4\n"
)
TWO = "002  AX       V     C        00:00:01:00 00:00:03:00 01:00:02:00 01:00:04:00\n"
NONE = "002  AX       V     C        00:00:02:00 00:00:02:00 01:00:02:00 01:00:02:00\n"
KEY = TWO.replace(" C  ", " K  ")
LISTS = {
    "plain": HEAD + ONE + TWO,
    "without a mode": ONE + TWO,
    "carriage returns": (HEAD + ONE + TWO).replace("\n", "\r"),
    "both ends of lines": (HEAD + ONE + TWO).replace("\n", "\r\n"),
    "in the order of sources": HEAD + TWO + ONE,
    "a key over the second": HEAD
    + ONE
    + TWO.replace(" C  ", " K B")
    + KEY
    + "* KEY CLIP NAME: t\n",
    "a key of 12 frames": HEAD + ONE + TWO.replace(" C       ", " K B  012") + KEY,
    "a track of its own": HEAD + ONE + TWO.replace(" V ", " V2"),
    "sound and picture": HEAD + ONE.replace(" V   ", " AA/V") + TWO.replace(" V ", " B "),
    "statements": HEAD + ">>> SOURCE\n" + ONE + "AUD  3 4\nSPLIT: AUDIO DELAY= 00:00:00:05\n" + TWO,
    "a long reel": HEAD + ONE.replace("AX      ", "A_LONG_NAME.OF_A_REEL") + TWO,
}


def shown(path: Path) -> list[tuple[int, int]]:
    return [(s.start_frame, s.end_frame) for s in read_timeline_cuts(path, 25).shots]


@pytest.mark.parametrize("name", LISTS)
def test_what_programs_write_is_read(tmp_path: Path, name: str):
    path = tmp_path / "edit.edl"
    path.write_bytes(LISTS[name].encode())
    assert shown(path) == [(0, 50), (50, 100)]


def test_a_wipe_is_a_cut_in_its_middle(tmp_path: Path):
    path = tmp_path / "edit.edl"
    path.write_text(HEAD + ONE + NONE + TWO.replace("C       ", "W001 010"))
    assert shown(path) == [(0, 55), (55, 100)]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_music_is_put_in_in_the_encoding_of_the_list(tmp_path: Path, encoding: str):
    text = (HEAD + ONE.replace("\u2013", "-") + TWO).encode(encoding)
    path = tmp_path / "edit.edl"
    path.write_bytes(text)
    assert shown(path) == [(0, 50), (50, 100)]
    film = Timeline(Fraction(25), (Shot(0, 0, 50), Shot(1, 50, 100)))
    scored = with_music(text, music_for(film), None, Relinked(tmp_path, tmp_path))
    assert scored.startswith(text)
    assert "* SOURCE FILE: shots/001.wav" in scored.decode(encoding)
    assert without_music(scored) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            ONE + NONE.replace("002", "001") + TWO.replace("C       ", "D    010"),
            "line 7: event 002",
        ),
        (ONE + TWO.replace("00:00:03:00", "00:00:03:05"), "line 6: event 002 lasts 55 frames"),
        (ONE + TWO.replace("01:00:02:00", "01:00:01:00"), "line 6: event 002 lasts 50"),
        (ONE + TWO.replace("01:00:04:00", "01:00:01:00"), "record timecodes that end before"),
        (ONE + NONE.replace("C   ", "    "), "line 6 is no event"),
        (ONE + TWO.replace("02:00 01:00:04", "01:00 01:00:03"), "begins before event 001 ends"),
        ("", "has no events"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path: Path, text: str, said: str):
    path = tmp_path / "edit.edl"
    path.write_text(HEAD + text)
    with pytest.raises(TimelineError, match=said) as caught:
        read_timeline_cuts(path, 25)
    assert "RationalTime" not in str(caught.value)
