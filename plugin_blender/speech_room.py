"""Room for speech, as keyframes of volume that a person may change. Knows no `bpy`.

A mix steps back under speech. That is taken out of its pieces again, and the strips get keyframes
that do the same: a line down before the first word, another one up after the last.
"""

import itertools
import wave
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from . import samples

FALL, RISE = 0.3, 0.5  # seconds before somebody speaks, and after
DUCKING = -8.0  # dB, of music that does not say it
LATE = 1  # frames: so far Blender's mixer is behind its keyframes
FULL = 0.999  # of full scale: what is taken out must leave whole numbers that a file can hold


class Key(NamedTuple):
    """A corner of the volume; frames count from the start of the range that was scored."""

    frame: int
    volume: float


@dataclass(frozen=True)
class Room:
    """The volume of some music, in straight lines between its `keys`, and 1 where there are none,
    at `frame_rate` frames a second."""

    keys: tuple[Key, ...] = ()
    frame_rate: Fraction = Fraction(1)

    def keyframes(self, start: int, end: int) -> list[Key]:
        """What a strip needs that plays from frame `start` up to `end`; nothing where it plays as
        loud as it is. Blender plays a volume a little after the frame that asks for it."""
        frames = [key.frame for key in self.keys]
        found = self.keys[max(bisect(frames, start) - 1, 0) : bisect(frames, end) + 1]
        if all(key.volume == 1 for key in found):
            return []
        return [Key(key.frame - LATE, key.volume) for key in found]

    def take_out(self, sound: bytearray, first: int, form: Any) -> None:
        """Makes `sound`, which begins at sample `first` of a mix of the form of a WAV file, as loud
        as if the mix did not step back."""
        size = form.sampwidth * form.nchannels
        for begin, end, loud, louder in self._lines(form.framerate):
            start, stop = max(begin, first), min(end, first + len(sound) // size)
            if start >= stop:
                continue
            part = slice((start - first) * size, (stop - first) * size)
            slope = (louder - loud) / (end - begin)
            values = samples.unpack(sound[part], form.sampwidth)
            at = loud + slope * (start - begin)
            sound[part] = samples.pack(
                [round(v / (at + slope * (n // form.nchannels))) for n, v in enumerate(values)],
                form.sampwidth,
            )

    def _lines(self, sample_rate: int) -> Iterator[tuple[int, int, float, float]]:
        """(first sample, sample after, volume at the one, at the other) wherever it is not 1."""
        for key, after in itertools.pairwise(self.keys):
            if (key.volume, after.volume) != (1, 1):
                begin, end = (round(k.frame / self.frame_rate * sample_rate) for k in (key, after))
                yield begin, end, key.volume, after.volume


def room_of(result: dict[str, Any], mix: Path) -> Room:
    """How the `mix` of a composition.json steps back, as far as it can be taken out of it."""
    rate = Fraction(*result["frame_rate"])
    asked = 10 ** (result["options"].get("ducking", DUCKING) / 20)
    keys: list[Key] = []
    with wave.open(str(mix), "rb") as file:
        for start, end in result["dialogue"] if asked < 1 else ():
            corners = [round(s * rate) for s in (start - FALL, start, end, end + RISE)]
            volume = max(asked, *_lowest(file, corners, rate))
            keys += map(Key, corners, (1.0, volume, volume, 1.0))
    return Room(tuple(keys), rate)


def _lowest(file: wave.Wave_read, corners: Sequence[int], rate: Fraction) -> Iterator[float]:
    """For each frame, the volume under speech below which the file could not hold the sound
    without it."""
    fall, start, end, rise = corners
    for frame in range(max(fall, 0), rise):
        share = min((frame + 1 - fall) / max(start - fall, 1), (rise - frame) / max(rise - end, 1))
        yield 1 - (1 - _peak(file, frame, rate) / FULL) / min(share, 1.0)


def _peak(file: wave.Wave_read, frame: int, rate: Fraction) -> float:
    """The highest value in a frame of the film, of full scale."""
    begin, end = (round(n / rate * file.getframerate()) for n in (frame, frame + 1))
    if begin >= file.getnframes():
        return 0.0
    file.setpos(begin)
    values = samples.unpack(file.readframes(end - begin), file.getsampwidth())
    return max(max(values), -min(values)) / 2 ** (8 * file.getsampwidth() - 1)
