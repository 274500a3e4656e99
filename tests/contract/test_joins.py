"""Pieces that are cut for Blender add up to their mix, to the bit."""

import itertools
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from addon_modules.joins import Place, cut, lay_out

SAMPLE_RATE = 48_000
EDGES = (0, 23, 30, 60)


@pytest.mark.parametrize("frame", [1, 11, 100_000])
@pytest.mark.parametrize(("fps", "base"), [(24, 1.001), (25, 1.0), (30, 1.001), (60, 1.0)])
def test_pieces_add_up_to_the_mix(tmp_path: Path, fps: int, base: float, frame: int):
    rate = fps / Fraction(base).limit_denominator(1001)
    samples = round(EDGES[-1] / rate * SAMPLE_RATE)
    mix = np.random.default_rng(1).integers(-(2**23), 2**23, (samples, 2), dtype=np.int32)
    soundfile.write(tmp_path / "mix.wav", mix << 8, SAMPLE_RATE, "PCM_24")
    total = np.zeros_like(mix)
    shots = list(itertools.pairwise(EDGES))
    for piece in lay_out(shots, Place(frame, fps / base), rate, SAMPLE_RATE):
        cut(tmp_path / "mix.wav", piece, tmp_path / "shot.wav")
        sound = soundfile.read(tmp_path / "shot.wav", dtype="int32")[0] >> 8
        assert len(sound) == piece.end - piece.start
        assert not sound[: piece.silence].any()
        first = max(piece.start, 0)
        total[first : piece.end] += sound[first - piece.start :]
    assert np.array_equal(total, mix)


def test_shots_end_on_their_frames_and_begin_before_them(tmp_path: Path):
    pieces = lay_out(list(itertools.pairwise(EDGES)), Place(11, 24.0), Fraction(24), SAMPLE_RATE)
    assert [piece.lead >= 2 for piece in pieces] == [False, True, True]
    assert [EDGES[i + 1] * 2000 - piece.end for i, piece in enumerate(pieces)] == [8, 8, 0]


@pytest.mark.parametrize("frame", range(40, 60))
def test_a_sound_begins_where_its_channel_is_free(frame: int):
    """The shot before the one before plays there, until the one before begins."""
    shots = [(0, 30), (30, 31), (31, 34), (34, 60), (60, 90)]
    leads = [p.lead for p in lay_out(shots, Place(frame, 25.0), Fraction(25), SAMPLE_RATE)]
    assert all(lead <= end - start for lead, (start, end) in zip(leads[1:], shots, strict=False))


def test_piece_has_the_form_of_its_mix(tmp_path: Path):
    with wave.open(str(tmp_path / "mix.wav"), "wb") as file:
        file.setparams((1, 2, 44_100, 0, "NONE", ""))
        file.writeframes(bytes(2 * 44_100))
    piece = lay_out([(0, 12), (12, 25)], Place(0, 25.0), Fraction(25), 44_100)[1]
    cut(tmp_path / "mix.wav", piece, tmp_path / "shot.wav")
    with wave.open(str(tmp_path / "shot.wav"), "rb") as file:
        assert file.getparams()[:3] == (1, 2, 44_100)
