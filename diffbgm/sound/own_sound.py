"""The film's own sound and the music together. Reads no film."""

from collections.abc import Sequence

import numpy as np

from diffbgm.dialogue import Dialogue, Interval
from diffbgm.sound.mixing import limited, measure_loudness
from diffbgm.sound.parts import SAMPLE_RATE

# Speech is followed without effort where it lies so far above what is behind it.
ABOVE_MUSIC = 10.0  # LU
MOST_GAIN_DB = 18.0


def with_own_sound(
    own: np.ndarray, music: np.ndarray, dialogue: Dialogue, target_lufs: float
) -> np.ndarray:
    """(n, 2) float32: the finished `music` (n, 2) with the film's `own` sound (n, 2), none above
    MAX_TRUE_PEAK.

    The own sound is brought to `target_lufs` where somebody speaks, by MOST_GAIN_DB at most, and
    the music to ABOVE_MUSIC below that; one gain for all of each. What is quieter already, and
    all of it where nobody speaks, stays as it is.
    """
    speech_lufs, music_lufs = (_loudness(sound, dialogue.spans) for sound in (own, music))
    if speech_lufs is not None:
        gain_db = float(np.clip(target_lufs - speech_lufs, -MOST_GAIN_DB, MOST_GAIN_DB))
        own = own * _factor(gain_db)
        if music_lufs is not None:
            below = speech_lufs + gain_db - ABOVE_MUSIC
            music = music * _factor(min(0.0, below - music_lufs))
    return limited(own + music)


def _loudness(sound: np.ndarray, spans: Sequence[Interval]) -> float | None:
    """LUFS within the spans; None without them, or for silence."""
    edges = [(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in spans]
    parts = [sound[start:end] for start, end in edges]
    return measure_loudness(np.concatenate(parts)).lufs if parts else None


def _factor(gain_db: float) -> np.float32:
    return np.float32(10 ** (gain_db / 20))
