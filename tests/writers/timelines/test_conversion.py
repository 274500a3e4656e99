"""Conversions: what an edit of one format has comes back from a document of another."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.readers.documents import open_edit
from diffbgm.readers.edits import read_timeline, read_timeline_cuts
from diffbgm.writers.timelines import FORMATS
from diffbgm.writers.timelines.conversion import Conversion, Lane, Mix, converted
from diffbgm.writers.timelines.generated import Generated
from diffbgm.writers.timelines.losses import not_carried
from tests.readers.made_media import make_medium
from tests.writers.timelines.made_edits import clip, made_full_edit, schema, span

DRAWN = ("My title", "orange")
SHARED = ("otio", "fcp7", "kdenlive", "mlt")  # hold all of it


def read(path: Path) -> Conversion:
    timeline = read_timeline(path)
    edit = open_edit(path, None, timeline.frame_rate)
    return converted(edit, timeline.frame_rate, timeline.frames, timeline.document)


def written(edit: otio.schema.Timeline, path: Path) -> Conversion:
    """The edit as it is read from a file of OpenTimelineIO."""
    otio.adapters.write_to_file(edit, str(path))
    return read(path)


def by_kind(lanes: Sequence[Lane]) -> list[Lane]:
    """Without names, which Final Cut 7 has none of; sound first, as Kdenlive has it."""
    plain = [
        replace(lane, name="", mixes=tuple(replace(mix, name="") for mix in lane.mixes))
        for lane in lanes
    ]
    return sorted(plain, key=lambda lane: lane.kind)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Conversion:
    folder = tmp_path_factory.mktemp("full")
    return written(made_full_edit(folder), folder / "edit.otio")


def test_an_edit_is_lanes_with_all_that_is_in_it(full: Conversion):
    main, over, off, speech = full.lanes
    assert main.mixes == (Mix(35, 40, 45, "Cross Dissolve"),)
    assert speech.mixes == (Mix(46, 50, 54, "Cross Dissolve"),)
    title, orange, hidden = over.pieces
    assert title.medium == Generated("title", "Words <of> a title")
    assert orange.medium == Generated("color", color="#ff8000")
    assert (hidden.enabled, hidden.start, hidden.end) == (False, 60, 80)
    assert (off.enabled, off.pieces[0].enabled) == (False, True)
    assert main.pieces[2].speed == -1
    assert not +full.lost


@pytest.mark.parametrize("name", SHARED)
def test_all_of_it_comes_back(full: Conversion, tmp_path: Path, name):
    path = tmp_path / f"new{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].fresh(full))
    back = read(path)
    assert by_kind(back.lanes) == by_kind(full.lanes)
    assert [(m.frame, m.name, m.color) for m in back.markers] == [
        (m.frame, m.name, m.color) for m in full.markers
    ]


def test_final_cut_gives_back_words_colours_and_notes(full: Conversion, tmp_path: Path):
    path = tmp_path / "new.fcpxml"
    path.write_bytes(FORMATS["fcpxml"].fresh(full))
    back = read(path)
    generated = [p.medium for lane in back.lanes for p in lane.pieces if p.name in DRAWN]
    assert generated == [p.medium for p in full.lanes[1].pieces if p.name in DRAWN]
    kept = [(m.frame, m.name, m.comment, m.frames) for m in back.markers]
    assert kept == [(m.frame, m.name, m.comment, m.frames) for m in full.markers]


@pytest.mark.parametrize("name", FORMATS)
def test_a_frozen_clip_stays_frozen(tmp_path: Path, name):
    edit = made_full_edit(tmp_path)
    held = clip(tmp_path, "b", 50, 20, effects=[schema.FreezeFrame()])
    edit.tracks[:] = [schema.Track("V1", [clip(tmp_path, "a", 10, 20), held], kind="Video")]
    edit.tracks.markers.clear()
    path = tmp_path / f"new{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].fresh(written(edit, tmp_path / "edit.otio")))
    shot = read_timeline(path).shots[1]
    assert shot.media and (shot.media.start, shot.media.speed) == (2, 0)


@pytest.mark.parametrize("name", [*SHARED, "fcpxml"])
def test_titles_that_go_over_into_each_other_stay_two(tmp_path: Path, name):
    titles = [
        schema.Clip(text, schema.GeneratorReference("t", "Text", parameters={"text": text}), whole)
        for text, whole in (("One", span(0, 40)), ("Two", span(0, 40)))
    ]
    half = otio.opentime.RationalTime(5, 25)
    titles.insert(1, schema.Transition("Cross Dissolve", "SMPTE_Dissolve", half, half))
    edit = schema.Timeline("titles", global_start_time=otio.opentime.RationalTime(0, 25))
    edit.tracks.append(schema.Track("V1", titles, kind="Video"))
    path = tmp_path / f"new{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].fresh(written(edit, tmp_path / "edit.otio")))
    lane = read(path).lanes[0]
    assert [(p.start, p.end) for p in lane.pieces] == [(0, 40), (40, 80)]
    assert [mix.frames for mix in lane.mixes] == [10]


def test_a_list_begins_and_ends_with_the_edit(tmp_path: Path):
    shown = schema.Clip("t", schema.GeneratorReference("t", "Text"), span(0, 100))
    make_medium(tmp_path / "a.mp4", Fraction(25), 4)
    edit = schema.Timeline("late", global_start_time=otio.opentime.RationalTime(0, 25))
    late = [schema.Gap(source_range=span(0, 30)), clip(tmp_path, "a", 0, 20)]
    edit.tracks.extend([schema.Track("V1", late, kind="Video"), schema.Track("V2", [shown])])
    path = tmp_path / "new.edl"
    path.write_bytes(FORMATS["edl"].fresh(written(edit, tmp_path / "edit.otio")))
    timeline = read_timeline(path, rate=25)
    assert [(s.start_frame, s.end_frame, s.media is None) for s in timeline.shots] == [
        (0, 30, True),
        (30, 50, False),
        (50, 100, True),
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_markers_of_every_format_ask_for_hits(full: Conversion, tmp_path: Path, name):
    path = tmp_path / f"new{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].fresh(full))
    timeline = read_timeline_cuts(path, 25)
    assert (timeline.asked_hits, timeline.pinned_hits) == ((60, 80), (80,))


def test_sound_of_a_list_begins_where_the_list_says(full: Conversion, tmp_path: Path):
    path = tmp_path / "new.edl"
    path.write_bytes(FORMATS["edl"].fresh(full))
    edit = open_edit(path, None, Fraction(25))
    speech = converted(edit, Fraction(25), 100, None).lanes[1]
    assert [(piece.start, piece.end) for piece in speech.pieces] == [(10, 50), (50, 100)]
    assert speech.mixes[0].frames == 8


@pytest.mark.parametrize("name", SHARED)
def test_a_second_conversion_changes_nothing(full: Conversion, tmp_path: Path, name):
    path = tmp_path / f"new{FORMATS[name].suffix}"
    path.write_bytes(FORMATS[name].fresh(full))
    once = FORMATS[name].fresh(read(path))
    path.write_bytes(once)
    assert FORMATS[name].fresh(read(path)) == once


def test_a_fade_and_a_transition_of_an_odd_length_keep_their_frames(tmp_path: Path, full):
    edit = made_full_edit(tmp_path)
    track = schema.Track("V1", kind="Video")
    time = otio.opentime.RationalTime
    fade = schema.Transition("Fade", "SMPTE_Dissolve", time(0, 25), time(12, 25))
    odd = schema.Transition("Odd", "SMPTE_Dissolve", time(3, 25), time(4, 25))
    track.extend([schema.Gap(source_range=span(0, 10)), fade, clip(tmp_path, "a", 20, 40)])
    track.extend([odd, clip(tmp_path, "b", 20, 50)])
    edit.tracks[:] = [track]
    whole = written(edit, tmp_path / "edit.otio")
    assert [(mix.start, mix.end) for mix in whole.lanes[0].mixes] == [(10, 22), (47, 54)]
    path = tmp_path / "new.xml"
    path.write_bytes(FORMATS["fcp7"].fresh(whole))
    assert [(mix.start, mix.end) for mix in read(path).lanes[0].mixes] == [(10, 22), (47, 54)]
    assert whole.lanes[0].fades_inside(Fraction(25)).pieces[0].start == 10


def test_what_a_trimmed_edit_does_not_show_is_left_out(tmp_path: Path):
    edit = made_full_edit(tmp_path)
    edit.tracks.source_range = span(20, 60)
    lanes = written(edit, tmp_path / "edit.otio").lanes
    assert [(p.start, p.end) for p in lanes[0].pieces] == [(0, 20), (20, 50), (50, 80)]
    assert lanes[0].pieces[0].media_start == Fraction(30, 25)
    assert lanes[0].mixes == (Mix(15, 20, 25, "Cross Dissolve"),)


def test_what_a_format_has_no_room_for_is_said(full: Conversion):
    said = {name: not_carried(full, name) for name in FORMATS}
    assert said["otio"] == said["fcp7"] == said["fcpxml"] == ""
    assert said["kdenlive"] == said["mlt"] == "comment of a marker (1)"
    assert said["edl"] == "colour (1), comment of a marker (1), disabled clip (2), title (1)"


def test_what_no_other_format_holds_is_counted(tmp_path: Path):
    edit = made_full_edit(tmp_path)
    edit.tracks[0][0].effects.append(schema.Effect("blur"))
    nested = schema.Stack("inner", children=[schema.Track("V", [clip(tmp_path, "a", 0, 20)])])
    edit.tracks[0].append(nested)
    lost = written(edit, tmp_path / "edit.otio").lost
    assert +lost == {"effect": 1, "nested edit, which is flattened": 1}


def test_a_hit_is_pinned_by_its_name_or_its_comment(tmp_path: Path):
    edit = made_full_edit(tmp_path)
    edit.tracks.markers[:] = [
        schema.Marker("Hit", span(30, 1)),
        schema.Marker("hit", span(60, 1), comment="Pinned"),
        schema.Marker("hit", span(70, 1), comment="when she turns round"),
        schema.Marker("hits", span(90, 1)),
    ]
    otio.adapters.write_to_file(edit, str(tmp_path / "edit.otio"))
    timeline = read_timeline_cuts(tmp_path / "edit.otio")
    assert (timeline.asked_hits, timeline.pinned_hits) == ((30, 60, 70), (60,))
