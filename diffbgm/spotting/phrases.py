"""Phrases: bars in fours and eights where the picture allows. Knows nothing of notes."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from diffbgm.music.tempo_map import BEATS_PER_BAR, TempoMap
from diffbgm.spotting.hit_points import Hit

# What a phrase of so many bars costs; an important cut on a downbeat (see CUT_PULL) outweighs it.
LENGTH_COST = {1: 1.0, 2: 0.5, 3: 0.6, 4: 0.0, 5: 0.6, 6: 0.4, 7: 0.6, 8: 0.05}
CUT_PULL = 1.0
# A theme is the first phrase of so many bars at least; it returns when so many have passed since
# it last began: often enough to be recognised, seldom enough to be welcome.
SHORTEST_THEME = 4
THEME_RETURNS_AFTER = 16


def phrase_starts(tempo_map: TempoMap, first_downbeat: int, hits: Sequence[Hit]) -> tuple[int, ...]:
    """Beats on which phrases begin, rising; the first is `first_downbeat`.

    The cheapest division of the bars: of 4 or 8 each, unless a weighty cut falls on another bar.
    """
    bars = tempo_map.downbeats(first_downbeat)
    bars = bars[bars < tempo_map.beats]
    pull = np.zeros(len(bars) + 1)
    for hit in hits:
        if hit.kind == "downbeat" and first_downbeat <= hit.beat < tempo_map.beats:
            bar = int(hit.beat - first_downbeat) // 4
            pull[bar] = max(pull[bar], CUT_PULL * hit.weight)
    cost, length = np.zeros(len(bars) + 1), np.zeros(len(bars) + 1, int)
    for bar in range(1, len(bars) + 1):
        options = {n: cost[bar - n] + LENGTH_COST[n] for n in LENGTH_COST if n <= bar}
        length[bar] = min(options, key=options.__getitem__)
        cost[bar] = options[length[bar]] - pull[bar]
    starts, bar = [], len(bars)
    while bar > 0:
        bar -= length[bar]
        starts.append(int(bars[bar]))
    return tuple(starts[::-1])


def theme_bars(phrases: Sequence[int], beats: int, first_downbeat: int) -> np.ndarray:
    """Which bar of the theme each bar shows (bars,), counted from the first downbeat; -1 is none.

    `phrases` are the beats of `phrase_starts`, `beats` those of the film. All is -1 in a film that
    is too short for the theme to return.
    """
    bars = -(-(beats - first_downbeat) // BEATS_PER_BAR)
    shown = np.full(max(bars, 0), -1)
    starts = [(beat - first_downbeat) // BEATS_PER_BAR for beat in phrases]
    length, last, times = 0, 0, 0
    for start, end in pairwise([*starts, bars]):
        if end - start < SHORTEST_THEME or (times and start - last < THEME_RETURNS_AFTER):
            continue
        length = length or end - start
        length_here = min(length, end - start)
        shown[start : start + length_here] = np.arange(length_here)
        last, times = start, times + 1
    return shown if times > 1 else np.full_like(shown, -1)
