"""The dialogue of a film: found in its own sound, and heard together with the music."""

from collections.abc import Callable, Sequence

import numpy as np

from diffbgm.dialogue import Dialogue, Span
from diffbgm.sound import speech
from diffbgm.sound.mixing import limited, measure
from diffbgm.sound.parts import SAMPLE_RATE
from diffbgm.timeline import Timeline
from diffbgm.video.film_sound import film_sound

# Speech is followed without effort where it lies so far above what is behind it.
ABOVE_MUSIC = 10.0  # LU
MOST_GAIN_DB = 18.0


def find_dialogue(timeline: Timeline, progress: Callable[[float], None] | None = None) -> Dialogue:
    """Where somebody speaks in the sound of the edit's films; nowhere if they have none.

    `progress` is told the fraction done, and may raise to stop. FilmError as `film_sound`.
    """
    heard = film_sound(timeline, speech.RATE, 1, progress)
    return Dialogue.joined(speech.find_speech(heard[:, 0]), timeline.seconds)


def with_own_sound(
    timeline: Timeline, dialogue: Dialogue, music: np.ndarray, target_lufs: float
) -> np.ndarray:
    """(n, 2) float32: the finished `music` (n, 2) and the edit's own sound, none above
    MAX_TRUE_PEAK.

    The own sound is brought to `target_lufs` where somebody speaks, by MOST_GAIN_DB at most, and
    the music to ABOVE_MUSIC below that; one gain for all of each. What is quieter already, and
    all of it where nobody speaks, stays as it is.
    """
    own = film_sound(timeline, SAMPLE_RATE, 2)
    speech_lufs, music_lufs = (_loudness(sound, dialogue.spans) for sound in (own, music))
    if speech_lufs is not None:
        gain_db = float(np.clip(target_lufs - speech_lufs, -MOST_GAIN_DB, MOST_GAIN_DB))
        own *= _factor(gain_db)
        if music_lufs is not None:
            below = speech_lufs + gain_db - ABOVE_MUSIC
            music = music * _factor(min(0.0, below - music_lufs))
    return limited(own + music)


def _loudness(sound: np.ndarray, spans: Sequence[Span]) -> float | None:
    """LUFS within the spans; None without them, or where nothing is heard."""
    edges = [(round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)) for start, end in spans]
    parts = [sound[start:end] for start, end in edges]
    return measure(np.concatenate(parts)).lufs if parts else None


def _factor(gain_db: float) -> np.float32:
    return np.float32(10 ** (gain_db / 20))
