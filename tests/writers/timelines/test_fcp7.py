"""Final Cut Pro 7 XML: what the editor made stays, and the music is read back in its place."""
# pyright: reportOptionalMemberAccess=false

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from lxml import etree

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import Shot, Timeline
from diffbgm.writers.timelines.conversion import converted
from diffbgm.writers.timelines.fcp7 import with_music
from diffbgm.writers.timelines.fcp7_fresh import fcp7
from diffbgm.writers.timelines.media import Relinked
from tests.writers.timelines.made_edits import made_edit, read_made_edit
from tests.writers.timelines.made_music import music_for

SAME = Relinked(Path(), Path())
SHOTS = Timeline(Fraction(24_000, 1001), (Shot(0, 0, 48), Shot(1, 48, 72)))
CUT = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE xmeml>
<xmeml version="4"><project><name>Film</name><children>
 <sequence id="draft"><name>Draft</name><rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>
  <media><video><track/></video></media></sequence>
 <sequence id="final"><name>Final</name><rate><timebase>24</timebase><ntsc>TRUE</ntsc></rate>
  <media><video><format/><track><clipitem id="bgm-clip-1"><name>beach</name><start>0</start>
   <end>72</end><in>10</in><out>82</out><file id="f1"><name>beach.mov</name>
   <pathurl>file://localhost/media/beach.mov</pathurl></file>
   <filter><effect><name>Blur</name></effect></filter></clipitem></track></video>
   <audio><numOutputChannels>2</numOutputChannels><track><clipitem id="speech"><name>beach</name>
    <start>0</start><end>72</end><in>10</in><out>82</out><file id="f1"/></clipitem></track></audio>
  </media><marker><name>wave</name><in>12</in><out>-1</out></marker>
  <!-- of mine --></sequence>
</children></project></xmeml>
"""


def test_all_of_the_editors_comes_back():
    text = with_music(CUT, music_for(SHOTS, ("keys", "bass")), "Final", SAME)
    assert b"<!DOCTYPE xmeml>" in text and b"<!-- of mine -->" in text
    root = etree.fromstring(text)
    final = root.find(".//sequence[@id='final']")
    tracks = final.findall("media/audio/track")
    assert len(tracks) == 3
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert ids.count("bgm-clip-1") == 1
    for track in tracks[1:]:
        track.getparent().remove(track)
    for marker in final.findall("marker")[1:]:
        final.remove(marker)
    parts = [
        [(each.tag, dict(each.attrib), (each.text or "").strip()) for each in one.iter()]
        for one in (root, etree.fromstring(CUT))
    ]
    assert parts[0] == parts[1]


def test_opentimelineio_reads_music_and_markers_back():
    text = with_music(CUT, music_for(SHOTS), "Final", SAME).decode()
    edits = otio.adapters.read_from_string(text, "fcp_xml")
    edit = next(each for each in edits if each.name == "Final")
    music = edit.audio_tracks()[-1]
    assert [clip.name for clip in music.find_clips()] == ["BGM 1", "BGM 2"]
    assert [c.trimmed_range_in_parent().start_time.value for c in music.find_clips()] == [0, 48]
    urls = [clip.media_reference.target_url for clip in music.find_clips()]
    assert urls == ["shots/000.wav", "shots/001.wav"]
    lengths = [clip.media_reference.available_range.duration.value for clip in music.find_clips()]
    assert lengths == [48, 24]
    names = [marker.name for marker in edit.tracks.markers]
    assert names == ["wave", "section A", "downbeat +0.10"]


def test_an_edit_of_another_format_becomes_a_sequence(tmp_path: Path):
    timeline = read_made_edit(tmp_path)
    whole = converted(made_edit(tmp_path), timeline.frame_rate, 100, timeline.document)
    path = tmp_path / "new.xml"
    path.write_bytes(with_music(fcp7(whole), music_for(timeline), None, SAME))
    read = read_timeline(path)
    assert read.cuts == timeline.cuts
    assert [s.media for s in read.shots][:3] == [s.media for s in timeline.shots][:3]
    assert etree.parse(path).findtext(".//parameter[parameterid='speed']/value") == "200"
    edit = otio.adapters.read_from_file(str(path))
    assert len(edit.video_tracks()) == 2
    assert len(edit.audio_tracks()) == 2


def test_a_document_without_a_sequence_says_so():
    with pytest.raises(TimelineError, match="no sequence"):
        with_music(b"<xmeml><project/></xmeml>", music_for(SHOTS), None, SAME)
