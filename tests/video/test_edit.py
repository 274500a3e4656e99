"""The frames of an edit, on films whose brightness is the number of the frame."""

import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio as otio
import pytest

from diffbgm.readers.edits import read_timeline
from diffbgm.timeline import MediaSpan, Shot, Timeline
from diffbgm.video.edit import content_of_edit, edit_frames

RATE = Fraction(24)
FRAMES = 600
EXACT = {"crf": "4"}
SHORT_GROUPS = {"x264-params": "keyint=24:scenecut=0"}


def numbered(number: int) -> np.ndarray:
    """From left to right, as brightness: three digits of a number of base 10."""
    picture = np.zeros((32, 96, 3), np.uint8)
    for place, digit in enumerate(f"{number:03}"):
        picture[:, 32 * place : 32 * place + 32] = 20 + 24 * int(digit)
    return picture


def number_of(rgb: np.ndarray) -> int:
    digits = [part[8:-8, 8:-8].mean() for part in np.array_split(rgb, 3, axis=1)]
    return int("".join(str(round((float(brightness) - 20) / 24)) for brightness in digits))


@pytest.fixture
def film(write_film: Callable[..., Path]) -> Path:
    """One key picture, and pictures that lean on those before and after them."""
    return write_film([numbered(n) for n in range(FRAMES)], RATE, codec_options=EXACT)


def shown(*shots: tuple[int, MediaSpan | None], rate: Fraction = RATE) -> list[int]:
    return [number_of(picture.rgb) for picture in edit_frames(edit(*shots, rate=rate))]


def edit(*shots: tuple[int, MediaSpan | None], rate: Fraction = RATE) -> Timeline:
    """Shots of so many frames, each with its medium."""
    ends = np.cumsum([frames for frames, _ in shots]).tolist()
    return Timeline(
        rate,
        tuple(
            Shot(index, end - frames, end, media)
            for index, (end, (frames, media)) in enumerate(zip(ends, shots, strict=True))
        ),
    )


@pytest.mark.parametrize(
    ("speed", "frames"),
    [
        ("1", [100, 101, 102, 103, 104, 105]),
        ("2", [100, 102, 104, 106, 108, 110]),
        ("5", [100, 105, 110, 115, 120, 125]),
        ("5/4", [100, 101, 102, 103, 105, 106]),
        ("1/2", [100, 100, 101, 101, 102, 102]),
        ("0", [100, 100, 100, 100, 100, 100]),
        ("-1", [99, 98, 97, 96, 95, 94]),
        ("-2", [98, 96, 94, 92, 90, 88]),
        ("-1/2", [99, 99, 98, 98, 97, 97]),
    ],
)
def test_a_speed_shows_the_right_pictures(film, speed, frames):
    assert shown((6, MediaSpan(film, 100 / RATE, Fraction(speed)))) == frames


@pytest.mark.parametrize("speed", [1, 2, Fraction(1, 2), -1, -2, Fraction(-3, 4)])
def test_a_cut_that_goes_on_changes_nothing(film, speed):
    whole = MediaSpan(film, 200 / RATE, Fraction(speed))
    assert shown((12, whole)) == shown((4, whole), (8, whole.later(4 / RATE)))


def test_retimed_shots_follow_each_other(film):
    """One medium, to and fro: every shot begins where it should, whatever was decoded before."""
    spans = [(400, 1), (30, -1), (400, 0), (20, 2), (0, 1), (300, -2)]
    frames = shown(*((2, MediaSpan(film, n / RATE, Fraction(speed))) for n, speed in spans))
    assert frames == [400, 401, 29, 28, 400, 400, 20, 22, 0, 1, 298, 296]


def test_what_a_film_does_not_reach_holds_its_last_picture_or_its_first(film):
    last = MediaSpan(film, (FRAMES - 2) / RATE)
    assert shown((4, last)) == [598, 599, 599, 599]
    assert shown((4, MediaSpan(film, 2 / RATE, Fraction(-1)))) == [1, 0, 0, 0]
    assert shown((3, MediaSpan(film, FRAMES / RATE, Fraction(-1)))) == [599, 598, 597]


def test_a_film_of_twice_the_rate_shows_every_other_picture(write_film):
    fast = write_film([numbered(n) for n in range(60)], Fraction(50), codec_options=EXACT)
    normal, slow = (MediaSpan(fast, Fraction(1, 5), Fraction(speed)) for speed in ("1", "1/2"))
    assert shown((4, normal), rate=Fraction(25)) == [10, 12, 14, 16]
    assert shown((4, slow), rate=Fraction(25)) == [10, 11, 12, 13]


@pytest.mark.slow
def test_a_long_reversed_shot_is_kept_in_parts(film):
    backwards = edit((FRAMES, MediaSpan(film, FRAMES / RATE, Fraction(-1))))
    tracemalloc.start()
    frames = [number_of(picture.rgb) for picture in edit_frames(backwards)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    one = next(edit_frames(backwards)).sized(336).nbytes
    assert frames == [*reversed(range(FRAMES))]
    assert peak < one * FRAMES / 2


def test_what_is_not_shown_is_not_decoded(write_film):
    """A film of which only the pictures around two shots are whole."""
    whole = write_film(
        [numbered(n) for n in range(FRAMES)], RATE, codec_options=EXACT | SHORT_GROUPS
    )
    content = bytearray(whole.read_bytes())
    begin = content.index(b"mdat") + 4
    groups = len(content[begin:]) // 25
    content[begin + groups : begin + 10 * groups] = bytes(9 * groups)
    whole.write_bytes(content)
    late, later = MediaSpan(whole, 480 / RATE), MediaSpan(whole, 530 / RATE, Fraction(-1))
    assert shown((2, late), (3, later), (2, late)) == [480, 481, 529, 528, 527, 480, 481]


def test_retimed_clips_of_an_edit_file(film, tmp_path):
    time, schema = otio.opentime, otio.schema

    def clip(start: int, frames: int, effect: otio.schema.Effect) -> otio.schema.Clip:
        source = time.TimeRange(time.RationalTime(start, 24), time.RationalTime(frames, 24))
        reference = schema.ExternalReference(film.name)
        return schema.Clip("clip", reference, source, effects=[effect])

    track = schema.Track(kind="Video")
    track.extend(
        [
            clip(10, 3, schema.LinearTimeWarp(time_scalar=2)),
            clip(50, 2, schema.FreezeFrame()),
            clip(100, 4, schema.LinearTimeWarp(time_scalar=-1)),
            clip(200, 2, schema.LinearTimeWarp(time_scalar=-2)),
            clip(300, 4, schema.LinearTimeWarp(time_scalar=0.5)),
        ]
    )
    document = schema.Timeline("edit")
    document.tracks.append(track)
    path = tmp_path / "edit.otio"
    otio.adapters.write_to_file(document, str(path))
    frames = [number_of(picture.rgb) for picture in edit_frames(read_timeline(path))]
    assert frames == [10, 12, 14, 50, 50, 103, 102, 101, 100, 202, 200, 300, 300, 301, 301]


def test_edits_with_other_speeds_have_other_contents(film):
    spans = [MediaSpan(film, Fraction(4), Fraction(speed)) for speed in (1, -1, 0, 2)]
    assert len({str(content_of_edit(edit((10, span)))) for span in spans}) == 4
