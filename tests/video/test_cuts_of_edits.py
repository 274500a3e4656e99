"""Boundaries of an edit's clips are candidates, in every format: the pictures decide."""

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from diffbgm.readers.edits import read_timeline, read_timeline_cuts
from diffbgm.video.analysis import analyse_timeline
from tests.video.films import plain, shifted, texture

RATE = Fraction(25)
FORMATS = (".otio", ".edl", ".xml", ".fcpxml", ".kdenlive")
PAN = [shifted(texture(1), 2 * n) for n in range(60)]
INNER = 45  # first frame of another picture in the film
schema, time = otio.schema, otio.opentime


@pytest.fixture
def write(write_film, tmp_path):
    """write(".edl", (name, first frame, frames), ...) makes an edit of films; gives its path.

    `film` is a pan with another picture from frame INNER to 60, `other` is a third one.
    """
    films = {"film": PAN[:INNER] + [texture(2)] * 15, "other": [texture(3)] * 60}
    for name, pictures in films.items():
        write_film(pictures, RATE, f"{name}.mp4")

    def write(suffix: str, *clips: tuple[str, int, int]) -> Path:
        track = schema.Track("V", kind="Video")
        for name, start, frames in clips:
            film = (tmp_path / f"{name}.mp4").as_uri()
            reference = schema.ExternalReference(film, span(0, 60))
            track.append(schema.Clip(f"{name}.mp4", reference, span(start, frames)))
        edit = schema.Timeline("edit", global_start_time=time.RationalTime(0, 25))
        edit.tracks.append(track)
        path = tmp_path / f"edit{suffix}"
        otio.adapters.write_to_file(edit, str(path))
        return path

    return write


def span(start: int, frames: int) -> otio.opentime.TimeRange:
    return time.TimeRange(time.RationalTime(start, 25), time.RationalTime(frames, 25))


def found(edit: Path) -> tuple[list[tuple[int, str]], tuple[int, ...]]:
    analysis = analyse_timeline(read_timeline(edit))
    return [(cut.frame, cut.source) for cut in analysis.cuts], analysis.rejected


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_pictures_decide_in_every_format(write, suffix):
    """A razor cut at 20 in a film that goes on, a cut inside it at 45, another film at 60."""
    edit = write(suffix, ("film", 0, 20), ("film", 20, 40), ("other", 5, 30))
    assert found(edit) == ([(45, "picture"), (60, "candidate")], (20,))
    assert read_timeline_cuts(edit, RATE).cuts == (20, 60)


def test_what_is_left_out_of_a_film_is_a_cut(write):
    edit = write(".edl", ("film", 0, 20), ("film", 28, 17), ("film", 2, 30))
    assert found(edit) == ([(20, "candidate"), (37, "candidate")], ())


def test_a_razor_cut_where_the_film_is_cut_is_one(write):
    edit = write(".edl", ("film", 0, INNER), ("film", INNER, 15))
    assert found(edit) == ([(INNER, "candidate")], ())


def test_shots_go_on_over_what_is_no_cut(write):
    edit = write(".otio", ("film", 0, 20), ("film", 20, 25), ("other", 0, 30))
    assert [shot.frames for shot in analyse_timeline(read_timeline(edit)).timeline.shots] == [
        45,
        30,
    ]


def test_a_dark_beginning_is_a_cut_too(write_film, write, tmp_path):
    """Out of black into the next clip, which has no change of pictures at its first frame."""
    dark = [plain((0, 0, 0), (108, 192))] * 6
    rising = [(texture(4) * (n / 24)).astype("uint8") for n in range(25)]
    write_film([texture(5)] * 30 + dark, RATE, "first.mp4")
    write_film(dark + rising + [texture(4)] * 20, RATE, "second.mp4")
    cuts, _ = found(write(".edl", ("first", 0, 36), ("second", 0, 50)))
    assert [source for _, source in cuts] == ["candidate"]
    assert cuts[0][0] == 36
