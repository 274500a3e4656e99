"""How many cuts the beats meet, and how many they would meet by chance. Knows only times."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from diffbgm.spotting.hit_points import Spotting

WINDOWS = (1, 2, 4)


@dataclass(frozen=True)
class HitScore:
    """Shares of the cuts, by weight, with a beat (a downbeat) within 1, 2 and 4 frames.

    `mean_off` and `mean_off_downbeats` are mean distances in frames. nan where nothing is to
    be measured: no cuts, or none that matters.
    """

    beats: dict[int, float]
    downbeats: dict[int, float]
    mean_off: float
    mean_off_downbeats: float

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the windows as text, None for nan."""
        return {
            "beats": {str(k): _json(v) for k, v in self.beats.items()},
            "downbeats": {str(k): _json(v) for k, v in self.downbeats.items()},
            "mean_off": _json(self.mean_off),
            "mean_off_downbeats": _json(self.mean_off_downbeats),
        }


def score(spotting: Spotting, frame_rate: Fraction) -> HitScore:
    """How the spotting meets its own cuts."""
    return _score(spotting, frame_rate, np.array([hit.cut for hit in spotting.hits])[None])


def score_shuffled(
    spotting: Spotting, frame_rate: Fraction, *, rounds: int = 200, seed: int = 0
) -> HitScore:
    """The baseline: the same beats against the same shots in `rounds` random orders.

    A dense grid hits anything; what counts is how far `score` is above this.
    """
    cuts = np.array([hit.cut for hit in spotting.hits])
    lengths = np.diff([0.0, *cuts, spotting.tempo_map.duration])
    rng = np.random.default_rng(seed)
    shuffled = rng.permuted(np.tile(lengths, (rounds, 1)), axis=1)
    return _score(spotting, frame_rate, np.cumsum(shuffled, axis=1)[:, :-1])


def _score(spotting: Spotting, frame_rate: Fraction, cuts: np.ndarray) -> HitScore:
    """Of `cuts` (rounds, C) seconds, weighted as the hits of the spotting are."""
    weights = np.broadcast_to([hit.weight for hit in spotting.hits], cuts.shape)
    tempo_map = spotting.tempo_map
    downbeats = tempo_map.seconds(tempo_map.downbeats(spotting.first_downbeat))
    beat_off = _distance(cuts, tempo_map.beat_seconds) * float(frame_rate)
    downbeat_off = _distance(cuts, downbeats) * float(frame_rate)
    return HitScore(
        {window: _mean(beat_off <= window + 1e-6, weights) for window in WINDOWS},
        {window: _mean(downbeat_off <= window + 1e-6, weights) for window in WINDOWS},
        _mean(beat_off, weights),
        _mean(downbeat_off, weights),
    )


def _distance(times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Seconds from each of `times` (any shape) to the nearest of `grid` (G,), rising."""
    after = np.clip(np.searchsorted(grid, times), 1, max(len(grid) - 1, 1))
    before, after = grid[after - 1], grid[np.minimum(after, len(grid) - 1)]
    return np.minimum(np.abs(times - before), np.abs(times - after))


def _mean(values: np.ndarray, weights: np.ndarray) -> float:
    total = float(weights.sum())
    return float((values * weights).sum()) / total if total else float("nan")


def _json(value: float) -> float | None:
    return None if np.isnan(value) else value
