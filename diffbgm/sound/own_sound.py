"""The film's own sound and the music together. Reads no film."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from diffbgm.dialogue import Dialogue, Interval
from diffbgm.progress import Advance, no_advance
from diffbgm.sound.limiter import Samples
from diffbgm.sound.mixing import limited, measure_lufs
from diffbgm.sound.sample_files import SAMPLE_RATE, blocks

# Speech is followed without effort where it lies so far above what is behind it.
ABOVE_MUSIC = 11.0  # LU
MOST_GAIN_DB = 18.0


def with_own_sound(
    own: Samples,
    music: Samples,
    length: int,
    dialogue: Dialogue,
    target_lufs: float,
    advance: Advance = no_advance,
) -> Iterator[np.ndarray]:
    """Blocks (n, 2) float32, `length` samples in all: the finished `music` with the film's `own`
    sound, none above MAX_TRUE_PEAK.

    The own sound is brought to `target_lufs` where somebody speaks, by MOST_GAIN_DB at most, and
    the music to ABOVE_MUSIC below that; one gain for all of each. What is quieter already, and
    all of it where nobody speaks, stays as it is.
    """
    speech_lufs, music_lufs = (
        _loudness(sound, length, dialogue.spans, advance) for sound in (own, music)
    )
    own_gain = music_gain = 0.0
    if speech_lufs is not None:
        own_gain = float(np.clip(target_lufs - speech_lufs, -MOST_GAIN_DB, MOST_GAIN_DB))
        if music_lufs is not None:
            music_gain = min(0.0, speech_lufs + own_gain - ABOVE_MUSIC - music_lufs)
    return limited(_Sum(own, _factor(own_gain), music, _factor(music_gain)), length, advance)


@dataclass(frozen=True)
class _Sum:
    """Two sounds, each with its gain, added where they are asked for."""

    own: Samples
    own_gain: np.float32
    music: Samples
    music_gain: np.float32

    def __getitem__(self, span: slice) -> np.ndarray:
        return self.own[span] * self.own_gain + self.music[span] * self.music_gain


def _loudness(
    sound: Samples, length: int, spans: Sequence[Interval], advance: Advance
) -> float | None:
    """LUFS within the spans, laid end to end; None without them, or for silence."""
    edges = [(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in spans]
    parts = [part for start, end in edges for part in blocks(start, min(end, length))]
    samples = sum(last - first for first, last in parts)
    spoken = (sound[first:last] for first, last in parts)
    return measure_lufs(spoken, samples, advance) if parts else None


def _factor(gain_db: float) -> np.float32:
    return np.float32(10 ** (gain_db / 20))
