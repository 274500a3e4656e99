"""FCPXML as Final Cut Pro writes it: storylines, compound, multicam, connected, retimed clips."""

from fractions import Fraction
from pathlib import Path

import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.documents import open_edit
from diffbgm.readers.edits import edit_names, read_timeline, read_timeline_cuts
from diffbgm.timeline import Timeline

FILM = Fraction(24000, 1001)
RESOURCES = """
<format id="r1" name="FFVideoFormat1080p2398"/>
<asset id="a" name="a" start="3600s" duration="1001/24s" hasVideo="1">
 <media-rep src="a.mp4"/></asset>
<asset id="b" name="b" src="b.mp4" start="0s" duration="1001/24s" hasVideo="1"/>
<asset id="s" name="s" src="s.wav" start="0s" duration="1001/24s" hasAudio="1"/>
<effect id="t" name="Basic Title" uid="x"/>
<media id="m" name="both"><sequence format="r1" tcStart="100s"><spine>
 <asset-clip ref="a" offset="100s" duration="24024/24000s"/>
 <asset-clip ref="b" duration="24024/24000s"/></spine></sequence></media>
<media id="c" name="cameras"><multicam format="r1" tcStart="50s">
 <mc-angle angleID="one"><asset-clip ref="a" offset="50s" duration="1001/24s"/></mc-angle>
 <mc-angle angleID="two"><asset-clip ref="b" offset="50s" duration="1001/24s"/></mc-angle>
</multicam></media>
"""


@pytest.fixture
def read(tmp_path: Path):
    """read(what lies in the storyline): the edit, a second of which has 24 frames of 1001/24000."""
    for name in ("a.mp4", "b.mp4", "s.wav"):
        (tmp_path / name).touch()

    def edit(
        story: str, head: str = "<library><event>", tail: str = "</event></library>"
    ) -> Timeline:
        path = tmp_path / "edit.fcpxml"
        path.write_text(
            f'<fcpxml version="1.13"><resources>{RESOURCES}</resources>{head}<project name="p">'
            f'<sequence format="r1" tcStart="0s"><spine>{story}</spine></sequence></project>{tail}'
            "</fcpxml>"
        )
        return read_timeline(path)

    return edit


def shown(edit: Timeline) -> list[tuple[str, int, float | None]]:
    """What every shot shows, its length, and from which frame of the medium on."""
    assert edit.frame_rate == FILM
    return [
        (
            shot.media.path.stem if shot.media else "",
            shot.frames,
            float(shot.media.start * FILM) if shot.media else None,
        )
        for shot in edit.shots
    ]


def frames(number: int) -> str:
    return f"{number * 1001}/24000s"


CLIP = f'<asset-clip ref="b" duration="{frames(48)}"/>'


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (
            CLIP + f'<gap duration="{frames(10)}"/>' + CLIP,
            [("b", 48, 0), ("", 10, None), ("b", 48, 0)],
        ),
        (f'<asset-clip ref="a" start="3600s" duration="{frames(9)}"/>', [("a", 9, 0)]),
        (f'<asset-clip ref="a" duration="{frames(9)}"/>', [("a", 9, 0)]),
        (
            f'<clip start="{frames(5)}" duration="{frames(9)}"><video ref="b" offset="0s" '
            f'start="{frames(2)}" duration="{frames(90)}"/></clip>',
            [("b", 9, 7)],
        ),
        (
            f'<sync-clip duration="{frames(9)}"><spine><asset-clip ref="b" duration="{frames(5)}"/>'
            f'<asset-clip ref="a" duration="{frames(5)}"/></spine></sync-clip>',
            [("b", 5, 0), ("a", 4, 0)],
        ),
        (f'<ref-clip ref="m" duration="{frames(48)}"/>', [("a", 24, 0), ("b", 24, 0)]),
        (
            f'<mc-clip ref="c" start="50s" duration="{frames(9)}">'
            '<mc-source angleID="one" srcEnable="audio"/><mc-source angleID="two"/></mc-clip>',
            [("b", 9, 0)],
        ),
        (
            f'<audition><asset-clip ref="a" duration="{frames(9)}"/>{CLIP}</audition>{CLIP}',
            [("a", 9, 0), ("b", 48, 0)],
        ),
        (
            f'<gap start="3600s" duration="{frames(30)}"><asset-clip ref="b" lane="1" '
            f'offset="3600s" duration="{frames(20)}"/></gap>',
            [("b", 20, 0)],
        ),
        (
            f'<asset-clip ref="a" start="3600s" duration="{frames(48)}"><spine lane="1" '
            f'offset="3600s"><gap duration="{frames(8)}"/>'
            f'<asset-clip ref="b" duration="{frames(10)}"/></spine></asset-clip>',
            [("a", 8, 0), ("b", 10, 0), ("a", 30, 18)],
        ),
        (
            f'<asset-clip ref="b" duration="{frames(48)}"><asset-clip ref="a" lane="1" '
            f'duration="{frames(9)}"><adjust-blend amount="0.5"/></asset-clip></asset-clip>',
            [("b", 48, 0)],
        ),
        (
            f'<asset-clip ref="b" duration="{frames(48)}"><title ref="t" lane="1" '
            f'duration="{frames(9)}"/><asset-clip ref="s" lane="-1" duration="{frames(9)}"/>'
            f'<video ref="t" lane="2" duration="{frames(9)}"/></asset-clip>',
            [("b", 48, 0)],
        ),
        (
            f'<asset-clip ref="a" duration="{frames(9)}" enabled="0"/>{CLIP}',
            [("", 9, None), ("b", 48, 0)],
        ),
        (
            f'{CLIP}<transition offset="{frames(44)}" duration="{frames(10)}"/>'
            f'<asset-clip ref="a" duration="{frames(48)}"/>',
            [("b", 49, 0), ("a", 47, 1)],
        ),
    ],
)
def test_what_is_seen(read, story, expected):
    assert shown(read(story)) == expected


@pytest.mark.parametrize(
    ("points", "start", "speeds"),
    [
        (((0, 0), (20, 40)), 0, [(20, 0, 2)]),
        (((0, 40), (20, 0)), 0, [(20, 40, -2)]),
        (((0, 0), (10, 0), (20, 10)), 0, [(10, 0, 0), (10, 0, 1)]),
        (((0, 0), (20, 40)), 5, [(20, 10, 2)]),
    ],
)
def test_a_time_map_sets_the_speed(read, points, start, speeds):
    listed = "".join(f'<timept time="{frames(t)}" value="{frames(v)}"/>' for t, v in points)
    story = f'<asset-clip ref="b" start="{frames(start)}" duration="{frames(20)}">'
    edit = read(f"{story}<timeMap>{listed}</timeMap></asset-clip>")
    assert [(s.frames, s.media.start * FILM, s.media.speed) for s in edit.shots] == speeds


def test_media_of_another_rate_are_conformed(read):
    story = f'<asset-clip ref="b" duration="{frames(20)}"><conform-rate srcFrameRate="25"/>'
    (shot,) = read(f"{story}</asset-clip>").shots
    assert abs(shot.media.speed - FILM / 25) < 0.0001


def test_projects_lie_bare_or_in_events(read):
    for head, tail in (("", ""), ("<event>", "</event>")):
        assert read(CLIP, head, tail).frames == 48


def test_markers_stand_where_their_clips_are(read):
    marker = f'<marker start="{frames(12)}" duration="{frames(1)}" value="hit"/>'
    edit = read(
        CLIP
        + f'<asset-clip ref="b" start="{frames(10)}" duration="{frames(9)}">{marker}</asset-clip>'
    )
    assert edit.asked_hits == (50,)


def test_a_compound_clip_that_holds_itself_is_refused(tmp_path):
    path = tmp_path / "edit.fcpxml"
    path.write_text(
        '<fcpxml><resources><format id="r1" frameDuration="1/25s"/><media id="m">'
        '<sequence format="r1"><spine><ref-clip ref="m" name="loop" duration="1s"/></spine>'
        '</sequence></media></resources><project><sequence format="r1"><spine>'
        '<ref-clip ref="m" duration="1s"/></spine></sequence></project></fcpxml>'
    )
    with pytest.raises(TimelineError, match="compound clip 'loop' holds itself"):
        read_timeline_cuts(path)


def test_markers_have_the_colours_and_notes_of_final_cut(read):
    times = f'start="{frames(5)}" duration="{frames(2)}"'
    markers = (
        f'<marker {times} value="plain" note="of mine"/><marker {times} value="do" completed="0"/>'
        f'<marker {times} value="done" completed="1"/><chapter-marker {times} value="one"/>'
    )
    path = read(CLIP.replace("/>", f">{markers}</asset-clip>")).document.path
    found = open_edit(path).tracks.markers
    assert [(m.name, m.color, m.comment, m.marked_range.duration.value) for m in found] == [
        ("plain", "PURPLE", "of mine", 2),
        ("do", "RED", "", 2),
        ("done", "GREEN", "", 2),
        ("one", "ORANGE", "", 2),
    ]


def test_a_hit_is_pinned_by_the_note_of_its_marker(read):
    hit = f'<marker start="{frames(20)}" duration="{frames(1)}" value="hit" note="pinned"/>'
    assert read(CLIP.replace("/>", f">{hit}</asset-clip>")).pinned_hits == (20,)


def test_a_bundle_is_read_by_the_document_in_it(read, tmp_path: Path):
    document = read(CLIP).document.path
    bundle = tmp_path / "edit.fcpxmld"
    bundle.mkdir()
    with pytest.raises(TimelineError, match="without an Info"):
        read_timeline(bundle)
    text = document.read_text().replace('"b.mp4"', '"../b.mp4"')
    (bundle / "Info.fcpxml").write_text(text)
    edit = read_timeline(bundle)
    assert shown(edit) == [("b", 48, 0)]
    assert edit.document and edit.document.path == bundle / "Info.fcpxml"


def test_clips_without_a_project_are_edits(tmp_path: Path):
    (tmp_path / "b.mp4").touch()
    clips = (
        f'<asset-clip ref="b" name="one" format="r1" duration="{frames(9)}"/>'
        '<keyword-collection name="k"/><ref-clip ref="m" name="two" '
        f'duration="{frames(48)}"/>'
    )
    path = tmp_path / "clips.fcpxml"
    path.write_text(
        f'<fcpxml version="1.13"><resources>{RESOURCES}</resources><library><event>{clips}'
        "</event></library></fcpxml>"
    )
    assert edit_names(path) == ("one", "two")
    assert shown(read_timeline(path)) == [("b", 9, 0)]
    assert read_timeline_cuts(path, name="two").cuts == (24,)
