"""Parts of made sound: three shots of plucked tones whose tails ring into the next shot."""

import numpy as np

from diffbgm.sound.parts import SAMPLE_RATE, Part

# Of a film of 12 s with cuts that lie on no round number.
BOUNDARIES = (0, 170_171, 371_003, 576_000)
LENGTH = BOUNDARIES[-1]
STEMS = {"Melody": 880.0, "Piano": 440.0, "Bass": 110.0}


def tones(shot: int, stem: str, level: float = 0.3, seed: int = 0) -> Part:
    """Decaying tones in stereo, one every half second, the last ringing a second on."""
    rng = np.random.default_rng((seed, shot, sorted(STEMS).index(stem)))
    first, last = BOUNDARIES[shot : shot + 2]
    samples = np.zeros((last - first + SAMPLE_RATE, 2))
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for begin in range(0, last - first, SAMPLE_RATE // 2):
        pitch = STEMS[stem] * 2 ** (rng.integers(0, 8) / 12)
        tone = np.sin(2 * np.pi * pitch * time) * np.exp(-4 * time) * np.minimum(1, time * 200)
        samples[begin : begin + SAMPLE_RATE] += level * tone[:, None] * rng.uniform(0.6, 1, 2)
    return Part.rounded(stem, first, samples)


def all_parts(level: float = 0.3) -> list[Part]:
    """The parts of all shots, in the order of the shots."""
    return [tones(shot, stem, level) for shot in range(len(BOUNDARIES) - 1) for stem in STEMS]
