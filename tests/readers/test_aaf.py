"""AAF, by its adapter."""

import opentimelineio as otio
import pytest

from diffbgm.errors import TimelineError
from diffbgm.readers.edits import read_timeline, read_timeline_cuts
from tests.readers.test_edits import schema, span, track


def test_an_aaf_is_read_by_its_adapter(tmp_path):
    edit = schema.Timeline("cut")
    for name in "ab":
        (tmp_path / f"{name}.mov").touch()
    media = [
        schema.ExternalReference((tmp_path / f"{name}.mov").as_uri(), span(0, 300)) for name in "ab"
    ]
    clips = [schema.Clip("a", media[0], span(0, 50)), schema.Clip("b", media[1], span(24, 30))]
    edit.tracks.append(track(*clips))
    path = tmp_path / "cut.aaf"
    otio.adapters.write_to_file(edit, str(path), adapter_name="AAF", use_empty_mob_ids=True)
    timeline = read_timeline(path)
    assert timeline.cuts == (50,)
    assert [shot.media.path.name for shot in timeline.shots if shot.media] == ["a.mov", "b.mov"]
    assert read_timeline_cuts(path).cuts == (50,)


def test_what_is_no_aaf_is_refused_in_one_line(tmp_path):
    path = tmp_path / "cut.aaf"
    path.write_bytes(b"no AAF at all")
    with pytest.raises(TimelineError, match=r"cut\.aaf: .*not a valid .aaf file"):
        read_timeline(path)
