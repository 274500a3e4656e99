"""OpenTimelineIO documents with music in them: all of the editor's stays."""

import json
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import CutHints, MediaSpan, Shot, Timeline
from diffbgm.writers.timelines.media import Relinked
from diffbgm.writers.timelines.otio_json import of_shots, with_music
from tests.writers.timelines.made_edits import RATE, made_edit, read_made_edit
from tests.writers.timelines.made_music import music_for

FILM = Fraction(24000, 1001)


def same_place(folder: Path) -> Relinked:
    return Relinked(folder, folder)


def test_all_of_the_editors_comes_back(tmp_path: Path):
    timeline = read_made_edit(tmp_path)
    original = json.loads((tmp_path / "edit.otio").read_text())
    music = music_for(timeline)
    back = json.loads(
        with_music((tmp_path / "edit.otio").read_bytes(), music, None, same_place(tmp_path))
    )
    stack = back["tracks"]
    (track,) = stack["children"][3:]
    assert [clip["name"] for clip in track["children"]] == ["BGM 1", "BGM 2", "BGM 3", "BGM 4"]
    assert [marker["name"] for marker in stack["markers"][1:]] == ["section A", "downbeat +0.10"]
    del stack["children"][3:], stack["markers"][1:]
    assert back == original


def test_clips_of_music_lie_under_their_shots_and_say_how_long_they_are(tmp_path: Path):
    timeline = read_made_edit(tmp_path)
    text = (tmp_path / "edit.otio").read_bytes()
    edit = otio.adapters.read_from_string(
        with_music(text, music_for(timeline, ("keys", "bass")), None, same_place(tmp_path)).decode()
    )
    keys, bass = edit.tracks[-2:]
    assert (keys.name, bass.name) == ("BGM keys", "BGM bass")
    assert [clip.range_in_parent().start_time.value for clip in bass] == [0, 25, 50, 75]
    second = bass[1]
    assert second.media_reference.target_url == "stems/bass.wav"
    assert second.source_range.start_time == otio.opentime.RationalTime(25, 25)
    assert second.media_reference.available_range.duration.to_seconds() == 4


def test_music_begins_where_a_trimmed_edit_does(tmp_path: Path):
    edit = made_edit(tmp_path)
    edit.tracks.source_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(10, 25), otio.opentime.RationalTime(60, 25)
    )
    timeline = Timeline(RATE, (Shot(0, 0, 60),))
    text = with_music(
        edit.to_json_string().encode(), music_for(timeline), None, same_place(tmp_path)
    )
    back = otio.adapters.read_from_string(text.decode())
    (clip,) = back.tracks[-1].find_clips()
    assert clip.trimmed_range_in_parent().start_time.value == 10
    assert back.tracks.markers[-1].marked_range.start_time.value == 35


def test_the_edit_of_a_collection_that_was_scored_gets_the_music(tmp_path: Path):
    edits = [made_edit(tmp_path), made_edit(tmp_path)]
    edits[1].name = "cut 4"
    text = otio.schema.SerializableCollection(children=edits).to_json_string()
    music = music_for(Timeline(RATE, (Shot(0, 0, 100),)))
    back = otio.adapters.read_from_string(
        with_music(text.encode(), music, "cut 4", same_place(tmp_path)).decode()
    )
    assert [len(edit.tracks) for edit in back] == [3, 4]


def test_relative_media_are_found_from_the_new_folder_and_others_stay(tmp_path: Path):
    edit = made_edit(tmp_path / "rushes")
    urls = [clip.media_reference for clip in edit.find_clips()]
    urls[0].target_url, urls[1].target_url, urls[2].target_url = "a.mp4", "gone.mp4", "diffbgm:x"
    music = music_for(Timeline(RATE, (Shot(0, 0, 100),)))
    relinked = Relinked(tmp_path / "rushes", tmp_path / "music")
    back = otio.adapters.read_from_string(
        with_music(edit.to_json_string().encode(), music, None, relinked).decode()
    )
    found = [clip.media_reference.target_url for clip in back.find_clips()][:3]
    assert found == ["../rushes/a.mp4", "gone.mp4", "diffbgm:x"]


def test_the_folder_of_a_sequence_of_pictures_is_found_from_the_new_folder(tmp_path: Path):
    edit = made_edit(tmp_path / "rushes")
    (tmp_path / "rushes" / "vfx").mkdir()
    pictures = otio.schema.ImageSequenceReference("vfx/", "p.", ".exr", 1, 1, 25, 4)
    next(iter(edit.find_clips())).media_reference = pictures
    relinked = Relinked(tmp_path / "rushes", tmp_path / "music")
    music = music_for(Timeline(RATE, (Shot(0, 0, 100),)))
    back = otio.adapters.read_from_string(
        with_music(edit.to_json_string().encode(), music, None, relinked).decode()
    )
    assert next(iter(back.find_clips())).media_reference.target_url_base == "../rushes/vfx/"


@pytest.mark.parametrize("moves", [False, True])
def test_a_film_without_an_edit_gets_one_of_its_shots(tmp_path: Path, moves: bool):
    folder = tmp_path / "music"
    folder.mkdir()
    (folder / "a b.mp4").touch()
    media = MediaSpan(folder / "a b.mp4", Fraction(1001, 1000), Fraction(1, 2))
    back = MediaSpan(media.path, Fraction(2002, 1000), Fraction(-2))
    shots = (
        Shot(0, 0, 50, media, (0.5, -0.5), 0.25),
        Shot(1, 50, 96),
        Shot(2, 96, 120, media),
        Shot(3, 120, 132, back),
    )
    timeline = Timeline(FILM, shots)
    text = with_music(of_shots(timeline, folder), music_for(timeline), None, same_place(folder))
    (folder / "timeline.otio").write_bytes(text)
    if moves:
        shutil.move(folder, tmp_path / "moved")
        folder = tmp_path / "moved"
    read = read_timeline(folder / "timeline.otio")
    assert read.cuts == timeline.cuts
    assert moves or read == replace(timeline, hints=CutHints(cuts=timeline.cuts))
    assert read.shots[0].media and read.shots[0].media.path.parent == folder
