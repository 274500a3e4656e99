"""Parts to stems and mix at the right loudness, block by block. Knows neither notes nor pictures.

Everything is local: where two lists of parts are the same, their mixes are the same to the bit,
but for the limiter's reach (`limiter.REACH`) after a difference. Mastered sound lies on a grid of
19 bits, and the stems add up to the mix exactly. Nothing here grows with the film but its peaks.
"""

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.dialogue import Interval
from diffbgm.progress import Advance, no_advance, part_of
from diffbgm.sound.ducking import ducking
from diffbgm.sound.limiter import Limiter, Peaks, Samples, true_peaks
from diffbgm.sound.loudness import LoudnessMeter
from diffbgm.sound.parts import SoundPart
from diffbgm.sound.sample_files import FULL_SCALE, SAMPLE_RATE, blocks

MAX_TRUE_PEAK = -1.0  # dBTP
# Lower than MAX_TRUE_PEAK by what a detector at four times the rate may miss.
CEILING = 10 ** ((MAX_TRUE_PEAK - 0.3) / 20)
# Of finished sound, in files of 24: noise below -110 dB, which fills a third of them.
BITS = 19
_LEVELS = 2 ** (BITS - 1)
FADE_OUT = round(0.5 * SAMPLE_RATE)  # samples: the sound has died away when the picture ends
_MAX_GAIN_DB = 60.0
_MOST_PASSES = 6  # until the gain fits
_NEAR = 0.05  # LU


@dataclass(frozen=True)
class Loudness:
    """Integrated loudness (ITU-R BS.1770-4), None for silence; true peak in dBTP."""

    lufs: float | None
    true_peak: float


@dataclass(frozen=True)
class Mix:
    """What is mixed: all the shots' `parts`, in the order of the shots.

    `boundaries` are first samples of shots, and the end of the last: of the film, or of the
    range of it that is made. The sound is faded to silence until the sample `silent_from`, and
    steps back to `depth_db` in `spans`.
    """

    parts: Sequence[SoundPart]
    boundaries: Sequence[int]
    silent_from: int
    spans: Sequence[Interval] = ()
    depth_db: float = 0.0

    @cached_property
    def stems(self) -> dict[str, list[SoundPart]]:
        """The parts of every stem, by its name, in order."""
        stems: dict[str, list[SoundPart]] = {part.stem: [] for part in self.parts}
        for part in self.parts:
            stems[part.stem].append(part)
        return dict(sorted(stems.items()))

    @cached_property
    def _spans(self) -> dict[str, np.ndarray]:
        """(parts, 2) first samples of every stem's parts, and their ends."""
        return {
            name: np.array([(part.start, part.stop) for part in parts])
            for name, parts in self.stems.items()
        }

    def stem(self, name: str, first: int, last: int) -> np.ndarray:
        """(last - first, 2) float32: the sum of a stem's parts from sample `first` to `last`."""
        samples = np.zeros((last - first, 2), np.float32)
        starts, stops = self._spans[name].T
        for index in np.flatnonzero((starts < last) & (stops > first)):
            part = self.stems[name][index]
            begin, end = max(first, part.start), min(last, part.stop)
            samples[begin - first : end - first] += part.between(begin, end)
        return samples

    def ducking(self, first: int, last: int) -> np.ndarray | None:
        """How far the mix steps back (a gain), None if it never does."""
        if not self.spans:
            return None
        return ducking(self.spans, self.depth_db, first, last, SAMPLE_RATE)

    def fade(self, first: int, last: int) -> np.ndarray:
        """(last - first,) float32: 1, half a cosine down to 0 at `silent_from`, and 0."""
        begin = max(0, self.silent_from - FADE_OUT)
        if last <= begin:
            return np.ones(last - first, np.float32)
        length = self.silent_from - begin
        steps = np.clip(np.arange(first, last) - begin + 1, 0, length) / max(length, 1)
        fade = ((1 + np.cos(np.pi * steps)) / 2).astype(np.float32)
        fade[max(0, self.silent_from - first) :] = 0
        return fade


class Mastering:
    """A mix at its gain: `gain_db` is what was given, or chosen to reach a loudness."""

    def __init__(self, mix: Mix, peaks: Peaks, gain_db: float) -> None:
        self.mix, self.gain_db = mix, gain_db
        self._gain = 10 ** (gain_db / 20)
        self._limiter = Limiter(peaks, self._gain, CEILING)

    def curve(self, first: int, last: int) -> np.ndarray:
        """(last - first,) float32: all that is done to the mix: gain, limiter, fade, ducking."""
        curve = self.unducked(first, last)
        ducked = self.mix.ducking(first, last)
        return curve if ducked is None else curve * ducked

    def unducked(self, first: int, last: int) -> np.ndarray:
        """The curve without the ducking."""
        limit = self._limiter.between(first, last)
        return limit * np.float32(self._gain) * self.mix.fade(first, last)


def mastered(stem: np.ndarray, curve: np.ndarray) -> np.ndarray:
    """A stem (n, 2) as it sounds in the mix, float32 of the grid of BITS; all of them add up to the
    mix, exactly."""
    levels = np.rint(stem * (curve * np.float32(_LEVELS))[:, None])
    return np.clip(levels, -_LEVELS, _LEVELS - 1) / np.float32(_LEVELS)


def master(
    mix: Mix,
    folder: Path,
    gain_db: float | None = None,
    target_lufs: float = -16.0,
    advance: Advance = no_advance,
) -> Mastering:
    """How the mix is mastered, so that no true peak is above MAX_TRUE_PEAK.

    The gain is chosen to reach `target_lufs` if `gain_db` is None; another take is made with the
    gain of the first, so that its neighbours stay as they are. What is measured and limited is
    what is played: the mix as it steps back. Meanwhile the mix lies in a nameless file in `folder`.
    """
    with _plain_mix(mix, folder, part_of(advance, 0.0, 0.4)) as plain:
        peaks = true_peaks(plain, mix.boundaries, part_of(advance, 0.4, 0.6))
        if gain_db is None:
            gain_db = _chosen_gain(mix, plain, peaks, target_lufs, part_of(advance, 0.6, 1.0))
    return Mastering(mix, peaks, gain_db)


def limited(samples: Samples, length: int, advance: Advance = no_advance) -> Iterator[np.ndarray]:
    """Blocks of (n, 2) float32 samples as they are, but none above MAX_TRUE_PEAK."""
    peaks = true_peaks(samples, (0, length), part_of(advance, 0.0, 0.6))
    limiter = Limiter(peaks, 1.0, CEILING)
    for first, last in blocks(0, length):
        curve = limiter.between(first, last)
        yield (samples[first:last] * curve[:, None]).astype(np.float32)
        advance(0.6 + 0.4 * last / length)


def measure_loudness(samples: Samples, length: int, advance: Advance = no_advance) -> Loudness:
    """Loudness of (length, 2) samples at 48 kHz; below 0.4 s, of what silence makes 0.4 s of it."""
    sound = (samples[first:last] for first, last in blocks(0, length))
    lufs = measure_lufs(sound, length, part_of(advance, 0.0, 0.3))
    peaks = true_peaks(samples, (0, length), part_of(advance, 0.3, 1.0))
    peak = peaks.values.max(initial=0.0)
    return Loudness(lufs, 20 * float(np.log10(max(peak, 1e-9))))


def measure_lufs(
    sound: Iterable[np.ndarray], length: int, advance: Advance = no_advance
) -> float | None:
    """LUFS of blocks (n, 2) of so many samples in all; None for silence."""
    meter, done = LoudnessMeter(), 0
    for block in sound:
        meter.push(block)
        done += len(block)
        advance(done / length)
    return meter.finish()


class _PlainMix:
    """The sum of all parts before it is mastered, ducked: samples in a file, in float64.

    There they are exact: sums of multiples of the 24-bit grid's step.
    """

    def __init__(self, mix: Mix, file: Any) -> None:
        self._mix, self._file, self._first = mix, file, mix.boundaries[0]

    def write(self, samples: np.ndarray) -> None:
        self._file.write(np.rint(samples * FULL_SCALE).astype(np.int32).data)

    def __getitem__(self, span: slice) -> np.ndarray:
        first, last = span.start, span.stop
        self._file.seek((first - self._first) * 8)
        levels = np.frombuffer(self._file.read((last - first) * 8), np.int32)
        samples = levels.reshape(-1, 2) / np.float64(FULL_SCALE)
        ducked = self._mix.ducking(first, last)
        return samples if ducked is None else samples * ducked[:, None]


@contextmanager
def _plain_mix(mix: Mix, folder: Path, advance: Advance) -> Iterator[_PlainMix]:
    begin, end = mix.boundaries[0], mix.boundaries[-1]
    with tempfile.TemporaryFile(dir=folder) as file, ThreadPoolExecutor() as pool:
        plain = _PlainMix(mix, file)
        for first, last in blocks(begin, end):
            total = np.zeros((last - first, 2))
            # Unpacking what lies on the disc needs no interpreter.
            stems = pool.map(lambda name, span=(first, last): mix.stem(name, *span), mix.stems)
            for samples in stems:
                total += samples
            plain.write(total)
            advance((last - begin) / (end - begin))
        yield plain


def _chosen_gain(
    mix: Mix, plain: _PlainMix, peaks: Peaks, target_lufs: float, advance: Advance
) -> float:
    """The gain in dB that brings the limited mix to the target, or as near as limiting allows."""
    spans = list(blocks(mix.boundaries[0], mix.boundaries[-1]))
    length = mix.boundaries[-1] - mix.boundaries[0]
    sound = (plain[first:last] for first, last in spans)
    loudness = measure_lufs(sound, length, part_of(advance, 0.0, 1 / (_MOST_PASSES + 1)))
    if loudness is None:
        return 0.0
    gain_db = target_lufs - loudness
    for number in range(1, _MOST_PASSES + 1):  # limiting takes some of the loudness away again
        tried = Mastering(mix, peaks, gain_db)
        sound = (plain[first:last] * tried.unducked(first, last)[:, None] for first, last in spans)
        pass_of = part_of(advance, number / (_MOST_PASSES + 1), (number + 1) / (_MOST_PASSES + 1))
        loudness = measure_lufs(sound, length, pass_of)
        if loudness is None or abs(target_lufs - loudness) < _NEAR:
            break
        gain_db = min(gain_db + target_lufs - loudness, _MAX_GAIN_DB)
    return gain_db
