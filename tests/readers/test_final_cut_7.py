"""Changed speeds in Final Cut 7's XML show the right pictures."""

from fractions import Fraction

import pytest

from diffbgm.readers.edits import read_timeline

RATE = "<rate><timebase>25</timebase><ntsc>FALSE</ntsc></rate>"
FILE = (
    f"<file id='f'><name>a.mov</name><pathurl>a.mov</pathurl>{RATE}<duration>300</duration></file>"
)
SEQUENCE = """<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE xmeml><xmeml version="4"><sequence>
<name>cut</name><duration>50</duration>{rate}<media><video><track>
<clipitem id="c"><name>a.mov</name><duration>300</duration>{rate}<in>{start}</in><out>{end}</out>
<start>0</start><end>50</end>{still}{file}{remap}</clipitem></track></video></media>
</sequence></xmeml>"""


def remap(speed: float, reverse: str = "FALSE") -> str:
    values = {"variablespeed": 0, "speed": speed, "reverse": reverse}
    parameters = "".join(
        f"<parameter><parameterid>{name}</parameterid><name>{name}</name><value>{value}</value>"
        "</parameter>"
        for name, value in values.items()
    )
    return (
        "<filter><effect><name>Time Remap</name><effectid>timeremap</effectid>"
        "<effectcategory>motion</effectcategory><effecttype>motion</effecttype>"
        f"<mediatype>video</mediatype>{parameters}</effect></filter>"
    )


@pytest.fixture
def shown(tmp_path):
    """The medium's start (in frames) and speed, of a clip from frame 100 to 150 as it is played."""
    (tmp_path / "a.mov").touch()

    def read(remap: str = "", still: str = ""):
        content = SEQUENCE.format(
            rate=RATE, file=FILE, start=100, end=150, remap=remap, still=still
        )
        path = tmp_path / "cut.xml"
        path.write_text(content)
        (shot,) = read_timeline(path).shots
        assert (shot.frames, shot.media.path) == (50, tmp_path / "a.mov")
        return shot.media.start * 25, shot.media.speed

    return read


def test_in_and_out_count_pictures_as_they_are_played(shown):
    assert shown() == (100, 1)
    assert shown(remap(100)) == (100, 1)
    assert shown(remap(200)) == (200, 2)
    assert shown(remap(50)) == (50, Fraction(1, 2))


def test_backwards_they_count_from_the_end(shown):
    assert shown(remap(100, "TRUE")) == (200, -1)  # what is shown first ends there
    assert shown(remap(200, "TRUE")) == (100, -2)


def test_a_still_frame_stays(shown):
    still = "<stillframe>TRUE</stillframe><stillframeoffset>70</stillframeoffset>"
    assert shown(still=still) == (70, 0)
