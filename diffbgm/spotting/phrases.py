"""Phrases: bars in fours and eights where the picture allows. Knows nothing of notes."""

from collections.abc import Sequence

import numpy as np

from diffbgm.music.tempo_map import TempoMap
from diffbgm.spotting.hit_points import Hit

# What a phrase of so many bars costs; an important cut on a downbeat (see CUT_PULL) outweighs it.
LENGTH_COST = {1: 1.0, 2: 0.5, 3: 0.6, 4: 0.0, 5: 0.6, 6: 0.4, 7: 0.6, 8: 0.05}
CUT_PULL = 1.0


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
