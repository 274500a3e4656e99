"""Fits `model/calibration.json`: `python -m diffbgm.evaluation.calibrate pop909.npz`.

Pieces are made on the conditions of validation songs and counted beside those songs. What is struck
or held too often is shifted down by the logarithm of how much too often, and the same again. The
test songs are not looked at.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm import generation
from diffbgm.evaluation.evaluating import own_conditions
from diffbgm.evaluation.songs import BARS, SongSet, Window, read_set
from diffbgm.model.calibration import shift_of
from diffbgm.model.checkpoint import default_checkpoint, identify
from diffbgm.model.networks import Model
from diffbgm.music.pianoroll import HELD, TRACKS
from diffbgm.options import Sampling

PIECES, ROUNDS = 24, 4
# By how many logits to shift where there is e times too much: a third of them arrives in the count.
STEP = 1.5
FILE = Path(__file__).parents[1] / "model" / "calibration.json"

Values = dict[str, dict[str, dict[str, float]]]


@dataclass(frozen=True)
class Counts:
    """Of every track (3,): struck sixteenths a bar, notes in each, and sixteenths a note lasts."""

    struck: np.ndarray
    keys: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, rolls: np.ndarray) -> "Counts":
        """Counted in rolls (N, T, 3, 88)."""
        notes = (rolls > 0) & (rolls != HELD)
        struck = notes.any(axis=-1).sum(axis=(0, 1))
        bars = len(rolls) * BARS
        total = notes.sum(axis=(0, 1, 3))
        return cls(struck / bars, total / struck, (rolls > 0).sum(axis=(0, 1, 3)) / total)


def corrected(values: Values, made: Counts, real: Counts) -> Values:
    """`values` moved so far that pieces come nearer to songs; see `calibration.shift_of`."""
    moved: Values = {"onset": {}, "sustain": {}}
    for index, track in enumerate(TRACKS):
        onset = {"rhythm": (made.struck, real.struck)}
        if track != "MELODY":  # which is one voice
            onset["keys"] = (made.keys, real.keys)
        for kind, columns in (
            ("onset", onset),
            ("sustain", {"rhythm": (made.length, real.length)}),
        ):
            before = values.get(kind, {}).get(track, {})
            moved[kind][track] = {
                name: round(
                    before.get(name, 0.0) - STEP * float(np.log(counts[0] / counts[1])[index]), 3
                )
                for name, counts in columns.items()
            }
    return moved


def fit(data: Path, pieces: int, rounds: int) -> Iterator[tuple[Values, Counts, Counts]]:
    """The values after every round, and what was counted of pieces and of songs before it."""
    found = read_set(data, "validation")
    windows = found.windows(pieces)
    model = generation.load(default_checkpoint(), "auto")
    real = Counts.of(np.stack([found.roll(window) for window in windows]))
    values: Values = {}
    for _ in range(rounds):
        model.network.calibration = shift_of(values).to(model.network.calibration.device)
        made = Counts.of(np.stack(_made(model, found, windows)))
        values = corrected(values, made, real)
        yield values, made, real


def _made(model: Model, found: SongSet, windows: list[Window]) -> list[np.ndarray]:
    rolls = []
    for seed, window in enumerate(windows):
        piece = own_conditions(found.prepared, found.beats(window), seed)
        rolls.append(model.sample(piece, [seed], Sampling())[0])
    return rolls


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="a prepared set")
    parser.add_argument("--pieces", type=int, default=PIECES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--out", type=Path, default=FILE)
    chosen = parser.parse_args(arguments)
    for values, made, real in fit(chosen.data, chosen.pieces, chosen.rounds):
        sys.stdout.write(f"{json.dumps(values)}\n{made}\n{real}\n")
        sys.stdout.flush()
        content: dict[str, Any] = {"weights": identify(default_checkpoint()).sha256}
        chosen.out.write_text(json.dumps(content | {"shifts": values}, indent=1) + "\n")


if __name__ == "__main__":
    main()
