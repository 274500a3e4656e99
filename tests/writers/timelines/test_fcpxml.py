"""Documents of Final Cut Pro X: what the editor made stays, and Final Cut's order is kept."""
# pyright: reportOptionalMemberAccess=false

from fractions import Fraction
from pathlib import Path

import pytest
from lxml import etree

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.timelines.conversion import converted
from diffbgm.writers.timelines.fcpxml import seconds_of, with_music
from diffbgm.writers.timelines.fcpxml_fresh import fcpxml
from diffbgm.writers.timelines.media import Relinked
from tests.writers.timelines.made_edits import made_edit, made_full_edit, read_made_edit
from tests.writers.timelines.made_music import music_for

HERE = Path(__file__).parent
CUT = HERE / "cut.fcpxml"
NTSC = Fraction(30_000, 1001)
SHOTS = Timeline(NTSC, (Shot(0, 0, 30), Shot(1, 30, 60), Shot(2, 60, 90)))
SAME = Relinked(HERE, HERE)


@pytest.fixture(scope="module")
def dtd() -> etree.DTD:
    return etree.DTD(str(HERE / "fcpxml_subset.dtd"))


def music_clips(root: etree._Element) -> list[etree._Element]:
    return [each for each in root.iter("asset-clip") if each.get("audioRole") == "music"]


def time_in_edit(clip: etree._Element) -> Fraction:
    """Seconds from the beginning of the edit at which a connected clip begins."""
    holder = clip.getparent()
    sequence = next(holder.iterancestors("sequence"))
    local = seconds_of(clip.get("offset")) - seconds_of(holder.get("start"))
    return local + seconds_of(holder.get("offset")) - seconds_of(sequence.get("tcStart"))


def test_all_of_the_editors_comes_back(dtd: etree.DTD):
    original = CUT.read_bytes()
    text = with_music(original, music_for(SHOTS, ("keys", "bass")), "Final", SAME)
    assert b"<!DOCTYPE fcpxml>" in text and b"<!-- as an editor writes it -->" in text
    root = etree.fromstring(text)
    assert dtd.validate(root), dtd.error_log
    clips = music_clips(root)
    assert len(clips) == 6
    for asset in [e for e in root.iter("asset") if e.get("audioRate")]:
        asset.getparent().remove(asset)
    for clip in clips:
        clip.getparent().remove(clip)
    parts = [
        [(each.tag, dict(each.attrib), (each.text or "").strip()) for each in one.iter()]
        for one in (root, etree.fromstring(original))
    ]
    assert parts[0] == parts[1]


def test_music_is_connected_where_its_shot_begins():
    root = etree.fromstring(with_music(CUT.read_bytes(), music_for(SHOTS), "Final", SAME))
    clips = music_clips(root)
    assert [time_in_edit(clip) * NTSC for clip in clips] == [0, 30, 60]
    assert [clip.getparent().tag for clip in clips] == ["asset-clip", "ref-clip", "gap"]
    assert [seconds_of(clip.get("duration")) * NTSC for clip in clips] == [30, 30, 30]
    assert all(clip.xpath("string(ancestor::project/@name)") == "Final" for clip in clips)
    assets = {each.get("id"): each for each in root.iter("asset")}
    sources = [assets[clip.get("ref")].find("media-rep").get("src") for clip in clips]
    assert sources == ["shots/000.wav", "shots/001.wav", "shots/002.wav"]
    assert [each.get("value") for each in root.iter("marker")] == [
        "section A",
        "downbeat +0.10",
        "wave",
    ]


def test_older_versions_name_media_by_an_attribute():
    text = CUT.read_bytes().replace(b'version="1.10"', b'version="1.8"')
    root = etree.fromstring(with_music(text, music_for(SHOTS), "Final", SAME))
    sounds = [each for each in root.iter("asset") if each.get("audioRate")]
    assert [each.get("src") for each in sounds] == [f"shots/00{i}.wav" for i in range(3)]
    assert not any(each.find("media-rep") is not None for each in sounds)


def test_an_edit_of_another_format_becomes_a_valid_document(tmp_path: Path, dtd: etree.DTD):
    timeline = read_made_edit(tmp_path)
    whole = converted(made_edit(tmp_path), timeline.frame_rate, 100, timeline.document)
    text = with_music(fcpxml(whole), music_for(timeline), None, Relinked(tmp_path, tmp_path))
    root = etree.fromstring(text)
    assert dtd.validate(root), dtd.error_log
    assert [time_in_edit(clip) * 25 for clip in music_clips(root)] == [0, 25, 50, 75]
    (tmp_path / "edit.fcpxml").write_bytes(text)
    assert read_timeline(tmp_path / "edit.fcpxml").cuts == timeline.cuts
    values = [each.get("value") for each in root.iter("marker")]
    assert "check this" in values


def test_titles_transitions_and_what_is_disabled_have_final_cuts_own_forms(
    tmp_path: Path, dtd: etree.DTD
):
    (tmp_path / "edit.otio").write_text(made_full_edit(tmp_path).to_json_string())
    timeline = read_timeline(tmp_path / "edit.otio")
    whole = converted(made_full_edit(tmp_path), timeline.frame_rate, 100, timeline.document)
    root = etree.fromstring(fcpxml(whole))
    assert dtd.validate(root), dtd.error_log
    assert root.xpath("string(//title/text)") == "Words <of> a title"
    assert root.xpath("string(//video/param[@name='Color']/@value)") == "1 0.502 0"
    times = [(e.get("offset"), e.get("duration")) for e in root.iter("transition")]
    assert times == [("36/25s", "8/25s"), ("7/5s", "2/5s")]  # of sound, from where that begins
    hidden = root.xpath("//asset-clip[@enabled='0']/@lane")
    assert hidden == ["2", "1"]
    assert [p.get("value") for p in root.iter("timept")] == ["14/5s", "8/5s"]
    assert root.xpath("string(//marker[@value='check this']/@note)") == "twice"


def test_a_clip_without_a_project_gets_one_that_shows_it():
    clip = '<asset-clip ref="r2" name="take 3" format="r1" duration="90090/30000s"/>'
    text = CUT.read_bytes()
    begin, end = text.index(b"<project"), text.index(b"</project>") + len(b"</project>")
    text = text[:begin] + clip.encode() + text[end:]
    root = etree.fromstring(with_music(text, music_for(SHOTS), None, SAME))
    event = next(root.iter("event"))
    assert [each.tag for each in event if isinstance(each.tag, str)][:2] == [
        "asset-clip",
        "project",
    ]
    assert len(event[0]) == 0  # the clip itself is left alone
    assert [time_in_edit(each) * NTSC for each in music_clips(root)] == [0, 30, 60]


def test_a_document_without_a_project_or_clip_says_so():
    text = b'<fcpxml version="1.9"><resources/><event/></fcpxml>'
    with pytest.raises(TimelineError, match="neither a project nor a clip"):
        with_music(text, music_for(SHOTS), None, SAME)
