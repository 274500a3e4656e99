"""Documents that OpenTimelineIO would stumble over are refused before it sees them."""

import json
import math
import random
from pathlib import Path

import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edit_films import FilmName, listed
from diffbgm.readers.edits import read_timeline
from diffbgm.readers.otio_documents import check_document, films_named, parsed
from tests.server.made_timelines import (
    clip,
    damaged,
    external,
    rich,
    span,
    timeline,
    track,
    with_several,
)

MISSING = {"OTIO_SCHEMA": "MissingReference.1"}


def test_a_sound_document_passes() -> None:
    check_document(rich("/films/a.mp4"))
    assert films_named(rich("/films/a.mp4")) == {"/films/a.mp4"}


@pytest.mark.parametrize(
    "document",
    [
        timeline(clip("a", external("/a.mp4"), frames=10**9)),
        timeline(clip("a", external("/a.mp4"), frames=1e300)),
        timeline(clip("a", external("x" * 5000))),
        timeline(clip("x" * 5000, MISSING)),
        timeline(clip("a", external("/a\0.mp4"))),
        timeline(clip("a", {"OTIO_SCHEMA": "UnknownSchema.1"})),
        timeline(clip("a", {"OTIO_SCHEMA": "SerializableObjectRef.1", "id": "a"})),
        timeline({**clip("a", None), "source_range": span(0, 24) | {"duration": 5}}),
        timeline({**clip("a", None), "OTIO_REF_ID": "a"}),
        timeline({**with_several("a", "b", b=external("/a")), "OTIO_SCHEMA": "Clip.1"}),
        timeline(None),
    ],
)
def test_what_cannot_be_is_refused(document: dict) -> None:
    with pytest.raises(TimelineError):
        check_document(document)


def test_films_are_named_by_url_and_by_clips_without_one() -> None:
    nested = {"OTIO_SCHEMA": "Stack.1", "children": [track(clip("/nested.mp4", MISSING))]}
    document = timeline(
        clip("../../by_name.mp4", MISSING),
        clip("/no_reference.mp4", None),
        clip("shown", external("file:///shown.mp4")),
        with_several("/inactive.mp4", "high", high=external("/high.mp4"), low=MISSING),
        with_several("/active_is_missing.mp4", "low", high=external("/h.mp4"), low=MISSING),
        with_several("/no_such_key.mp4", "none", high=external("/k.mp4")),
        nested,
        metadata={"deep": [{"target_url": "/in_metadata.mp4"}]},
    )
    assert films_named(document) == {
        "../../by_name.mp4",
        "/no_reference.mp4",
        "file:///shown.mp4",
        "/high.mp4",
        "/active_is_missing.mp4",
        "/h.mp4",
        "/no_such_key.mp4",
        "/k.mp4",
        "/nested.mp4",
        "/in_metadata.mp4",
    }


def test_the_reader_opens_nothing_but_what_a_document_names(tmp_path: Path) -> None:
    """Whatever is done to a document, all that is looked for is in the list made of it."""
    film, edit = tmp_path / "film.mp4", tmp_path / "edit.otio"
    film.touch()
    seed, read, refused = 11, 0, 0
    chance = random.Random(seed)
    for number in range(2000):
        document = damaged(rich(str(film)), chance)
        edit.write_text(json.dumps(document))
        asked: list[FilmName] = []

        def locate(name: FilmName, asked: list[FilmName] = asked) -> Path:
            asked.append(name)
            return film

        try:
            read_timeline(edit, locate)
            read += 1
        except TimelineError:
            refused += 1
        if asked:
            assert {name.text for name in asked} <= films_named(document), (seed, number)
    assert read > 100 and refused > 100


def test_a_list_of_files_is_all_there_is(tmp_path: Path) -> None:
    (tmp_path / "there.mp4").touch()
    edit = tmp_path / "edit.otio"
    edit.write_text(json.dumps(timeline(clip("a", external(str(tmp_path / "there.mp4"))))))
    with pytest.raises(TimelineError, match="was not handed in"):
        read_timeline(edit, listed({}))
    named = listed({str(tmp_path / "there.mp4"): str(tmp_path / "there.mp4")})
    assert read_timeline(edit, named).frames == 24


def test_what_no_edit_hangs_on_is_passed_over(tmp_path: Path) -> None:
    """Newer versions, unknown schemas, and values of another kind than they should have."""
    color = {"OTIO_SCHEMA": "Color.1", "r": 1.0, "g": 0.0, "b": 0.0, "a": 1.0, "name": "RED"}
    marker = {"OTIO_SCHEMA": "Marker.3", "name": "hit", "marked_range": span(6, 0)}
    marker |= {"color": color, "comment": 3}
    unknown = {"OTIO_SCHEMA": "Wobble.4", "name": 5, "strength": color}
    film, other = tmp_path / "a.mp4", {"OTIO_SCHEMA": "Cloud.2", "target_url": "file:///b.mp4"}
    many = {
        **with_several("a", "high", high=external(str(film))),
        "OTIO_SCHEMA": "Clip.7",
        "color": "RED",
        "metadata": [color | {"r": None}],
        "markers": [marker, unknown, 5, {"OTIO_SCHEMA": "Marker.2"}],
        "effects": [unknown],
    }
    document = timeline(
        many, clip("b", other), metadata={"odd": {"OTIO_SCHEMA": "Color.1", "target_url": None}}
    )
    document["tracks"]["children"][0]["OTIO_SCHEMA"] = "Sequence.1"
    edit = tmp_path / "edit.otio"
    edit.write_text(json.dumps(document))
    names = {str(film), "file:///b.mp4"}
    assert films_named(document) == names
    asked: set[str] = set()

    def locate(name: FilmName) -> Path:
        asked.add(name.text)
        film.touch()
        return film

    read = read_timeline(edit, locate)
    assert ([shot.start_frame for shot in read.shots], read.frames) == ([0, 24], 48)
    assert asked == names
    assert read.asked_hits == (6,)


def test_numbers_as_open_timeline_io_writes_them(tmp_path: Path) -> None:
    odd = [2**300, 0.5, 'Inf \\" Inf']
    text = json.dumps(timeline(clip("Inf", external("/Inf.mp4")), metadata={"odd": odd}))
    edit = tmp_path / "edit.otio"
    edit.write_text(text.replace("0.5", "Inf, -Inf, NaN"))
    assert parsed(edit.read_bytes())["metadata"]["odd"][1:3] == [math.inf, -math.inf]
    assert parsed(edit.read_bytes())["metadata"]["odd"][-1] == odd[-1]
    assert read_timeline(edit, listed({"/Inf.mp4": str(edit)})).frames == 24
    with pytest.raises(TimelineError, match=r"not a valid \.otio"):
        edit.write_text("Inf Inf")
        read_timeline(edit)
