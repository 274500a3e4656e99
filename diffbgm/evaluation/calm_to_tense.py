"""Is a change from calm to tense audible? Asked for as a film would: two shots, the second tense.

Tense music strikes more notes, sounds more dissonant, and lies higher. The signs of these three
changes are counted; real music that itself turns from calm to tense shows what can be expected.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from diffbgm.music.conditions import SEMANTIC, as_sustained, from_picture, measures
from diffbgm.options import MOODS
from diffbgm.spotting.cue_sheet import with_tension

# Energies that are asked for, each drawn between its two ends.
CALM_ENERGY = (0.1, 0.35)
TENSE_ENERGY = (0.65, 0.9)
# By how much arousal and tension must rise in real music for it to turn from calm to tense.
LEAST_RISE = 0.15

FEATURES = ("density", "dissonance", "register")


@dataclass(frozen=True)
class Heard:
    """Shares (0 to 1) of pieces in which each of FEATURES rose; `signs`, of all three together."""

    pieces: int
    signs: float
    density: float
    dissonance: float
    register: float


def ask(phrases: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Dynamic (B, 6) and semantic (B, 3) that turn from calm to tense in the middle.

    `phrases` (B,) is true where a phrase begins; one begins in the middle.
    """
    half = len(phrases) // 2
    is_tense = np.arange(len(phrases)) >= half
    energy = np.where(is_tense, rng.uniform(*TENSE_ENERGY), rng.uniform(*CALM_ENERGY))
    boundary = phrases.astype(float)
    boundary[[0, half]] = 1
    moods = np.array([with_tension(MOODS[name]) for name in ("calm", "tense")])
    dynamic, semantic = from_picture(energy, boundary, moods[is_tense.astype(int)])
    return as_sustained(dynamic), semantic


def turns_tense(semantic: np.ndarray) -> bool:
    """Whether music with these conditions (B, 3) itself turns from calm to tense in the middle."""
    first, second = np.array_split(semantic.astype(float), 2)
    rise = second.mean(axis=0) - first.mean(axis=0)
    return bool(rise[[SEMANTIC.index("arousal"), SEMANTIC.index("tension")]].min() >= LEAST_RISE)


def count_signs(rolls: Iterable[np.ndarray]) -> Heard | None:
    """The signs in rolls (T, 3, 88) that were to turn tense in the middle; None without any."""
    rises = [_levels(roll[len(roll) // 2 :]) - _levels(roll[: len(roll) // 2]) for roll in rolls]
    if not rises:
        return None
    shares = (np.array(rises) > 0).mean(axis=0)
    return Heard(len(rises), float(shares.mean()), *shares.tolist())


def _levels(roll: np.ndarray) -> np.ndarray:
    """Means (3,) of FEATURES over a roll by itself."""
    measured = measures(roll)
    return np.array([measured[name].mean() for name in FEATURES])
