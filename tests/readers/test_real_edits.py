"""Edits as other programs write them: rates, timecodes, titles, and media that were moved."""

import shutil
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import edit_names, read_timeline, read_timeline_cuts
from diffbgm.timeline import Timeline
from tests.readers.made_media import make_medium, make_picture

CASES = Path(__file__).with_name("cases")
NTSC = Fraction(24000, 1001)
schema, time = otio.schema, otio.opentime


@pytest.fixture
def case(tmp_path: Path):
    """case("tc.edl"): a copy of the file, with nothing beside it."""

    def copy(name: str) -> Path:
        (tmp_path / "edit").mkdir()
        return Path(shutil.copy(CASES / name, tmp_path / "edit"))

    return copy


def shown(timeline: Timeline) -> list[tuple[int, float | None]]:
    """The first frame of every shot, and the second of its medium that it shows."""
    return [(shot.start_frame, shot.media and float(shot.media.start)) for shot in timeline.shots]


def span(start: float, frames: float, rate: float = 25) -> otio.opentime.TimeRange:
    return time.TimeRange(time.RationalTime(start, rate), time.RationalTime(frames, rate))


def clip(url: str, start: float, frames: float, **more) -> otio.schema.Clip:
    return schema.Clip(Path(url).stem, schema.ExternalReference(url), span(start, frames), **more)


def gap(frames: float) -> otio.schema.Gap:
    return schema.Gap(source_range=span(0, frames))


def write(path: Path, *tracks, name: str = "edit") -> Path:
    edit = schema.Timeline(name)
    for items in tracks:
        track = schema.Track(kind="Video")
        track.extend(items)
        edit.tracks.append(track)
    otio.adapters.write_to_file(edit, str(path))
    return path


class TestTimecode:
    def test_media_begin_at_their_timecode(self, case):
        edit = case("tc.edl")
        make_medium(edit.parent / "A.mov", seconds=11.4, timecode="01:00:00:00")
        timeline = read_timeline(edit)
        assert timeline.frame_rate == 25
        assert (shown(timeline), timeline.frames) == ([(0, 1.0), (50, 5.0)], 125)

    def test_what_the_edit_says_of_its_media_comes_first(self, tmp_path):
        make_medium(tmp_path / "A.mov", timecode="01:00:00:00")
        item = clip("A.mov", 10, 5)
        item.media_reference.available_range = span(0, 25)
        assert shown(read_timeline(write(tmp_path / "edit.otio", [item]))) == [(0, 0.4)]

    def test_drop_frame(self, tmp_path):
        rate = Fraction(30000, 1001)
        make_medium(tmp_path / "A.mov", rate, timecode="00:59:59;28")
        edit = tmp_path / "edit.edl"
        edit.write_text(
            "TITLE: DF\nFCM: DROP FRAME\n"
            "001  AX V C 01:00:00;02 01:00:00;12 01:00:00;00 01:00:00;10\n"
            "* FROM CLIP NAME: A.mov\n"
        )
        timeline = read_timeline(edit)
        assert timeline.frame_rate == rate
        assert timeline.shots[0].media.start == 4 / rate


class TestRates:
    @pytest.mark.parametrize("rate", [NTSC, Fraction(24), Fraction(25), Fraction(50)])
    def test_an_edl_has_the_rate_of_its_media(self, case, rate):
        edit = case("2398.edl")
        make_medium(edit.parent / "f2398.mp4", rate, 9)
        timeline = read_timeline(edit)
        second = round(rate)
        assert timeline.frame_rate == rate
        assert (timeline.cuts, timeline.frames) == ((2 * second,), 5 * second)

    def test_unless_it_is_given(self, case):
        edit = case("2398.edl")
        make_medium(edit.parent / "f2398.mp4", Fraction(24), 9)
        timeline = read_timeline(edit, rate=23.976)
        assert timeline.frame_rate == NTSC
        assert timeline.shots[1].media.start == 120 / NTSC

    def test_a_rate_without_such_frames_is_refused(self, tmp_path):
        edit = tmp_path / "edit.edl"
        edit.write_text(
            "001  AX V C 00:00:00:00 00:00:01:28 01:00:00:00 01:00:01:28\n* FROM CLIP NAME: a.mp4\n"
        )
        with pytest.raises(TimelineError, match=r"do not exist at 25 fps; .* 30 or more"):
            read_timeline(edit, rate=25)

    def test_other_edits_are_laid_on_the_rate_that_is_given(self, tmp_path):
        make_medium(tmp_path / "A.mov", seconds=3)
        edit = write(tmp_path / "edit.otio", [clip("A.mov", 0, 25), clip("A.mov", 50, 25)])
        timeline = read_timeline(edit, rate=Fraction(24))
        assert (timeline.frame_rate, timeline.cuts, timeline.frames) == (24, (24,), 48)


class TestSpeeds:
    @pytest.mark.parametrize(
        ("motion", "record", "speed", "start"),
        [
            ("-025.0", "01:00:01:00", -1, 3.0),
            ("-012.5", "01:00:02:00", Fraction(-1, 2), 3.0),
            ("050.0", "01:00:00:12", 2, 2.0),
            ("025.0", "01:00:01:00", 1, 2.0),
        ],
    )
    def test_of_an_edl(self, tmp_path, motion, record, speed, start):
        make_medium(tmp_path / "A.mov", seconds=4)
        edit = tmp_path / "edit.edl"
        edit.write_text(
            f"001  AX V C 00:00:02:00 00:00:03:00 01:00:00:00 {record}\n"
            f"M2   AX       {motion}                00:00:02:00\n"
            "* FROM CLIP NAME: A.mov\n"
        )
        (shot,) = read_timeline(edit).shots
        assert (shot.media.speed, float(shot.media.start)) == (speed, start)

    @pytest.mark.parametrize(("speed", "written"), [(2, "2.0"), (0.5, "0.5"), (-2, "2.0")])
    def test_of_kdenlive(self, tmp_path, speed, written):
        """One second of its frames from 2 s on; reversed, from as far before the end."""
        medium = make_medium(tmp_path / "A.mov", seconds=4)
        warp = schema.LinearTimeWarp(time_scalar=float(written))
        item = clip(medium.as_uri(), 50, 25, effects=[warp])
        item.media_reference.available_range = span(0, 100)
        item.media_reference.name = item.name
        edit = write(tmp_path / "edit.kdenlive", [item])
        edit.write_text(edit.read_text().replace(f">{written}:", f">{float(speed)}:"))
        (shot,) = read_timeline(edit).shots
        assert (shot.media.speed, shot.media.path) == (speed, medium)
        assert (shot.frames, float(shot.media.start)) == (25, 2.0)


class TestKdenlive:
    """What MLT leaves out, what newer versions write, and what users make of it."""

    PROJECT = """<mlt>
 <profile frame_rate_num="25" frame_rate_den="1"/>
 <producer id="black"><property name="kdenlive:playlistid">black_track</property></producer>
 <producer id="a"><property name="length">100</property>
  <property name="mlt_service">avformat</property><property name="resource">a.mp4</property>
  <property name="kdenlive:id">4</property></producer>
 <chain id="b" out="99"><property name="mlt_service">avformat-novalidate</property>
  <property name="resource">b.mp4</property><property name="kdenlive:id">5</property></chain>
 <playlist id="main_bin"><property name="kdenlive:docproperties.version">1</property>
  <property name="kdenlive:docproperties.guides">
   [{"pos": 30, "comment": "hit", "type": 14}, {"comment": "nowhere"}, {"pos": 2}]
  </property><entry producer="a"/></playlist>
 <playlist id="one"><entry producer="a" in="00:00:00.000" out="00:00:02.000">
  <filter><property name="kdenlive_id">fade_from_black</property></filter>
  <filter><property name="kdenlive_id">volume</property>
   <property name="level">50g=0;f=1</property></filter></entry>
  <blank length="45"/></playlist>
 <playlist id="two"><blank length="41"/><entry producer="b" in="0" out="50"/></playlist>
 <tractor id="track"><track producer="one"/><track producer="two"/>
  <transition in="41" out="51"><property name="kdenlive:mixcut">5</property>
   <property name="reverse"/></transition></tractor>
 <tractor id="all" global_feed="1"><track producer="black"/><track producer="track"/></tractor>
</mlt>"""

    def test_what_the_adapter_stumbles_over_is_no_reason_to_refuse(self, tmp_path):
        edit = tmp_path / "edit.kdenlive"
        edit.write_text(self.PROJECT)
        timeline = read_timeline_cuts(edit)
        assert [shot.start_frame for shot in timeline.shots] == [0, 46]
        assert (timeline.frames, timeline.asked_hits) == (92, (30,))


class TestMissingMedia:
    def test_a_clip_without_suffix_is_found_by_its_stem(self, case):
        edit = case("noext.edl")
        make_medium(edit.parent / "A001C003.mov", Fraction(24), 9)
        assert {shot.media.path.name for shot in read_timeline(edit).shots} == {"A001C003.mov"}

    def test_a_folder_is_searched_by_reel_and_below_it_too(self, case, tmp_path):
        edit = case("noext.edl")
        medium = make_medium(tmp_path / "card" / "clips" / "A001C003_0101AB.mov", Fraction(24), 9)
        with pytest.raises(TimelineError, match="a medium is not there: A001C003; relink"):
            read_timeline(edit)
        (path,) = {s.media.path for s in read_timeline(edit, media_folders=[tmp_path]).shots}
        assert path == medium

    @pytest.mark.parametrize(
        "url",
        [
            "file:///gone/My%20Film.mov",
            "file://localhost/gone/My%20Film.mov",
            "/gone/My Film.mov",
            "gone/My%20Film.mov",
            "C:\\gone\\My Film.mov",
            "file:///C:/gone/My%20Film.mov",
            "\\\\server\\share\\My Film.mov",
            "file://server/share/My%20Film.mov",
            "https://example.org/My%20Film.mov",
        ],
    )
    def test_moved_media_are_found_by_name(self, tmp_path, url):
        medium = make_medium(tmp_path / "media" / "below" / "my film.MOV")
        edit = write(tmp_path / "edit.otio", [clip(url, 0, 10)])
        timeline = read_timeline(edit, media_folders=[str(tmp_path / "media")])
        assert timeline.shots[0].media.path == medium

    def test_of_several_the_one_in_folders_of_the_same_name_is_taken(self, tmp_path):
        media = [make_medium(tmp_path / "media" / card / "0001.mov") for card in ("A", "B", "C")]
        items = [clip(f"/gone/{card}/0001.mov", 0, 10) for card in "BCA"]
        timeline = read_timeline(
            write(tmp_path / "edit.otio", items), media_folders=[tmp_path / "media"]
        )
        assert [shot.media.path for shot in timeline.shots] == [media[1], media[2], media[0]]

    def test_an_edl_names_its_source_file(self, tmp_path):
        medium = make_medium(tmp_path / "media" / "A001_0101.mov", Fraction(25), 5)
        edit = tmp_path / "edit.edl"
        edit.write_text(
            "001  TAPE V C 00:00:01:00 00:00:02:00 01:00:00:00 01:00:01:00\n"
            "* FROM CLIP NAME: A man enters\n"
            "* SOURCE FILE: /Volumes/Disk/A001_0101.mov\n"
        )
        (shot,) = read_timeline(edit, media_folders=[tmp_path / "media"]).shots
        assert shot.media.path == medium

    def test_other_documents_name_files_by_their_references_alone(self, tmp_path):
        """A server checks those: nothing in the metadata may lead to a file."""
        medium = make_medium(tmp_path / "private" / "A.mov")
        comments = {"cmx_3600": {"comments": [f"SOURCE FILE: {medium}"], "reel": str(medium)}}
        item = schema.Clip("x", None, span(0, 10), metadata=comments)
        (tmp_path / "edit").mkdir()
        with pytest.raises(TimelineError, match="is not there"):
            read_timeline(write(tmp_path / "edit" / "edit.otio", [item]))

    def test_without_media_the_cuts_can_be_read(self, case):
        timeline = read_timeline_cuts(case("tc.edl"), rate=25)
        assert (shown(timeline), timeline.frames) == ([(0, None), (50, None)], 125)


class TestSeveralEdits:
    @pytest.fixture
    def collection(self, tmp_path):
        make_medium(tmp_path / "A.mov")
        edits = []
        for name, frames in (("first", 10), ("second", 20)):
            path = write(tmp_path / f"{name}.otio", [clip("A.mov", 0, frames)], name=name)
            edits.append(otio.adapters.read_from_file(str(path)))
        inner = schema.SerializableCollection("bin", [edits[1]])
        both = schema.SerializableCollection("all", [clip("A.mov", 0, 5), edits[0], inner])
        otio.adapters.write_to_file(both, str(tmp_path / "all.otio"))
        return tmp_path / "all.otio"

    def test_the_first_is_read_or_that_named(self, collection):
        assert edit_names(collection) == ("first", "second")
        assert read_timeline(collection).frames == 10
        assert read_timeline(collection, name="second").frames == 20

    def test_a_name_that_there_is_not(self, collection):
        with pytest.raises(TimelineError, match="'third'; there are: 'first', 'second'"):
            read_timeline(collection, name="third")

    def test_a_library_of_final_cut(self, case, tmp_path):
        make_medium(tmp_path / "media" / "B.mp4", seconds=12)
        timeline = read_timeline(case("title.fcpxml"), media_folders=[tmp_path / "media"])
        assert (shown(timeline), timeline.frames) == ([(0, 0.0), (100, 6.0)], 200)

    def test_all_events_of_a_library(self, case, tmp_path):
        make_medium(tmp_path / "media" / "B.mp4", seconds=12)
        edit = case("title.fcpxml")
        text = edit.read_text()
        event = text[text.index("<event") : text.index("</library>")]
        second = event.replace('"p"', '"q"').replace(
            "</spine>", '<video name="g" ref="r3" offset="200/25s" duration="50/25s"/></spine>'
        )
        edit.write_text(text.replace("</library>", f"{second}</library>"))
        assert edit_names(edit) == ("p", "q")
        timeline = read_timeline(edit, name="q", media_folders=[tmp_path / "media"])
        assert shown(timeline)[:2] == [(0, 0.0), (100, 6.0)]


class TestWhatLiesOverTheShot:
    @pytest.fixture
    def read(self, tmp_path):
        """Reads an edit of 8 s of B.mp4 with one item above, from frame 60 to 110."""
        make_medium(tmp_path / "B.mp4", seconds=8)

        def read(item: otio.core.Item) -> list[tuple[int, float | None]]:
            edit = write(tmp_path / "edit.otio", [clip("B.mp4", 0, 200)], [gap(60), item])
            return shown(read_timeline(edit))

        return read

    def test_a_text(self, case):
        edit = case("title_text.otio")
        make_medium(edit.parent / "B.mp4", seconds=8)
        timeline = read_timeline(edit)
        assert (shown(timeline), timeline.frames) == ([(0, 0.0)], 200)

    @pytest.mark.parametrize("kind", ["Text", "Lower third", "Something new"])
    def test_titles_and_generators_that_are_not_known(self, read, kind):
        reference = schema.GeneratorReference(name="x", generator_kind=kind)
        assert read(schema.Clip("x", reference, span(0, 50))) == [(0, 0.0)]

    @pytest.mark.parametrize("kind", ["black", "SMPTEBars", "Solid Color", "Slug"])
    def test_a_generator_that_fills_the_picture_does_not(self, read, kind):
        reference = schema.GeneratorReference(name="x", generator_kind=kind)
        shots = read(schema.Clip("x", reference, span(0, 50)))
        assert shots == [(0, 0.0), (60, None), (110, 4.4)]

    def test_an_adjustment_layer(self, read):
        assert read(schema.Clip("Adjustment Clip", None, span(0, 50))) == [(0, 0.0)]
        effect = schema.Effect(effect_name="Blur")
        assert read(schema.Clip("grade", None, span(0, 50), effects=[effect])) == [(0, 0.0)]

    @pytest.mark.parametrize(("alpha", "shots"), [(0, 1), (255, 3)])
    def test_a_transparent_picture(self, read, tmp_path, alpha, shots):
        make_picture(tmp_path / "logo.png", alpha)
        assert len(read(clip("logo.png", 0, 50))) == shots

    @pytest.mark.parametrize(
        ("parameter", "value", "shots"),
        [
            ("transformationZoomX", 0.4, 1),
            ("opacity", 50, 1),
            ("transformationZoomX", 1.2, 3),
            ("opacity", 100, 3),
        ],
    )
    def test_an_inset_and_what_is_not_opaque(self, read, tmp_path, parameter, value, shots):
        make_medium(tmp_path / "C.mov", seconds=3)
        described = {"Parameters": [{"Parameter ID": parameter, "Parameter Value": value}]}
        effect = schema.Effect(metadata={"Resolve_OTIO": described})
        assert len(read(clip("C.mov", 0, 50, effects=[effect]))) == shots

    def test_over_nothing_it_is_shown(self, tmp_path):
        make_medium(tmp_path / "B.mp4", seconds=8)
        text = schema.GeneratorReference(name="credits", generator_kind="Text")
        credits = schema.Clip("credits", text, span(0, 50))
        edit = write(tmp_path / "edit.otio", [clip("B.mp4", 0, 100), credits])
        timeline = read_timeline(edit)
        assert (shown(timeline), timeline.frames) == ([(0, 0.0), (100, None)], 150)


def test_markers_named_hit_ask_for_beats(tmp_path):
    make_medium(tmp_path / "a.mov", seconds=4)
    item = clip(str(tmp_path / "a.mov"), 0, 100)
    item.markers.append(schema.Marker("Hit", span(30, 1)))
    item.markers.append(schema.Marker("other", span(40, 1)))
    assert read_timeline(write(tmp_path / "edit.otio", [item])).asked_hits == (30,)
