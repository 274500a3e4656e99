"""A document that comes back with music in it: the old music goes, the editor's own stays."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from diffbgm.options import TimelineFormat
from diffbgm.readers.documents import open_edit
from diffbgm.timeline import Timeline
from diffbgm.writers.timelines import FORMATS
from diffbgm.writers.timelines.conversion import converted
from diffbgm.writers.timelines.media import Relinked
from diffbgm.writers.timelines.music import Marker, Music, SoundClip, SoundTrack
from tests.writers.timelines.made_edits import made_full_edit, read_made_edit
from tests.writers.timelines.made_music import music_for

SAME = Relinked(Path(), Path())
every = pytest.mark.parametrize("name", FORMATS)


@pytest.fixture(scope="module")
def timeline(tmp_path_factory: pytest.TempPathFactory) -> Timeline:
    return read_made_edit(tmp_path_factory.mktemp("edit"))


def document(timeline: Timeline, name: TimelineFormat) -> bytes:
    """The full edit, with a track of the editor's own that is called as ours are."""
    assert timeline.document
    edit = made_full_edit(timeline.document.path.parent)
    edit.tracks[3].name = "BGM"
    return FORMATS[name].fresh(converted(edit, Fraction(25), 100, timeline.document))


def other_music() -> Music:
    """Of one clip, with a marker that is nowhere else."""
    clip = SoundClip("BGM 1", "shots/000.wav", 192_000, 0, 100)
    marker = Marker(7, "beat +0.00", "YELLOW", {"kind": "beat"})
    return Music(Fraction(25), (SoundTrack("BGM", (clip,)),), (marker,))


@every
def test_new_music_takes_the_place_of_the_old(timeline: Timeline, name):
    form, plain = FORMATS[name], document(timeline, name)
    once = form.with_music(plain, other_music(), None, SAME)
    before = form.with_music(plain, music_for(timeline, ("keys", "bass")), None, SAME)
    assert form.with_music(before, other_music(), None, SAME) == once


@every
def test_without_its_music_it_is_the_editors_again(timeline: Timeline, name, tmp_path: Path):
    form, plain = FORMATS[name], document(timeline, name)
    assert form.without_music(plain) is plain
    scored = form.with_music(plain, music_for(timeline, ("keys", "bass")), None, SAME)
    back = form.without_music(scored)
    tracks = []
    for number, text in enumerate((plain, back)):
        path = tmp_path / f"{number}{form.suffix}"
        path.write_bytes(text)
        edit = open_edit(path, None, Fraction(25))
        lanes = converted(edit, Fraction(25), 100, timeline.document)
        tracks.append((lanes.lanes, lanes.markers))
    assert tracks[0] == tracks[1]


MARKS = {
    "otio": b'"diffbgm music": true',
    "fcp7": b"<mastercomment1>diffbgm music</mastercomment1>",
    "kdenlive": b'<property name="diffbgm:music">1</property>',
    "mlt": b'<property name="diffbgm:music">1</property>',
}


@pytest.mark.parametrize("name", MARKS)
def test_what_an_editor_put_on_our_track_stays_in_its_place(timeline: Timeline, tmp_path, name):
    form, plain = FORMATS[name], document(timeline, name)
    scored = form.with_music(plain, music_for(timeline), None, SAME)
    # Without its mark the third of four clips, each of a file of its own, is the editor's.
    places = [found.start() for found in re.finditer(re.escape(MARKS[name]), scored)]
    at = places[5 if name == "otio" else 2]  # two markers and the track have theirs before
    mixed = scored[:at] + scored[at + len(MARKS[name]) :]
    path = tmp_path / f"mixed{form.suffix}"
    path.write_bytes(form.without_music(mixed))
    edit = open_edit(path, None, Fraction(25))
    lanes = converted(edit, Fraction(25), 100, timeline.document).lanes
    assert [
        [(piece.start, piece.end) for piece in lane.pieces]
        for lane in lanes
        if any(piece.name == "BGM 3" or "002.wav" in piece.name for piece in lane.pieces)
    ] == [[(50, 75)]]


def test_guides_of_another_sequence_of_kdenlive_stay_as_they_are_written(timeline: Timeline):
    form = FORMATS["kdenlive"]
    guides = '<property name="kdenlive:sequenceproperties.guides">[\n]\n</property>'
    other = f'<tractor id="other">{guides}</tractor>'.encode()
    plain = document(timeline, "kdenlive").replace(b"<playlist", other + b"<playlist", 1)
    once = form.with_music(plain, other_music(), None, SAME)
    again = form.with_music(once, other_music(), None, SAME)
    assert other in once and again == once
