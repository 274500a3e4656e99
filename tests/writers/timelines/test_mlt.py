"""Projects of Shotcut and Kdenlive: what the editor made stays, and melt plays the music."""

import shutil
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from lxml import etree

from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.timelines import mlt, mlt_fresh
from diffbgm.writers.timelines.conversion import converted
from diffbgm.writers.timelines.media import Relinked
from tests.melt import rendered
from tests.readers.made_media import make_medium
from tests.writers.timelines.made_edits import made_edit, read_made_edit
from tests.writers.timelines.made_music import music_for, write_sounds

FRESH = {".mlt": mlt_fresh.shotcut, ".kdenlive": mlt_fresh.kdenlive}
both = pytest.mark.parametrize("suffix", FRESH)


def project(folder: Path, suffix: str, timeline: Timeline) -> bytes:
    """The made edit as a project, without music."""
    edit = made_edit(folder)
    return FRESH[suffix](converted(edit, timeline.frame_rate, timeline.frames, timeline.document))


def without_music(root: etree._Element) -> None:
    """Take out all that is marked as ours."""
    for each in list(root.iter()):
        ids = (each.get("id") or "", each.get("producer") or "")
        is_marker = (each.get("name") or "").endswith((":markers", ".guides"))
        if is_marker or any(name.startswith("bgm") for name in ids):
            each.getparent().remove(each)


@both
def test_all_of_the_editors_comes_back(tmp_path: Path, suffix: str):
    timeline = read_made_edit(tmp_path)
    original = project(tmp_path, suffix, timeline).replace(
        b"<profile", b"<!-- of mine -->\n  <profile"
    )
    music = music_for(timeline, ("keys", "bass"))
    text = mlt.with_music(original, music, None, Relinked(tmp_path, tmp_path))
    before, after = etree.fromstring(original), etree.fromstring(text)
    assert len(list(after.iter("entry"))) > len(list(before.iter("entry"))) + 7
    for root in (before, after):
        without_music(root)
    parts = [
        [(each.tag, dict(each.attrib), (each.text or "").strip()) for each in root.iter()]
        for root in (before, after)
    ]
    assert parts[0] == parts[1]


@both
def test_markers_are_added_to_the_editors(tmp_path: Path, suffix: str):
    timeline = read_made_edit(tmp_path)
    original = project(tmp_path, suffix, timeline)
    text = mlt.with_music(original, music_for(timeline), None, Relinked(tmp_path, tmp_path))
    for name in (b"check this", b"section A", b"downbeat +0.10"):
        assert name in text


@both
@pytest.mark.parametrize("rate", [Fraction(25), Fraction(24000, 1001), Fraction(30)])
def test_melt_plays_the_music_in_its_place(tmp_path: Path, suffix: str, rate: Fraction):
    edges = (0, 17, 40, 61)
    timeline = Timeline(rate, tuple(Shot(i, a, b) for i, (a, b) in enumerate(pairwise(edges))))
    music = music_for(timeline)
    samples = write_sounds(tmp_path, music)
    edit = made_edit(tmp_path)
    edit.tracks.clear()
    fresh = FRESH[suffix](converted(edit, rate, 61, None))
    path = tmp_path / f"timeline{suffix}"
    path.write_bytes(mlt.with_music(fresh, music, None, Relinked(tmp_path, tmp_path)))
    moved = tmp_path / "moved"
    moved.mkdir()
    for each in (path, tmp_path / "shots"):
        shutil.move(each, moved)
    played = rendered(moved / path.name)
    assert abs(len(played) - len(samples)) <= 1
    length = min(len(played), len(samples))
    assert np.abs(played[:length, 0] - samples[:length]).max() < 2 / 2**15


def test_a_project_of_shotcut_is_read(tmp_path: Path):
    timeline = read_made_edit(tmp_path)
    path = tmp_path / "cut.mlt"
    path.write_bytes(project(tmp_path, ".mlt", timeline))
    read = read_timeline(path)
    assert read == timeline


def test_a_transition_is_a_cut_in_its_middle(tmp_path: Path):
    for name in "ab":
        make_medium(tmp_path / f"{name}.mp4", seconds=4)
    path = tmp_path / "cut.mlt"
    path.write_text(SHOTCUT_MIX)
    shots = read_timeline(path).shots
    found = [(s.start_frame, s.media and (s.media.path.stem, s.media.start * 25)) for s in shots]
    assert found == [(0, ("a", 10)), (45, ("b", 25)), (75, None), (85, ("a", 0))]


SHOTCUT_MIX = """<mlt version="7.12.0" producer="main_bin">
 <profile frame_rate_num="25" frame_rate_den="1"/>
 <chain id="a" out="00:00:03.960"><property name="resource">a.mp4</property>
  <property name="mlt_service">avformat-novalidate</property></chain>
 <chain id="b" out="00:00:03.960"><property name="resource">b.mp4</property></chain>
 <tractor id="mix" in="0" out="9"><track producer="a" in="50" out="59"/>
  <track producer="b" in="20" out="29"/></tractor>
 <producer id="black"><property name="mlt_service">color</property></producer>
 <playlist id="background"><entry producer="black" in="0" out="99"/></playlist>
 <playlist id="playlist0"><property name="shotcut:name">V1</property>
  <entry producer="a" in="00:00:00.400" out="00:00:01.960"/><entry producer="mix" in="0" out="9"/>
  <entry producer="b" in="30" out="54"/><blank length="00:00:00.400"/>
  <entry producer="a" in="0" out="24"/></playlist>
 <tractor id="tractor0" title="cut"><track producer="background"/><track producer="playlist0"/>
 </tractor></mlt>"""
