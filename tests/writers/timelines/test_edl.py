"""EDLs: every line of the editor's stays, and the music follows as events of its own."""

import re
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.timelines.conversion import converted
from diffbgm.writers.timelines.edl import fresh, with_music
from diffbgm.writers.timelines.media import Relinked
from tests.writers.timelines.made_edits import made_edit, made_full_edit, read_made_edit
from tests.writers.timelines.made_music import music_for

SAME = Relinked(Path(), Path())
CUT = (
    "TITLE: Final\r\nFCM: NON-DROP FRAME\r\n\r\n"
    "001  A001     V     C        01:00:01:00 01:00:03:00 10:00:00:00 10:00:02:00\r\n"
    "* FROM CLIP NAME: beach.mov\r\n* MY NOTE: caf\xe9\r\n"
    "002  A001     AA    C        01:00:01:00 01:00:03:00 10:00:00:00 10:00:02:00\r\n"
    "003  A002     V     D    012 01:00:05:00 01:00:06:00 10:00:02:00 10:00:03:00\r\n"
    "M2   A002       050.0                01:00:05:00\r\n"
).encode("latin-1")
SHOTS = Timeline(Fraction(25), (Shot(0, 0, 50), Shot(1, 50, 75)))


def record(text: str) -> list[tuple[str, str, str]]:
    """Channel, in and out of every event."""
    found = re.findall(r"^\d+ +\S+ +(\S+) .* (\S+) (\S+)\r?$", text, re.MULTILINE)
    return [(channel, start, end) for channel, start, end in found]


def test_every_line_stays_and_music_follows_on_a_channel_that_is_free():
    text = with_music(CUT, music_for(SHOTS), None, SAME)
    assert text.startswith(CUT)
    added = text[len(CUT) :].decode()
    assert record(added) == [
        ("A3", "10:00:00:00", "10:00:02:00"),
        ("A3", "10:00:02:00", "10:00:03:00"),
    ]
    assert added.startswith("004  ")
    assert "* SOURCE FILE: shots/001.wav\r\n" in added
    assert "* LOC: 10:00:01:00 GREEN   downbeat +0.10\r\n" in added


def test_stems_begin_in_their_files_where_the_shot_does():
    text = with_music(CUT, music_for(SHOTS, ("keys", "bass")), None, SAME)
    added = text[len(CUT) :].decode()
    assert [channel for channel, _, _ in record(added)] == ["A3", "A3", "A4", "A4"]
    assert "C        00:00:02:00 00:00:03:00 10:00:02:00 10:00:03:00" in added


def test_drop_frame_stays_drop_frame():
    rate = Fraction(30_000, 1001)
    cut = (
        "TITLE: x\nFCM: DROP FRAME\n"
        "001  AX  V  C  00:00:00;00 00:01:10;02 01:00:00;00 01:01:10;02\n"
    )
    timeline = Timeline(rate, (Shot(0, 0, 1800), Shot(1, 1800, 2100)))
    added = with_music(cut.encode(), music_for(timeline), None, SAME)[len(cut) :].decode()
    assert record(added) == [
        ("A", "01:00:00;00", "01:01:00;02"),
        ("A", "01:01:00;02", "01:01:10;02"),
    ]


def test_opentimelineio_reads_picture_and_music_back():
    text = with_music(CUT, music_for(SHOTS), None, SAME).decode("latin-1")
    edit = otio.adapters.read_from_string(text, "cmx_3600", rate=25)
    music = next(track for track in edit.tracks if track.name == "A3")
    assert [clip.name for clip in music.find_clips()] == ["BGM 1", "BGM 2"]
    assert [clip.duration().value for clip in music.find_clips()] == [50, 25]


def test_an_edit_of_another_format_becomes_a_list(tmp_path: Path):
    timeline = read_made_edit(tmp_path)
    whole = converted(made_edit(tmp_path), timeline.frame_rate, 100, timeline.document)
    path = tmp_path / "new.edl"
    path.write_bytes(with_music(fresh(whole), music_for(timeline), None, SAME))
    read = read_timeline(path)
    assert read.cuts == timeline.cuts
    assert [shot.media for shot in read.shots] == [shot.media for shot in timeline.shots]


def test_dissolves_become_events_that_begin_with_them(tmp_path: Path):
    edit = made_full_edit(tmp_path)
    text = fresh(converted(edit, Fraction(25), 100, None)).decode()
    assert re.findall(r"^(\d+)  (\S+) +(\S+) +(C|D    \d+) +(.*)$", text, re.MULTILINE) == [
        ("001", "AX", "V", "C", "00:00:00:10 00:00:01:20 01:00:00:00 01:00:01:10"),
        ("002", "AX", "V", "C", "00:00:02:00 00:00:02:00 01:00:01:10 01:00:01:10"),
        ("002", "AX", "V", "D    010", "00:00:00:15 00:00:01:05 01:00:01:10 01:00:02:00"),
        ("003", "BL", "V", "C", "00:00:00:00 00:00:00:10 01:00:02:00 01:00:02:10"),
        ("004", "AX", "V", "C", "00:00:01:15 00:00:02:00 01:00:02:10 01:00:02:20"),
        ("005", "AX", "V", "C", "00:00:01:15 00:00:02:20 01:00:02:20 01:00:04:00"),
        ("006", "AX", "A", "C", "00:00:00:10 00:00:01:21 01:00:00:10 01:00:01:21"),
        ("007", "AX", "A", "C", "00:00:02:00 00:00:02:00 01:00:01:21 01:00:01:21"),
        ("007", "AX", "A", "D    008", "00:00:00:06 00:00:02:10 01:00:01:21 01:00:04:00"),
    ]
    assert "* FROM CLIP NAME: a.mp4\n* TO CLIP NAME: b.mp4" in text


def test_a_list_without_events_says_so():
    with pytest.raises(TimelineError, match="no events"):
        with_music(b"TITLE: nothing\n", music_for(SHOTS), None, SAME)
