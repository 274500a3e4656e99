"""Fits what tells transitions from motion: `python -m benchmarks.cut_films.fitting --seeds 1 2`.

Writes diffbgm/video/gradual.json, by logistic regression on the windows of made films.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.cut_films.assembly import Event, MadeFilm, made_films
from benchmarks.cut_films.joins import RATE
from diffbgm.video import gradual
from diffbgm.video.shots import ShotDetector
from diffbgm.video.similarity import Flow

TARGET = Path(gradual.__file__).with_name("gradual.json")

_PENALTY = 1e-3  # on the squares of the weights
_THRESHOLD = 1.25  # log odds, from which on a window counts: false ones cost more than missed ones
_COVERED = 0.6  # share of a transition that a window shall cover; half as much is neither
_LONGER = (2.6, 8)  # times, and frames more, that it may be longer


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--events", type=int, help="only so many of each, for a quick look")
    parser.add_argument("-o", "--out", type=Path, default=TARGET)
    given = parser.parse_args(arguments)
    rows = [
        (features, label)
        for seed in given.seeds
        for film in made_films(seed, given.events)
        for features, label in labelled_windows(film)
    ]
    features, labels = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    given.out.write_text(json.dumps(fit(features, labels), indent=1) + "\n")
    sys.stdout.write(f"{given.out}: {len(labels)} windows, {int(labels.sum())} of transitions\n")


def labelled_windows(film: MadeFilm) -> Iterator[tuple[gradual.WindowFeatures, bool]]:
    """Features of all windows between cuts that are transitions, or are clear of all."""
    detector, flow = ShotDetector(float(RATE)), Flow()
    for picture in film.pictures:
        detector.push(picture)
    for first, end in detector.ranges():
        pictures = detector.downscaled[first:end]
        for window in gradual.windows(pictures, RATE):
            label = _label(first + window.before, first + window.after, film.events)
            if label is not None:
                yield gradual.measure(pictures, window, RATE, flow), label


def fit(features: np.ndarray, labels: np.ndarray) -> dict[str, object]:
    """`features` (windows, features), `labels` (windows,) bool; what gradual.json holds."""
    mean, spread = features.mean(0), features.std(0) + 1e-6
    units = np.clip((features - mean) / spread, -4, 4)
    signs = np.where(labels, 1.0, -1.0)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        margins = signs * (units @ weights[1:] + weights[0])
        slopes = -signs / (1 + np.exp(margins)) / len(signs)
        gradient = np.concatenate([[slopes.sum()], slopes @ units]) + 2 * _PENALTY * weights
        return float(np.logaddexp(0, -margins).mean() + _PENALTY * weights @ weights), gradient

    best = minimize(loss, np.zeros(units.shape[1] + 1), jac=True, method="L-BFGS-B").x
    names = gradual.WindowFeatures._fields
    table = np.stack([mean, spread, best[1:]], 1).round(5).tolist()
    return {
        "columns": ["mean", "spread", "weight"],
        "features": dict(zip(names, table, strict=True)),
        "bias": round(float(best[0]) - _THRESHOLD, 5),
    }


def _label(before: int, after: int, events: tuple[Event, ...]) -> bool | None:
    """Whether a window is a transition's; None where it has just some of one."""
    label: bool | None = False
    for event in events:
        overlap = min(after, event.end) - max(before + 1, event.first)
        if not event.is_cut or event.name == "hard" or overlap <= 0:
            continue
        length, middle = event.end - event.first, (event.first + event.end) / 2
        is_long = after - before - 1 > _LONGER[0] * length + _LONGER[1]
        if before < middle < after and overlap >= _COVERED * length and not is_long:
            return True
        label = None
    return label


if __name__ == "__main__":
    main()
