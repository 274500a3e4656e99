"""How many cuts get a beat on random films, and how long the search takes.

python benchmarks/hit_points.py [FILMS] [--cuts CUTS]

In the end CUTS random cuts in one hour are searched.

Films have 4 to 60 cuts with log-normal gaps of 4.8 s in the mean, at rates from 23.976 to 60; the
base tempo lies between 80 and 160. Judged are the cuts at least 1.2 s after the one before; the
baseline are the same beats against the same shots in another order.
"""

import argparse
import sys
import time
from fractions import Fraction

import numpy as np

from diffbgm.spotting.hit_points import Spotting, SpottingOptions, spot_cuts
from diffbgm.spotting.hit_score import score_shuffled

RATES = [Fraction(n * 1000, 1001) for n in (24, 30, 60)] + [
    Fraction(n) for n in (24, 25, 30, 50, 60)
]
SPREADS = (0.6, 0.8, 1.0)


def random_film(seed: int, spread: float) -> tuple[Fraction, int, list[int]]:
    """Rate, frames and cuts; `spread` is the deviation of the logarithm of the gaps."""
    rng, rate = np.random.default_rng(seed), RATES[seed % len(RATES)]
    gaps = rng.lognormal(np.log(4.8) - spread**2 / 2, spread, rng.integers(4, 61) + 1)
    edges = np.unique(np.rint(np.cumsum(gaps) * float(rate)).astype(int).clip(1))
    return rate, int(edges[-1]), edges[:-1].tolist()


def judged(spotting: Spotting, rate: Fraction, cuts: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Frames off and whether a downbeat, of the cuts that are judged."""
    counts = np.diff([0, *cuts]) / float(rate) >= 1.2
    beats = spotting.tempo_map.beat_seconds
    off = np.array([np.abs(beats - hit.cut).min() * float(rate) for hit in spotting.hits])
    return off[counts], np.array([hit.kind == "downbeat" for hit in spotting.hits])[counts]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("films", type=int, nargs="?", default=200)
    parser.add_argument("--cuts", type=int, default=2000)
    chosen = parser.parse_args(arguments)
    compare(chosen.films)
    time_hour(chosen.cuts)


def compare(films: int) -> None:
    """The table of random films, by spread and freedom."""
    say = sys.stdout.write
    say("spread freedom |  within 1 frame  exact  downbeat  shuffled | CPU ms a film\n")
    for spread in SPREADS:
        for freedom in (3, 6, 10):
            offs, downbeats, chance = [], [], []
            start = time.process_time()
            for seed in range(films):
                rate, frames, cuts = random_film(seed, spread)
                spotting = spot_cuts(rate, frames, cuts, SpottingOptions(freedom_percent=freedom))
                off, downbeat = judged(spotting, rate, cuts)
                offs.append(off)
                downbeats.append(downbeat)
                chance.append(score_shuffled(spotting, rate, rounds=20).beats[1])
            spent = (time.process_time() - start) / films * 1000
            off = np.concatenate(offs)
            say(
                f"{spread:6} {freedom:5} % | {100 * (off <= 1 + 1e-6).mean():13.1f} % "
                f"{100 * (off < 1e-6).mean():6.1f} {100 * np.concatenate(downbeats).mean():8.1f} "
                f"{100 * np.mean(chance):9.1f} | {spent:8.0f}\n"
            )


def time_hour(count: int) -> None:
    cuts = np.sort(np.random.default_rng(0).choice(np.arange(1, 86313), count, replace=False))
    start = time.process_time()
    spot_cuts(RATES[0], 86313, cuts.tolist())
    sys.stdout.write(f"{count} cuts in an hour: {time.process_time() - start:.2f} s CPU\n")


if __name__ == "__main__":
    main()
