"""The flags that say how an edit is read; what reading does is in tests/readers."""

import json
import shutil
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.cli.test_commands import diffbgm, failed
from tests.readers.made_media import make_medium

pytestmark = pytest.mark.slow

CASES = Path(__file__).parents[1] / "readers" / "cases"


def cuts(*arguments) -> list[int]:
    result = diffbgm("hits", *arguments, "--json")
    assert result.returncode == 0, result.stderr
    return [hit["cut_frame"] for hit in json.loads(result.stdout)["hits"]]


def test_missing_media_are_looked_for_in_folders(tmp_path):
    edit = Path(shutil.copy(CASES / "tc.edl", tmp_path))
    assert "A.mov" in failed("hits", edit)
    folder = tmp_path / "disc"
    make_medium(folder / "day 1" / "A.mov", seconds=11.4, timecode="01:00:00:00")
    assert cuts(edit, "--media", tmp_path / "cases", "--media", folder) == [50]


def test_an_edit_is_scored_from_its_cuts_alone(tmp_path):
    out = tmp_path / "music"
    result = diffbgm("compose", CASES / "tc.edl", "-o", out, "--cuts-only", "--rate", "25")
    assert result.returncode == 0, result.stderr
    composition = json.loads((out / "composition.json").read_text())
    assert (composition["frames"], len(composition["shots"])) == (125, 2)
    assert (out / "mix.wav").stat().st_size > 100_000


def test_an_edit_has_the_rate_that_is_given(tmp_path):
    edit = Path(shutil.copy(CASES / "2398.edl", tmp_path))
    make_medium(tmp_path / "f2398.mp4", Fraction(24), 9)
    for rate, frames in (("24", 120), ("24000/1001", 120)):
        result = diffbgm("analyse", edit, "--rate", rate, "--json")
        content = json.loads(result.stdout)
        assert Fraction(*content["frame_rate"]) == Fraction(rate)
        assert content["frames"] == frames


def test_one_of_several_edits_is_named(tmp_path):
    edits = otio.schema.SerializableCollection()
    for name, lengths in (("first", (20, 30)), ("second", (10, 10, 10))):
        edit = otio.schema.Timeline(name)
        track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
        for number, length in enumerate(lengths):
            medium = make_medium(tmp_path / f"{name} {number}.mp4", seconds=2)
            shown = otio.opentime.TimeRange(
                otio.opentime.RationalTime(0, 25), otio.opentime.RationalTime(length, 25)
            )
            reference = otio.schema.ExternalReference(str(medium))
            track.append(otio.schema.Clip(medium.stem, reference, shown))
        edit.tracks.append(track)
        edits.append(edit)
    path = tmp_path / "edits.otio"
    otio.adapters.write_to_file(edits, str(path))
    assert "this is first; --timeline: second" in diffbgm("hits", path).stderr
    assert cuts(path, "--timeline", "second") == [10, 20]


@pytest.mark.parametrize("flags", [("--rate", "25"), ("--cuts-only",), ("--media", ".")])
def test_flags_of_edits_are_refused_for_films(demo, flags):
    assert f"{flags[0]} needs an edit" in failed("hits", demo[0], *flags, code=2)


@pytest.mark.parametrize("rate", ["0", "fast", "1/0", "-25"])
def test_impossible_rates_are_refused(rate):
    assert "--rate" in failed("hits", CASES / "tc.edl", f"--rate={rate}", code=2)


def test_what_the_pictures_made_of_an_edit_is_told(tmp_path):
    medium = make_medium(tmp_path / "film.mp4", seconds=30)
    track = otio.schema.Track(kind=otio.schema.TrackKind.Video)
    for start in (0, 25):
        shown = otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, 25), otio.opentime.RationalTime(25, 25)
        )
        track.append(otio.schema.Clip("x", otio.schema.ExternalReference(str(medium)), shown))
    edit = otio.schema.Timeline("edit")
    edit.tracks.append(track)
    path = tmp_path / "edit.otio"
    otio.adapters.write_to_file(edit, str(path))
    told = " ".join(diffbgm("analyse", path).stdout.split())
    assert "1 place where clips meet is no cut, as the picture goes on" in told
