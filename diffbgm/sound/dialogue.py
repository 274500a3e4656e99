"""The dialogue of a film: found in its own sound, and brought to a level beside the music."""

from collections.abc import Callable

import numpy as np

from diffbgm.dialogue import Dialogue
from diffbgm.sound import speech
from diffbgm.sound.mixing import TARGET_LUFS, measure
from diffbgm.sound.parts import SAMPLE_RATE
from diffbgm.timeline import Timeline
from diffbgm.video.film_sound import film_sound

MOST_GAIN_DB = 18.0


def find_dialogue(timeline: Timeline, progress: Callable[[float], None] | None = None) -> Dialogue:
    """Where somebody speaks in the sound of the edit's films; nowhere if they have none.

    `progress` is told the fraction done, and may raise to stop. FilmError as `film_sound`.
    """
    heard = film_sound(timeline, speech.RATE, 1, progress)
    return Dialogue.joined(speech.find_speech(heard[:, 0]), timeline.seconds)


def beside_music(timeline: Timeline, dialogue: Dialogue) -> np.ndarray:
    """(n, 2) float32: the sound of the edit's films, loud enough to be heard over the music.

    Where somebody speaks it is as loud as the music is where nobody does (TARGET_LUFS), changed
    by MOST_GAIN_DB at most; one gain for all of it. Without dialogue it stays as it is.
    """
    sound = film_sound(timeline, SAMPLE_RATE, 2)
    edges = [(round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in dialogue.spans]
    spoken = [sound[start:end] for start, end in edges]
    loudness = measure(np.concatenate(spoken)).lufs if spoken else None
    if loudness is None:
        return sound
    gain_db = float(np.clip(TARGET_LUFS - loudness, -MOST_GAIN_DB, MOST_GAIN_DB))
    return sound * np.float32(10 ** (gain_db / 20))
