"""What other programs find in our timelines, after their folder has moved: OpenTimelineIO's own
readers every track and range, libopenshot every sample of the music."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import opentimelineio as otio
import pytest
from lxml import etree

from diffbgm.writers.timelines import FORMATS
from diffbgm.writers.timelines.conversion import converted
from diffbgm.writers.timelines.media import Relinked
from tests.writers.timelines.made_edits import RATE, made_edit, read_made_edit
from tests.writers.timelines.made_music import music_for, write_sounds

EDGES = (0, 25, 50, 75, 100)
SAMPLES = 48_000  # of every shot
ADAPTERS = {"otio": "otio_json", "edl": "cmx_3600", "fcp7": "fcp_xml", "fcpxml": "fcpx_xml"}
ADAPTERS |= {"kdenlive": "kdenlive"}
SAYS_LENGTHS = ("otio", "fcp7", "kdenlive")  # the other readers pass over those of media

# For the Python that has OpenShot's library: how many samples a second each file has, and how long.
ASK = """
import json, openshot, sys
found = []
for path in sys.argv[1:]:
    reader = openshot.FFmpegReader(path)
    reader.Open()
    found.append([reader.info.sample_rate, reader.info.duration, reader.info.has_audio])
    reader.Close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a timeline of every format and its music, which was written elsewhere."""
    folder = tmp_path_factory.mktemp("written") / "edit"
    timeline = read_made_edit(folder)
    music = music_for(timeline)
    write_sounds(folder, music)
    whole = converted(made_edit(folder), RATE, 100, timeline.document)
    for one in FORMATS.values():
        text = one.with_music(one.fresh(whole), music, None, Relinked(folder, folder))
        (folder / f"timeline{one.suffix}").write_bytes(text)
    return shutil.move(folder, tmp_path_factory.mktemp("moved") / "edit")


def music_in(path: Path) -> list[str]:
    """Addresses of the music, as the document writes them."""
    text = path.read_text()
    if path.suffix == ".edl":
        lines = text.splitlines()
        return [line.partition(": ")[2] for line in lines if "SOURCE FILE: shots/" in line]
    if path.suffix == ".otio":
        clips = otio.adapters.read_from_string(text).find_clips()
        found = [clip.media_reference.target_url for clip in clips]
    else:
        root: Any = etree.fromstring(text.encode())
        found = root.xpath("//@src|//pathurl/text()|//property[@name='resource']/text()")
    return [unquote(each) for each in found if str(each).startswith("shots/")]


@pytest.fixture(scope="module")
def played(moved: Path) -> dict[str, list[Any]]:
    """What libopenshot says of each file of music, by its address."""
    files = sorted((moved / "shots").iterdir())
    asked = subprocess.run(
        ["/usr/bin/python3", "-c", ASK, *files], capture_output=True, text=True, timeout=100
    )
    assert asked.returncode == 0, asked.stderr
    names = (file.relative_to(moved).as_posix() for file in files)
    return dict(zip(names, json.loads(asked.stdout), strict=True))


@pytest.mark.parametrize("name", FORMATS)
def test_libopenshot_plays_all_music_where_the_folder_is_now(moved: Path, played, name):
    addresses = music_in(moved / f"timeline{FORMATS[name].suffix}")
    assert addresses == [f"shots/{number:03d}.wav" for number in range(4)]
    assert [played[each] for each in addresses] == [[SAMPLES, 1.0, True]] * 4


@pytest.mark.parametrize("name", ADAPTERS)
def test_opentimelineios_own_readers_find_the_music_in_its_place(moved: Path, name):
    path = str(moved / f"timeline{FORMATS[name].suffix}")
    more = {"rate": 25} if name == "edl" else {}
    read: Any = otio.adapters.read_from_file(path, adapter_name=ADAPTERS[name], **more)
    tracks = read.find_children(descended_from_type=otio.schema.Track)
    music = [(track, clip) for track in tracks for clip in track.find_clips() if is_music(clip)]
    assert {track.kind for track, _ in music} == {"Audio"}
    ranges = [track.range_of_child(clip) for track, clip in music]
    assert [round(each.start_time.to_seconds() * 25) for each in ranges] == list(EDGES[:-1])
    assert [round(each.duration.to_seconds() * 25) for each in ranges] == [25] * 4
    if name in SAYS_LENGTHS:
        available = [clip.media_reference.available_range for _, clip in music]
        assert [round(each.duration.to_seconds(), 6) for each in available] == [1.0] * 4


def is_music(clip: Any) -> bool:
    url = getattr(clip.media_reference, "target_url", "")
    return "shots/" in url or clip.name.startswith("BGM")
