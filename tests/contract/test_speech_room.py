"""The room for speech that Blender makes is that of the library, and comes out of the mix whole."""

import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from addon_modules import samples, speech_room
from addon_modules.joins import Place, cut, lay_out

from diffbgm.options import ComposeOptions
from diffbgm.sound import ducking

RATE = 48_000
RESULT = {
    "frame_rate": [25, 1],
    "options": ComposeOptions(ducking=-10.0).to_dict(),
    "dialogue": [[1.0, 2.0], [5.0, 6.0]],
}


def test_it_is_as_long_and_as_deep_as_in_the_library():
    assert (speech_room.FALL, speech_room.RISE) == (ducking.FALL, ducking.RISE)
    assert ComposeOptions().ducking == speech_room.DUCKING


@pytest.fixture
def mix(tmp_path: Path) -> Path:
    """A constant tone of 6 s that steps back as the library has it."""
    spans = [tuple(span) for span in RESULT["dialogue"]]
    curve = ducking.ducking(spans, RESULT["options"]["ducking"], 0, 6 * RATE, RATE)
    path = tmp_path / "mix.wav"
    soundfile.write(path, 0.5 * np.stack([curve, curve], axis=1), RATE, "PCM_24")
    return path


def test_what_is_cut_out_never_steps_back(mix: Path):
    room = speech_room.room_of(RESULT, mix)
    shots = [(0, 40), (40, 150)]
    pieces = lay_out(shots, Place(0, 25.0), Fraction(25), RATE)
    total = np.zeros((6 * RATE, 2))
    for piece in pieces:
        cut(mix, piece, mix.with_name("shot.wav"), room)
        first = max(piece.start, 0)
        total[first : piece.end] += soundfile.read(mix.with_name("shot.wav"))[0][
            first - piece.start :
        ]
    level = 20 * np.log10(total / 0.5)
    assert np.abs(level).max() < 3  # lines stand for half cosines
    assert np.abs(level[RATE : 2 * RATE]).max() < 1e-3


def test_strips_have_the_keyframes_that_they_play(mix: Path):
    room = speech_room.room_of(RESULT, mix)
    assert [key.frame for key in room.keys] == [18, 25, 50, 62, 118, 125, 150, 162]
    assert room.keyframes(70, 110) == []
    assert [key.frame for key in room.keyframes(30, 55)] == [24, 49, 61]
    assert {round(key.volume, 4) for key in room.keys} == {1, 0.3162}


def test_music_that_does_not_step_back_is_cut_as_it_is(mix: Path):
    options = ComposeOptions(ducking=0.0).to_dict()
    assert speech_room.room_of({**RESULT, "options": options}, mix).keys == ()


@pytest.mark.parametrize("width", [2, 3, 4])
def test_samples_are_read_and_written_as_they_are(width: int):
    data = np.random.default_rng(width).bytes(width * 1000)
    values = samples.unpack(data, width)
    assert values[0] == int.from_bytes(data[:width], "little", signed=True)
    assert samples.pack(values, width) == data
    with pytest.raises(OverflowError):
        samples.pack([2 ** (8 * width - 1)], width)


def test_what_a_file_cannot_hold_steps_back_less(tmp_path: Path):
    path = tmp_path / "mix.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes(np.full(6 * RATE, 20_000, np.int16).tobytes())
    room = speech_room.room_of(RESULT, path)
    assert {round(key.volume, 2) for key in room.keys} == {1, 0.61}
    cut(path, lay_out([(0, 150)], Place(0, 25.0), Fraction(25), RATE)[0], tmp_path / "s.wav", room)
    assert abs(soundfile.read(tmp_path / "s.wav", dtype="int16")[0].max() - 32735) < 40
