"""Cuts a mix into one sound a shot, such that they join without a hole in Blender. Knows no `bpy`.

Blender's mixer wakes once a frame: it starts a strip at the first sample at which it is awake, and
ends it as late as the next frame. Strips that touch have a hole of a sample at a join, or sound
together for a while. So the sound of a shot begins some frames before its shot, in silence, and
fades in while the one before fades out; wherever Blender rounds to, the two add up to the mix.
"""

import math
import struct
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from . import samples
from .speech_room import Room

FADE_SECONDS = 0.01
MARGIN = 8  # samples before a shot's end at which its fade is over: Blender may end it early
LEAD, LONGEST_LEAD = 2, 16  # frames; one that was moved may wake a frame late
NOISE = 1e-6  # of a sample: what double precision leaves
STEADY = 0.02  # of a sample: what is closer to the next one may be rounded to either
ALL_THE_SAME = Room()


@dataclass(frozen=True)
class Place:
    """The frame of a scene at which a mix begins, and the scene's frames a second: Blender counts
    in single precision, and so has 23.9760228 where 24000/1001 is meant."""

    frame: int
    clock: float


@dataclass(frozen=True)
class Piece:
    """The part of a mix that one strip plays: samples `start` up to, not including, `end`.

    The first `silence` samples are silent, where `start` may be negative: before the mix. Then it
    fades in during `fade_in` samples, and out during its last `fade_out`. The strip begins `lead`
    frames before its shot.
    """

    start: int
    end: int
    silence: int
    fade_in: int
    fade_out: int
    lead: int


def lay_out(
    shots: Sequence[tuple[int, int]], place: Place, rate: Fraction, sample_rate: int
) -> list[Piece]:
    """A piece for every shot, whose frames count from 0, `rate` of them a second.

    The pieces are exact at `sample_rate`, where nothing is moved; a strip that is moved, or follows
    on a shot of some frames, may be a sample late, which the fades hide.
    """
    pieces, room = [], LONGEST_LEAD
    for start, end in shots:
        lead = _lead(place, start, sample_rate, room)
        pieces.append(_piece((start, end), lead, place, rate, sample_rate))
        # The next shot but one plays on the same channel, from the end of this one on.
        room = min(end - start, LONGEST_LEAD)
    end = round(shots[-1][1] / rate * sample_rate)
    return [*pieces[:-1], replace(pieces[-1], end=end, fade_out=0)]


def _piece(
    shot: tuple[int, int], lead: int, place: Place, rate: Fraction, sample_rate: int
) -> Piece:
    start, end = shot
    fade = min(round(FADE_SECONDS * sample_rate), math.floor(sample_rate / rate / 2))
    wakes = _wakes(place.frame + start - lead, place.clock, sample_rate)
    begins = wakes - math.floor(_origin(place, sample_rate) + NOISE) if lead else 0
    sounds = round(start / rate * sample_rate) - (fade + MARGIN if start else 0)
    ends = round(end / rate * sample_rate) - MARGIN
    return Piece(begins, ends, max(sounds - begins, 0), fade if start else 0, fade, lead)


def cut(mix: Path, piece: Piece, path: Path, room: Room = ALL_THE_SAME) -> None:
    """Writes a piece of a mix, a WAV file of whole numbers, to `path`, without its room for
    speech."""
    with wave.open(str(mix), "rb") as source, wave.open(str(path), "wb") as target:
        parameters = source.getparams()
        target.setparams(parameters)
        size = parameters.sampwidth * parameters.nchannels
        audible = piece.start + piece.silence
        source.setpos(min(audible, parameters.nframes))
        data = bytearray(source.readframes(piece.end - audible))
        room.take_out(data, audible, parameters)
        _scale(data, 0, piece.fade_in, parameters, _let_in)
        _scale(data, len(data) // size - piece.fade_out, piece.fade_out, parameters, _let_out)
        target.writeframes(bytes(piece.silence * size))
        target.writeframes(data)


def _let_in(value: int, step: int, steps: int) -> int:
    return value * step // steps


def _let_out(value: int, step: int, steps: int) -> int:
    """What `_let_in` takes away, so that both add up to the mix to the last bit."""
    return value - _let_in(value, step, steps)


def _scale(
    data: bytearray,
    first: int,
    count: int,
    parameters: Any,
    share: Callable[[int, int, int], int],
) -> None:
    """Applies a fade to `count` samples of every channel from sample `first` on."""
    width, channels = parameters.sampwidth, parameters.nchannels
    part = slice(first * channels * width, (first + count) * channels * width)
    values = enumerate(samples.unpack(data[part], width))
    data[part] = samples.pack(
        [share(value, n // channels + 1, count + 1) for n, value in values], width
    )


def _lead(place: Place, start: int, sample_rate: int, longest: int) -> int:
    """Frames before a shot at which Blender starts a strip at a sample that is certain."""
    origin = _origin(place, sample_rate)
    if not start and abs(origin - round(origin)) < NOISE:
        return 0
    for lead in range(LEAD, longest + 1):
        frame = place.frame + start - lead
        late = _wakes(frame, place.clock, sample_rate) - frame / place.clock * sample_rate
        if abs(late) < NOISE or STEADY < late < 0.5 - STEADY:
            return lead
    return min(LEAD, longest)


def _origin(place: Place, sample_rate: int) -> float:
    """The sample at which a mix begins."""
    return place.frame / place.clock * sample_rate


def _wakes(frame: int, clock: float, sample_rate: int) -> int:
    """The sample at which Blender's mixer wakes for a frame: it divides in single precision."""
    return math.ceil(_single(frame / _single(clock)) * sample_rate)


def _single(number: float) -> float:
    return struct.unpack("f", struct.pack("f", number))[0]
