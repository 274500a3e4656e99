"""What an OpenTimelineIO document may say of its cuts."""

import opentimelineio as otio
import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline, read_timeline_cuts
from diffbgm.timeline import CutHints
from tests.readers.test_edits import clip, schema, span, time, track


@pytest.fixture
def write(tmp_path):
    """write(items, metadata, markers) makes an edit beside its media; gives the path."""
    for name in "ab":
        (tmp_path / f"{name}.mp4").touch()

    def write(*items, markers=(), **metadata):
        edit = schema.Timeline("edit", metadata={"diffbgm": metadata} if metadata else {})
        edit.tracks.append(track(*items))
        edit.tracks.markers.extend(markers)
        path = tmp_path / "edit.otio"
        otio.adapters.write_to_file(edit, str(path))
        return path

    return write


def said(**content):
    return {"metadata": {"diffbgm": content}}


def marker(frame, say):
    return schema.Marker(marked_range=span(frame, 1), **said(cut=say))


ITEMS = (clip("a", 0, 20), clip("b", 0, 30), clip("a", 40, 50))


def items():
    return [item.clone() for item in ITEMS]


@pytest.mark.parametrize("metadata", [{}, {"cuts": "candidates"}])
def test_boundaries_of_items_are_candidates(write, metadata):
    timeline = read_timeline(write(*items(), **metadata))
    assert timeline.hints == CutHints(candidates=(20, 50))
    assert timeline.cuts == (20, 50)


def test_frames_are_listed_on_the_timeline(write):
    path = write(*items(), cuts="candidates", candidates=[33], added=[40, 7], dropped=[20.0])
    hints = CutHints(candidates=(20, 33, 50), added=(7, 40), dropped=(20,))
    assert read_timeline(path).hints == hints


def test_given_cuts_stay_and_others_are_looked_for(write):
    assert read_timeline(write(*items(), cuts="given")).hints == CutHints(cuts=(20, 50))
    assert read_timeline(write(*items(), dropped=[50])).hints == CutHints(
        candidates=(20, 50), dropped=(50,)
    )


def test_what_cannot_be_looked_at_is_cut(write):
    bars = schema.Clip("bars", schema.GeneratorReference("SMPTEBars"), span(0, 10))
    gap = schema.Gap(source_range=span(0, 10))
    path = write(*items()[:2], bars, bars.clone(), items()[2], gap, items()[0])
    assert read_timeline(path).hints == CutHints(cuts=(50, 60, 70), candidates=(20, 120, 130))


def test_items_say_it_for_themselves(write):
    first, second, third = items()
    second.metadata["diffbgm"] = {"cut": "candidate"}
    hints = read_timeline(write(first, second, third)).hints
    assert hints == CutHints(candidates=(20, 50))
    third.metadata["diffbgm"] = {"cut": "given"}
    hints = read_timeline(write(first.clone(), second.clone(), third.clone(), cuts="candidates"))
    assert hints.hints == CutHints(cuts=(50,), candidates=(20,))


def test_between_different_overrides_is_a_cut(write):
    first, second, third = items()
    second.metadata["diffbgm"] = {"energy": 0.5}
    third.metadata["diffbgm"] = {"energy": 0.5}
    hints = read_timeline(write(first, second, third, cuts="candidates")).hints
    assert hints == CutHints(cuts=(20,), candidates=(50,))


def test_markers_say_it_wherever_they_are(write):
    first, second, third = items()
    second.markers.append(
        schema.Marker(
            marked_range=time.TimeRange(time.RationalTime(3600 * 24 + 5, 24)), **said(cut="added")
        )
    )
    markers = [marker(30, "candidate"), marker(50, "dropped"), schema.Marker("a note")]
    hints = read_timeline(write(first, second, third, markers=markers)).hints
    assert hints == CutHints(candidates=(20, 30, 50), added=(25,), dropped=(50,))


def test_without_a_picture_boundaries_are_cuts(write):
    path = write(*items(), cuts="candidates", candidates=[33], added=[40], dropped=[20])
    timeline = read_timeline_cuts(path)
    assert timeline.hints is None
    assert timeline.cuts == (40, 50)


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"cuts": "perhaps"}, "diffbgm.cuts must be one of 'given', 'candidates', not 'perhaps'"),
        ({"added": 5}, "diffbgm.added must be a list of frames, not 5"),
        ({"dropped": "5"}, "diffbgm.dropped must be a list of frames"),
        ({"candidates": [1.5]}, "diffbgm.candidates must hold whole frames, not 1.5"),
        ({"candidates": ["x"]}, "diffbgm.candidates must hold whole frames, not 'x'"),
        ({"added": [4], "dropped": [4]}, "frame 4 is both added and dropped"),
    ],
)
def test_what_cannot_be_understood_is_named(write, metadata, message):
    with pytest.raises(TimelineError, match=f"edit.otio: .*{message}"):
        read_timeline(write(*items(), **metadata))


def test_a_marker_of_an_unknown_kind_is_named(write):
    with pytest.raises(TimelineError, match="must be one of 'candidate', 'added', 'dropped'"):
        read_timeline(write(*items(), markers=[marker(30, "maybe")]))
