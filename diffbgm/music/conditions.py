"""The conditions of the network, per beat: one space, measured from a score or from a picture.

Every value lies in 0..1. Measures of a score become quantiles of POP909's training songs
(`quantiles.json`, made by `fit_quantiles`), so that "0.8" means "more than four fifths of real
music"; a picture's energy and mood are put on the same scale by whoever looks at it.

dynamic (what moves; rules the rhythm)
    density         onsets in the beat, all tracks
    density_change  0.5 where the density is that of the four beats before; more where it rises
    accent          the loudest attack in the beat (velocities of what is struck together)
    boundary        1 where a phrase (or a shot) begins, less for a weaker cut, else 0
    since_boundary  beats since the last boundary, until_boundary: beats until the next one;
                    logarithmic, 1 from 32 beats on or where there is none
semantic (what it means; rules melody and harmony)
    valence   major against minor: the mode of the surrounding eight bars and of the chord
    arousal   density, register and velocity of the surrounding four bars
    tension   dissonance of what sounds together (Huron 1994) and notes outside the key
"""

import json
from functools import cache
from importlib.resources import files

import numpy as np
from scipy.ndimage import gaussian_filter1d

from diffbgm.music.pianoroll import HELD, KEYS, LOWEST_PITCH, SIXTEENTHS_PER_BEAT

DYNAMIC = ("density", "density_change", "accent", "boundary", "since_boundary", "until_boundary")
SEMANTIC = ("valence", "arousal", "tension")
FAR_BEATS = 32
# Quantiles that the density and accent of POP909's bars span: single beats fill 0..1, but the
# calmest and the busiest bars (5 and 95 %) lie here.
BAR_RANGE = (0.16, 0.86)

# Probe-tone ratings of Krumhansl and Kessler (1982), C major and C minor.
MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
SCALE = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], float)
# Consonance of interval classes 1 to 6 (Huron 1994, table 2).
CONSONANCE = np.array([-1.428, -0.582, 0.594, 0.386, 1.240, -0.453])


def of_roll(roll: np.ndarray, phrase_starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Dynamic (B, 6) and semantic (B, 3) of a roll (4 B, 3, 88).

    `phrase_starts` holds the beats at which a phrase begins (none known: an empty array).
    """
    raw = measures(roll)
    quantile = {name: to_quantile(name, raw[name]) for name in raw}
    boundary = np.zeros(len(raw["density"]))
    boundary[phrase_starts] = 1.0
    arousal = to_quantile("arousal", _arousal(quantile))
    tension = to_quantile("tension", _tension(quantile))
    return (
        _dynamic(quantile["density"], quantile["accent"], boundary),
        np.stack([quantile["valence"], arousal, tension], axis=1).astype(np.float32),
    )


def from_picture(
    energy: np.ndarray, cut_strength: np.ndarray, mood: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Dynamic (B, 6) and semantic (B, 3) of a film.

    `energy` (B,) in 0..1; `cut_strength` (B,) in 0..1, 0 where no shot begins; `mood` (B, 3):
    valence, arousal, tension, each -1..1.
    """
    accent = np.clip(energy + 0.5 * cut_strength, 0, 1)
    return (
        _dynamic(energy, accent, cut_strength),
        np.clip((mood + 1) / 2, 0, 1).astype(np.float32),
    )


def as_sustained(dynamic: np.ndarray) -> np.ndarray:
    """Dynamic rows (B, 6) of a film on the scale that the network was trained with.

    A shot's energy lasts for bars, and no music is as calm (or wild) for bars as its calmest
    beat: energies fill the range that bars have.
    """
    low, high = BAR_RANGE
    scaled = dynamic.copy()
    density, change, accent = (DYNAMIC.index(name) for name in DYNAMIC[:3])
    scaled[:, [density, accent]] = low + (high - low) * dynamic[:, [density, accent]]
    scaled[:, change] = 0.5 + (high - low) * (dynamic[:, change] - 0.5)
    return scaled


def _dynamic(density: np.ndarray, accent: np.ndarray, boundary: np.ndarray) -> np.ndarray:
    columns = [density, density_change(density), accent, boundary, *_distances(boundary > 0)]
    return np.stack(columns, axis=1).astype(np.float32)


def density_change(density: np.ndarray) -> np.ndarray:
    """0.5 plus half of what a beat's density has over the mean of the four beats before it."""
    padded = np.concatenate([np.repeat(density[:1], 4), density])
    before = np.lib.stride_tricks.sliding_window_view(padded, 4)[: len(density)].mean(axis=1)
    return 0.5 + 0.5 * (density - before)


def _distances(is_boundary: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Beats since the last and until the next boundary, on the logarithmic scale."""
    beats = np.arange(len(is_boundary))
    far = 10 * FAR_BEATS
    last = np.maximum.accumulate(np.where(is_boundary, beats, -far))
    following = np.where(is_boundary, beats, len(beats) + far)
    upcoming = np.minimum.accumulate(following[::-1])[::-1]
    upcoming = np.append(upcoming[1:], len(beats) + far)
    return _log_beats(beats - last), _log_beats(upcoming - beats)


def _log_beats(count: np.ndarray) -> np.ndarray:
    return np.minimum(np.log2(1 + count) / np.log2(1 + FAR_BEATS), 1)


def measures(roll: np.ndarray) -> dict[str, np.ndarray]:
    """Raw measures per beat, each (B,), of a roll (4 B, 3, 88); see the head of the module."""
    sixteenths = SIXTEENTHS_PER_BEAT
    velocity = np.where(roll < HELD, roll, 0).astype(float).sum(axis=1)
    struck = (roll > 0) & (roll < HELD)
    onsets = _per_beat(struck.sum(axis=(1, 2)))
    loudness = _per_beat(velocity.sum(axis=1))
    attacks = velocity.sum(axis=1).reshape(-1, sixteenths).max(axis=1)
    sounding = np.asarray((roll > 0).any(axis=1))
    keys_down = _per_beat(sounding.sum(axis=1))
    register = _per_beat(sounding @ np.arange(LOWEST_PITCH, LOWEST_PITCH + KEYS))
    chroma = _per_beat(pitch_classes(sounding))
    return {
        "density": onsets,
        "accent": attacks,
        "velocity": _mean_over(loudness, onsets, default=64),
        "register": _mean_over(register, keys_down, default=60),
        "dissonance": _dissonance(sounding),
        "outside": _outside_key(chroma),
        "valence": _valence(chroma),
    }


def pitch_classes(sounding: np.ndarray) -> np.ndarray:
    """Keys (..., 88) summed to pitch classes (..., 12)."""
    before = LOWEST_PITCH % 12
    padded = np.pad(sounding.astype(float), [(0, 0), (before, -(before + KEYS) % 12)])
    return padded.reshape(len(sounding), -1, 12).sum(axis=1)


def key_signatures(chroma: np.ndarray, sigma_beats: float = 16) -> np.ndarray:
    """Per beat, 0..11: the tonic of the major scale that holds most of the surrounding notes.

    `chroma` is (B, 12). A relative minor has the key signature of its major.
    """
    local = gaussian_filter1d(chroma, sigma_beats, axis=0, mode="nearest")
    inside = local @ np.stack([np.roll(SCALE, tonic) for tonic in range(12)], axis=1)
    # Ties (C and G share six notes) go to the scale whose tonic triad sounds most.
    triads = np.stack([np.roll(np.eye(12)[[0, 4, 7]].sum(0), tonic) for tonic in range(12)], 1)
    return np.argmax(inside + 0.1 * (local @ triads), axis=1)


def key_signatures_of(roll: np.ndarray) -> np.ndarray:
    """Key signature per beat (B,) of a roll (4 B, 3, 88)."""
    sounding = np.asarray((roll > 0).any(axis=1))
    return key_signatures(_per_beat(pitch_classes(sounding)))


def _per_beat(values: np.ndarray) -> np.ndarray:
    return values.reshape(-1, SIXTEENTHS_PER_BEAT, *values.shape[1:]).sum(axis=1)


def _mean_over(total: np.ndarray, count: np.ndarray, default: float) -> np.ndarray:
    """Local mean over about four bars, from totals and counts per beat."""
    weight = gaussian_filter1d(count.astype(float), 8, mode="nearest")
    summed = gaussian_filter1d(total.astype(float), 8, mode="nearest")
    return np.where(weight > 1e-3, summed / np.maximum(weight, 1e-3), default)


def _dissonance(sounding: np.ndarray) -> np.ndarray:
    """Mean dissonance of the pairs of pitch classes that sound together, over about a bar."""
    present = (pitch_classes(sounding) > 0).astype(float)
    shifted = [(present * np.roll(present, interval, axis=1)).sum(1) for interval in range(1, 6)]
    shifted.append((present * np.roll(present, 6, axis=1)).sum(1) / 2)
    pairs = np.stack(shifted, axis=1)
    total = _per_beat(pairs @ -CONSONANCE)
    count = _per_beat(pairs.sum(axis=1))
    smooth = gaussian_filter1d(np.stack([total, count]).astype(float), 2, axis=1, mode="nearest")
    return smooth[0] / np.maximum(smooth[1], 1e-3)


def _outside_key(chroma: np.ndarray) -> np.ndarray:
    """Share of the sounding notes outside the surrounding key, over about a bar."""
    scales = np.stack([np.roll(SCALE, tonic) for tonic in range(12)])
    outside = (chroma * (1 - scales[key_signatures(chroma)])).sum(axis=1)
    smooth = gaussian_filter1d(np.stack([outside, chroma.sum(axis=1)]), 2, axis=1, mode="nearest")
    return smooth[0] / np.maximum(smooth[1], 1e-3)


def _valence(chroma: np.ndarray) -> np.ndarray:
    mode = _major_minus_minor(gaussian_filter1d(chroma, 8, axis=0, mode="nearest"), MAJOR, MINOR)
    triad = np.eye(12)
    harmony = _major_minus_minor(
        gaussian_filter1d(chroma, 1.5, axis=0, mode="nearest"),
        triad[[0, 4, 7]].sum(axis=0),
        triad[[0, 3, 7]].sum(axis=0),
    )
    return mode + 0.5 * gaussian_filter1d(harmony, 4, mode="nearest")


def _major_minus_minor(chroma: np.ndarray, major: np.ndarray, minor: np.ndarray) -> np.ndarray:
    """Best correlation with a major template over its 12 transpositions, less the best minor."""
    unit = chroma - chroma.mean(axis=1, keepdims=True)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-6)

    def best(template: np.ndarray) -> np.ndarray:
        centred = (template - template.mean()) / np.linalg.norm(template - template.mean())
        return (unit @ np.stack([np.roll(centred, k) for k in range(12)], axis=1)).max(axis=1)

    return best(major) - best(minor)


def _arousal(quantile: dict[str, np.ndarray]) -> np.ndarray:
    density = gaussian_filter1d(quantile["density"], 8, mode="nearest")
    return (2 * density + quantile["velocity"] + quantile["register"]) / 4


def _tension(quantile: dict[str, np.ndarray]) -> np.ndarray:
    return (2 * quantile["dissonance"] + quantile["outside"]) / 3


def to_quantile(name: str, values: np.ndarray) -> np.ndarray:
    """The share of real music's beats whose measure `name` lies below `values`, ties halved."""
    thresholds, shares = _quantiles()[name]
    return np.interp(values, thresholds, shares)


@cache
def _quantiles() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    table = json.loads(files("diffbgm.music").joinpath("quantiles.json").read_text())
    return {name: (np.array(pair[0]), np.array(pair[1])) for name, pair in table.items()}


def fit_quantiles(rolls: list[np.ndarray]) -> dict[str, list[list[float]]]:
    """The content of quantiles.json, from the rolls of the training songs."""
    raw = [measures(roll) for roll in rolls]
    table = {name: _fit(np.concatenate([one[name] for one in raw])) for name in raw[0]}
    arousal, tension = [], []
    for one in raw:
        quantile = {name: np.interp(one[name], table[name][0], table[name][1]) for name in one}
        arousal.append(_arousal(quantile))
        tension.append(_tension(quantile))
    table["arousal"] = _fit(np.concatenate(arousal))
    table["tension"] = _fit(np.concatenate(tension))
    return table


def _fit(values: np.ndarray) -> list[list[float]]:
    """Up to 65 thresholds with the share of values below each, ties counted half."""
    thresholds = np.unique(np.quantile(values, np.linspace(0, 1, 65)).round(5))
    ordered = np.sort(values.round(5))
    below = np.searchsorted(ordered, thresholds, "left")
    up_to = np.searchsorted(ordered, thresholds, "right")
    shares = ((below + up_to) / 2 / len(ordered)).round(5)
    return [thresholds.tolist(), shares.tolist()]
