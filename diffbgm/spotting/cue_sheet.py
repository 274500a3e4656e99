"""The cue sheet: what the composer is told. Beats, hits and conditions; no pixels, no notes."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from diffbgm.spotting.tempo_map import TempoMap

HitKind = Literal["downbeat", "beat", "half", "none"]


@dataclass(frozen=True)
class Hit:
    """How the music meets one cut.

    `cut` and `seconds` are the times of the cut and of the nearest beat (or half beat),
    `frames_off` is (seconds - cut) in frames; `weight` says how much the cut matters, 0..1.
    `kind` is none where nothing lies within one frame of the cut.
    """

    cut_frame: int
    cut: float
    beat: float
    seconds: float
    frames_off: float
    kind: HitKind
    weight: float


@dataclass(frozen=True)
class CueSheet:
    """Tempo map, hits and, per beat, the two condition streams.

    `dynamic` is (B, len(DYNAMIC)), `semantic` (B, len(SEMANTIC)), both float32, named in
    `spotting.conditions`. `shot_of_beat` (B,) is the index of the shot a beat belongs to:
    the segments of the segment-aware attention. B is `tempo_map.beats`: a whole number of bars
    is not promised; beat `first_downbeat` (0..3) is the first downbeat.
    """

    tempo_map: TempoMap
    hits: tuple[Hit, ...]
    dynamic: np.ndarray
    semantic: np.ndarray
    shot_of_beat: np.ndarray
    first_downbeat: int = 0
