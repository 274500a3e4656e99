from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edit_films import media_path
from diffbgm.readers.edits import read_timeline

FILM = Fraction(24000, 1001)
schema, time = otio.schema, otio.opentime


def span(start, frames, rate=24.0):
    return time.TimeRange(time.RationalTime(start, rate), time.RationalTime(frames, rate))


def clip(name, start, frames, rate=24.0, **more):
    """`frames` of NAME.mp4, whose first frame has the timecode of 01:00:00:00."""
    reference = schema.ExternalReference(f"{name}.mp4", span(3600 * 24, 9999))
    source = span(3600 * rate + start, frames, rate)
    return schema.Clip(name, reference, source, **more)


def gap(frames):
    return schema.Gap(source_range=span(0, frames))


def track(*items, **more):
    result = schema.Track(kind=more.pop("kind", "Video"), **more)
    result.extend(items)
    return result


def dissolve(before, after):
    return schema.Transition(
        transition_type="SMPTE_Dissolve",
        in_offset=time.RationalTime(before, 24),
        out_offset=time.RationalTime(after, 24),
    )


@pytest.fixture
def read(tmp_path):
    """Writes tracks as an edit beside the media a.mp4, b.mp4 and c.mp4, and reads it."""
    for name in "abc":
        (tmp_path / f"{name}.mp4").touch()

    def read(*tracks, suffix=".otio", **more):
        edit = schema.Timeline("edit", **more)
        edit.tracks.extend(tracks)
        path = tmp_path / f"edit{suffix}"
        otio.adapters.write_to_file(edit, str(path))
        return read_timeline(path)

    return read


def visible(timeline):
    """(first frame, medium, frame of the medium) of every shot, and the length."""
    shots = [
        (
            shot.start_frame,
            shot.media and shot.media.path.stem,
            shot.media and float(shot.media.start * timeline.frame_rate),
        )
        for shot in timeline.shots
    ]
    return shots, timeline.frames


def test_a_blade_cut_is_a_cut(read):
    timeline = read(track(clip("a", 0, 24), clip("a", 24, 24)))
    assert visible(timeline) == ([(0, "a", 0), (24, "a", 24)], 48)


def test_clips_one_after_the_other(read):
    timeline = read(track(clip("a", 10, 48), clip("b", 0, 30), clip("a", 100, 5)))
    assert timeline.frame_rate == 24
    assert timeline.cuts == (48, 78)
    assert visible(timeline) == ([(0, "a", 10), (48, "b", 0), (78, "a", 100)], 83)


def test_gaps_are_shots_without_media_except_the_last(read):
    timeline = read(track(gap(5), clip("a", 0, 10), gap(20), clip("b", 0, 10), gap(50)))
    assert visible(timeline) == (
        [(0, None, None), (5, "a", 0), (15, None, None), (35, "b", 0)],
        45,
    )


def test_the_topmost_enabled_clip_is_seen(read):
    below = track(clip("a", 0, 100))
    above = track(gap(20), clip("b", 0, 10), gap(10), clip("c", 0, 10))
    above[-1].enabled = False
    hidden = track(clip("c", 0, 100))
    hidden.enabled = False
    sound = track(clip("c", 0, 200), kind="Audio")
    timeline = read(below, above, hidden, sound)
    assert visible(timeline) == ([(0, "a", 0), (20, "b", 0), (30, "a", 30)], 100)


def test_a_longer_upper_track_makes_the_edit_longer(read):
    timeline = read(track(clip("a", 0, 10)), track(gap(20), clip("b", 0, 10)))
    assert visible(timeline) == ([(0, "a", 0), (10, None, None), (20, "b", 0)], 30)


@pytest.mark.parametrize(("before", "after", "cut"), [(6, 6, 48), (12, 0, 42), (0, 12, 54)])
def test_the_middle_of_a_dissolve_is_the_cut(read, before, after, cut):
    timeline = read(track(clip("a", 0, 48), dissolve(before, after), clip("b", 50, 48)))
    assert visible(timeline) == ([(0, "a", 0), (cut, "b", 50 + cut - 48)], 96)


def test_a_fade_in_and_out_moves_no_cut(read):
    timeline = read(track(dissolve(0, 12), clip("a", 0, 48), dissolve(12, 0)))
    assert visible(timeline) == ([(0, "a", 0)], 48)


def test_nested_edits_are_seen_through_their_source_range(read):
    nested = schema.Stack(source_range=span(12, 60))
    nested.append(track(clip("a", 0, 24), clip("b", 0, 24), clip("c", 0, 48)))
    timeline = read(track(clip("c", 0, 10), nested, clip("a", 0, 10)))
    assert visible(timeline) == (
        [(0, "c", 0), (10, "a", 12), (22, "b", 0), (46, "c", 0), (70, "a", 0)],
        80,
    )


def test_speed_changes_the_media_not_the_edit(read):
    fast = clip("a", 20, 48, effects=[schema.LinearTimeWarp(time_scalar=2)])
    frozen = clip("b", 7, 24, effects=[schema.FreezeFrame()])
    back = clip("c", 30, 24, effects=[schema.LinearTimeWarp(time_scalar=-0.5)])
    timeline = read(track(fast, dissolve(0, 8), frozen, back))
    assert [shot.media.speed for shot in timeline.shots] == [2, 0, Fraction(-1, 2)]
    assert visible(timeline) == ([(0, "a", 20), (52, "b", 7), (72, "c", 42)], 96)


def test_a_sped_up_nested_edit(read):
    nested = schema.Stack(source_range=span(0, 24), effects=[schema.LinearTimeWarp(time_scalar=2)])
    nested.append(track(clip("a", 0, 24), clip("b", 0, 24)))
    timeline = read(track(nested))
    assert visible(timeline) == ([(0, "a", 0), (12, "b", 0)], 24)
    assert timeline.shots[0].media.speed == 2


def test_mixed_rates_add_up_exactly(read):
    items = [clip("a", 0, 25, 25.0) if i % 2 else clip("b", 0, 24) for i in range(100)]
    timeline = read(track(*items), global_start_time=time.RationalTime(86400, 24))
    assert timeline.cuts == tuple(range(24, 2400, 24))


@pytest.mark.parametrize("rate", [23.976, 23.98, 24000 / 1001])
def test_rounded_ntsc_rates_are_exact(read, rate):
    assert read(track(clip("a", 0, 24, rate))).frame_rate == FILM


def test_clips_shorter_than_a_frame_of_the_edit_vanish(read):
    short = clip("b", 0, 1, 120.0)
    timeline = read(track(clip("a", 0, 24), short, clip("c", 0, 24)))
    assert [shot.media.path.stem for shot in timeline.shots] == ["a", "c"]


def test_overrides_in_metadata(read):
    numbers = {"diffbgm": {"mood": [-0.5, 0.25], "energy": 1}}
    named = {"diffbgm": {"mood": "sad"}}
    timeline = read(track(clip("a", 0, 9, metadata=numbers), clip("b", 0, 9, metadata=named)))
    assert timeline.shots[0].mood == (-0.5, 0.25)
    assert timeline.shots[0].energy == 1.0
    assert timeline.shots[1].mood == (-0.6, -0.6)
    wrong = clip("c", 0, 9, metadata={"diffbgm": {"energy": 7}})
    with pytest.raises(TimelineError, match="the overrides of clip 'c': energy"):
        read(track(wrong))


def test_generated_pictures_cover_what_is_below_and_have_no_media(read):
    bars = schema.Clip("bars", schema.GeneratorReference("SMPTEBars"), span(0, 10))
    timeline = read(track(clip("a", 0, 30)), track(gap(10), bars))
    assert visible(timeline) == ([(0, "a", 0), (10, None, None), (20, "a", 20)], 30)


@pytest.mark.parametrize("suffix", [".xml", ".fcpxml", ".kdenlive"])
def test_files_of_other_editors(read, tmp_path, suffix):
    item = clip("a", 10, 48)
    for one in (item, other := clip("b", 0, 24)):
        url = (tmp_path / one.media_reference.target_url).as_uri()
        one.media_reference.target_url = url
        one.media_reference.name = one.name
    timeline = read(track(item, other), suffix=suffix)
    assert visible(timeline) == ([(0, "a", 10), (48, "b", 0)], 72)


def test_a_track_counted_from_a_timecode_is_shown_from_its_begin(read):
    """As the EDL adapter once left it: a range that ends before the first item."""
    counted = track(clip("a", 10, 48), clip("b", 0, 24))
    counted.source_range = span(-86243, 60)
    assert visible(read(counted)) == ([(0, "a", 10), (48, "b", 0)], 60)


def test_what_lasts_less_than_nothing_takes_no_time(read):
    gap = schema.Gap(source_range=span(0, -5))
    timeline = read(track(clip("a", 10, 48), gap, clip("b", 0, 24)))
    assert visible(timeline) == ([(0, "a", 10), (48, "b", 0)], 72)


EDL = """TITLE: edit
FCM: NON-DROP FRAME
001  AX V C        00:00:10:00 00:00:12:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: a.mp4
002  AX V C        00:00:12:00 00:00:12:00 01:00:02:00 01:00:02:00
002  BX V D 012    00:00:00:00 00:00:03:00 01:00:02:00 01:00:05:00
* FROM CLIP NAME: a.mp4
* TO CLIP NAME: b.mp4
"""


def test_an_edl_with_media_beside_it(read, tmp_path):
    path = tmp_path / "edit.edl"
    path.write_text(EDL)
    assert visible(read_timeline(path)) == ([(0, "a", 240), (54, "b", 6)], 120)


def test_the_rate_of_an_edl_has_all_its_frames(read, tmp_path):
    path = tmp_path / "edit.edl"
    path.write_text(EDL.replace("00:00:10:00 00:00:12:00", "00:00:09:24 00:00:11:24"))
    assert read_timeline(path).frame_rate == 25


def test_at_the_rate_of_an_edl_its_events_are_as_long_as_their_sources(read, tmp_path):
    """No frame number is above 23, and yet it is not 24."""
    path = tmp_path / "edit.edl"
    shown = "00:00:10:20 00:00:12:03 01:00:00:00 01:00:01:08"
    path.write_text(f"001  AX V C {shown}\n* FROM CLIP NAME: a.mp4\n")
    assert visible(read_timeline(path)) == ([(0, "a", 270)], 33)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("file:///films/my%20film.mp4", "/films/my film.mp4"),
        ("file://localhost/films/a.mp4", "/films/a.mp4"),
        ("/films/a.mp4", "/films/a.mp4"),
        ("clips/a%23.mp4", "/edits/clips/a#.mp4"),
        ("clips\\a.mp4", "/edits/clips/a.mp4"),
        ("file:///C:/films/a.mp4", "C:/films/a.mp4"),
        ("C:\\films\\a.mp4", "C:/films/a.mp4"),
    ],
)
def test_media_urls(url, name):
    path = media_path(Path("/edits/edit.otio"), url)
    assert path == Path("/edits") / name


def test_missing_media_are_named(read, tmp_path):
    with pytest.raises(TimelineError, match=r"a medium is not there: gone\.mp4; relink"):
        read(track(clip("gone", 0, 24)))
    online = schema.Clip("x", schema.ExternalReference("https://example.org/x.mp4"), span(0, 9))
    items = [clip("gone", 0, 24), online, clip("a", 0, 24), clip("gone", 9, 24)]
    with pytest.raises(TimelineError, match=r"2 media are not there: gone.mp4, https:.*x\.mp4;"):
        read(track(*items))


def test_edits_that_show_nothing(read):
    for tracks in ([], [track()], [track(gap(10))], [track(clip("a", 0, 9), kind="Audio")]):
        with pytest.raises(TimelineError, match="shows no picture"):
            read(*tracks)


def nested(*effects, **more):
    """Frames 0-24 of a, then 0-24 of b, as one item."""
    stack = schema.Stack(effects=list(effects), **more)
    stack.append(track(clip("a", 0, 24), clip("b", 0, 24)))
    return stack


def test_a_nested_edit_backwards(read):
    timeline = read(track(nested(schema.LinearTimeWarp(time_scalar=-1), source_range=span(12, 24))))
    assert visible(timeline) == ([(0, "b", 12), (12, "a", 24)], 24)
    assert [shot.media.speed for shot in timeline.shots] == [-1, -1]


def test_a_clip_backwards_in_a_nested_edit_backwards_runs_forwards(read):
    back = schema.LinearTimeWarp(time_scalar=-2)
    stack = schema.Stack(effects=[schema.LinearTimeWarp(time_scalar=-1)])
    stack.append(track(clip("a", 10, 24, effects=[back])))
    timeline = read(track(stack))
    assert visible(timeline) == ([(0, "a", 10)], 24)
    assert timeline.shots[0].media.speed == 2


def test_a_nested_edit_that_stands(read):
    timeline = read(track(nested(schema.FreezeFrame(), source_range=span(30, 10))))
    assert visible(timeline) == ([(0, "b", 6)], 10)
    assert timeline.shots[0].media.speed == 0


def test_a_track_that_begins_before_its_first_item(read):
    late = track(clip("b", 0, 24), source_range=span(-7, 40))
    assert visible(read(late)) == ([(0, None, None), (7, "b", 0)], 31)
    below = track(clip("a", 0, 40))
    assert visible(read(below, late)) == ([(0, "a", 0), (7, "b", 0), (31, "a", 31)], 40)


def test_a_range_that_misses_all_items_shows_nothing(read):
    with pytest.raises(TimelineError, match="shows no picture"):
        read(track(clip("b", 0, 24), source_range=span(50, 10)))


@pytest.mark.parametrize("suffix", [".otio", ".edl", ".xml", ".fcpxml", ".kdenlive"])
@pytest.mark.parametrize("content", ["", "no edit at all", "<xmeml", '{"OTIO_SCHEMA": "Clip.1"}'])
def test_files_that_are_no_edit(tmp_path, suffix, content):
    path = tmp_path / f"edit{suffix}"
    path.write_text(content)
    with pytest.raises(TimelineError) as caught:
        read_timeline(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_there_or_of_another_kind(tmp_path):
    with pytest.raises(TimelineError, match="no such file"):
        read_timeline(tmp_path / "edit.otio")
    with pytest.raises(TimelineError, match=r"use \.otio"):
        read_timeline(tmp_path / "edit.prproj")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.kdenlive", "<mlt><tractor/></mlt>"),
        ("cut.xml", "<xmeml><sequence/></xmeml>"),
        ("cut.fcpxml", "<fcpxml><library><event><project/></event></library></fcpxml>"),
        ("cut.edl", "001  A  V  C  00:00:00:00 00:00:01:00"),
    ],
)
def test_messages_do_not_speak_of_an_adapters_inside(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(TimelineError) as caught:
        read_timeline(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert not any(word in str(caught.value) for word in ("NoneType", "object", "attribute", "\n"))
