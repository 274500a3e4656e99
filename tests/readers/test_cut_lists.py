import json
from fractions import Fraction

import pytest

from diffbgm.errors import CutsError
from diffbgm.readers.cut_lists import CutList, read_cut_list, read_cuts

FILM = Fraction(24000, 1001)
NTSC = Fraction(30000, 1001)


def cuts_file(tmp_path, content):
    path = tmp_path / "cuts"
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def test_json(tmp_path):
    content = {"frame_rate": [24000, 1001], "frames": 720, "cuts": [48, 131]}
    path = cuts_file(tmp_path, content)
    assert read_cuts(path, FILM, 720) == (48, 131)
    assert read_cut_list(path) == CutList(FILM, 720, (48, 131))


def test_json_for_a_given_film_needs_only_the_cuts(tmp_path):
    path = cuts_file(tmp_path, {"cuts": []})
    assert read_cuts(path, FILM, 720) == ()
    with pytest.raises(CutsError, match="`frame_rate` is missing"):
        read_cut_list(path)


def test_a_rounded_rate_is_the_same_rate(tmp_path):
    path = cuts_file(tmp_path, {"frame_rate": [23976, 1000], "cuts": [1]})
    assert read_cuts(path, FILM, 720) == (1,)


def test_text_with_comments(tmp_path):
    path = cuts_file(tmp_path, "\ufeff# the cuts\r\n\r\n48  # door\r\n 131\r\n")
    assert read_cuts(path, FILM, 720) == (48, 131)


@pytest.mark.parametrize(
    ("entry", "rate", "frame"),
    [
        ("00:00:02:05", Fraction(24), 53),
        ("00:00:02:05", FILM, 53),
        ("00:01:00;02", NTSC, 1800),
        ("00:01:00,02", NTSC, 1800),
        ("00:10:00;00", NTSC, 17982),
        ("01:00:00;00", NTSC, 107892),
        ("00:01:00;04", Fraction(60000, 1001), 3600),
        ("00:00:02.000", Fraction(25), 50),
        ("00:00:01.001", FILM, 24),
        ("00:00:00.5", Fraction(25), 13),
    ],
)
def test_timecodes(tmp_path, entry, rate, frame):
    assert read_cuts(cuts_file(tmp_path, entry), rate, 200_000) == (frame,)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("48\n131\n131", "line 3: frame 131 is there twice"),
        ("48\n\n30", "line 3: frame 30 comes after 48"),
        ("0", "line 1: frame 0 is outside the film"),
        ("48\n720", "line 2: frame 720 is outside the film.*the last at 719"),
        ("48\n-3", "line 2: '-3' is neither a frame number nor a timecode"),
        ("twelve", "'twelve' is neither"),
        ("00:00:02:24", "no such frame at 23.976 fps"),
        ("00:60:02:00", "more than 59 minutes"),
        ("00:00:02;05", "drop-frame, which 23.976 fps has not"),
        ("", "names no cuts"),
        ("# nothing", "names no cuts"),
        ("{", "not valid JSON"),
        ("[1, 2]", "expected"),
        ({"cuts": [48], "kuts": [1]}, "no other keys"),
        ({"cuts": [48, 47]}, "entry 2 of `cuts`: frame 47 comes after 48"),
        ({"cuts": [48.5]}, "`cuts` must be a list of frame numbers"),
        ({"cuts": [True]}, "`cuts` must be a list of frame numbers"),
        ({"frame_rate": [24, 1], "cuts": [48]}, "is 24 fps, that of the film 23.976 fps"),
        ({"frame_rate": [24, 0], "cuts": [48]}, "two whole numbers above 0"),
        ({"frame_rate": 24, "cuts": [48]}, "two whole numbers above 0"),
        ({"frames": 700, "cuts": [48]}, "has 700 frames, this film has 720"),
        ({"frames": 0, "cuts": []}, "`frames` must be a whole number above 0"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, content, message):
    path = cuts_file(tmp_path, content)
    with pytest.raises(CutsError, match=message) as caught:
        read_cuts(path, FILM, 720)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_dropped_number(tmp_path):
    with pytest.raises(CutsError, match="leaves out that number"):
        read_cuts(cuts_file(tmp_path, "00:01:00;01"), NTSC, 10_000)


def test_files_that_are_none(tmp_path):
    (tmp_path / "film.mp4").write_bytes(b"\xff\xfe\x00\x80")
    for name, message in (("film.mp4", "not a text"), ("nowhere", "No such"), (".", "directory")):
        with pytest.raises(CutsError, match=message):
            read_cuts(tmp_path / name, FILM, 720)


def test_a_list_without_a_film_must_say_its_rate(tmp_path):
    with pytest.raises(CutsError, match=r'neither the frame rate nor the length .* write {"frame'):
        read_cut_list(cuts_file(tmp_path, "48\n131\n"))
