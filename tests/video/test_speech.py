"""Speech among silence, noises and tones: espeak-ng's, at known times."""

import numpy as np
import pytest
from scipy.signal import resample_poly

from diffbgm.video.speech import RATE as HEARD_RATE
from diffbgm.video.speech import Interval, find_speech
from tests.made_speech import RATE, agreement, noise, speech

pytestmark = pytest.mark.slow

SECONDS = 30.0
STARTS = (3.0, 11.0, 20.0)


def found(sound: np.ndarray) -> list[Interval]:
    return find_speech(resample_poly(sound, HEARD_RATE, RATE).astype(np.float32))


def tune() -> np.ndarray:
    """Notes of a reed: rows of partials that begin and end, a third of a second each."""
    time = np.arange(RATE // 3) / RATE
    rng = np.random.default_rng(0)
    pitches = 220 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12], round(3 * SECONDS)) / 12)
    notes = [
        sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 9)) * np.hanning(len(time))
        for pitch in pitches
    ]
    return np.concatenate(notes)[: round(SECONDS * RATE)]


def behind(kind: str) -> np.ndarray:
    if kind == "silence":
        return np.zeros(round(SECONDS * RATE))
    sound = tune() if kind == "tune" else noise(kind, SECONDS)
    return sound / sound.std()


@pytest.mark.parametrize("kind", ["silence", "white", "wind", "tune"])
def test_speech_is_found(kind: str) -> None:
    """12 dB above what is behind it: nearly all of it, and little else."""
    voice, spans = speech(STARTS, SECONDS)
    loud = np.concatenate([voice[round(a * RATE) : round(b * RATE)] for a, b in spans]).std()
    sound = voice + behind(kind) * loud / 4
    recall, precision = agreement(found(sound), spans)
    assert recall >= 0.95
    assert precision >= 0.85


@pytest.mark.parametrize("kind", ["silence", "white", "wind", "tune"])
@pytest.mark.parametrize("level", [0.5, 0.001])
def test_nothing_else_is_taken_for_it(kind: str, level: float) -> None:
    assert found(level * behind(kind)) == []


def test_how_loud_it_is_does_not_matter() -> None:
    voice, spans = speech(STARTS[:1], 10.0)
    quiet, loud = found(0.003 * voice), found(voice)
    assert quiet == loud
    assert loud[0] == pytest.approx(spans[0], abs=0.3)


def test_very_short_and_empty_sound() -> None:
    assert find_speech(np.zeros(0, np.float32)) == []
    assert find_speech(np.ones(5, np.float32)) == []
