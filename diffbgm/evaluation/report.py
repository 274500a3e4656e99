"""All metrics of a folder of generated pieces beside those of the real ones: metrics.json.

The folder holds `generated/*.mid` and `reference/*.mid`, the same names in both: a generated
piece was asked for with the conditions of its namesake. Knows no network.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import DatasetError
from diffbgm.evaluation import defects, harmony, overlap, retrieval, rhythm, structure
from diffbgm.evaluation.piece import Piece, lengthened, onsets_per_beat, read_piece, windows
from diffbgm.files import replacing

K = 20

# Of one piece each; the mean over a set's pieces is reported.
_OF_A_PIECE: dict[str, Callable[[Piece], float | None]] = {
    "pche": harmony.pche,
    "gps": rhythm.grooving_similarity,
    "notes_in_key": harmony.notes_in_key,
    "empty_bars": defects.empty_bars,
    "stuck_notes": defects.stuck_notes,
    "crowded": defects.crowded,
    "notes_a_bar": lambda piece: len(piece.notes) / piece.bars if piece.bars else None,
}


@dataclass(frozen=True)
class Encoder:
    """What turns windows of 8 bars into embeddings, and the name to report it by."""

    name: str
    embed: retrieval.Embedding


HAND_MADE = Encoder("hand-made features", retrieval.hand_made_features)


def evaluate_folder(
    folder: Path,
    encoder: Encoder = HAND_MADE,
    training: Sequence[Piece] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure `folder` and write its metrics.json; returns what was written.

    `training`: windows of 8 bars that the model has seen, to look for copies among. DatasetError
    names what is missing or cannot be read; StorageError where metrics.json cannot be written.
    """
    generated, reference = read_pairs(folder)
    metrics = measure(generated, reference, encoder, training, seed)
    with replacing(folder / "metrics.json") as unfinished:
        unfinished.write_text(json.dumps(metrics, indent=2, allow_nan=False) + "\n")
    return metrics


def read_pairs(folder: Path) -> tuple[list[Piece], list[Piece]]:
    """Generated and reference pieces of a folder by name, each as long as its namesake."""
    names = {kind: _names(folder / kind) for kind in ("generated", "reference")}
    alone = names["generated"] ^ names["reference"]
    if alone:
        name = min(alone)
        lacking = "reference" if name in names["generated"] else "generated"
        raise DatasetError(f"{folder / lacking / name}: is missing ({len(alone)} lack a namesake)")
    generated, reference = [], []
    for name in sorted(names["generated"]):
        made, real = (read_piece(folder / kind / name) for kind in ("generated", "reference"))
        generated.append(lengthened(made, real.bars))
        reference.append(lengthened(real, made.bars))
    return generated, reference


def _names(folder: Path) -> set[str]:
    names = {path.name for path in folder.glob("*.mid")}
    if not names:
        raise DatasetError(f"{folder}: holds no .mid file")
    return names


def measure(
    generated: Sequence[Piece],
    reference: Sequence[Piece],
    encoder: Encoder = HAND_MADE,
    training: Sequence[Piece] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """All metrics of generated pieces beside those of their references, in the same order.

    Under `measures` each metric has `generated`, `reference`, their `distance` (where less is
    better), and `real_against_real`: the same distance, or overlap, between two halves of the
    real pieces, drawn by `seed`: what no model needs to beat. null is what cannot be measured.
    """
    if not generated or len(generated) != len(reference):
        raise ValueError("as many generated pieces as references, and at least one")
    halves = np.array_split(np.random.default_rng(seed).permutation(len(reference)), 2)
    return {
        "pieces": len(generated),
        "bars": sum(piece.bars for piece in reference),
        "seed": seed,
        "embedding": encoder.name,
        "measures": _piece_measures(generated, reference, halves),
        "overlapping_area": {
            "generated": overlap.overlapping_areas(generated, reference),
            "real_against_real": overlap.overlapping_areas(
                *([reference[index] for index in half] for half in halves)
            ),
        },
        "density_rank_correlation": rhythm.rank_correlation(
            _onsets_per_beat(reference), _onsets_per_beat(generated)
        ),
        **_window_measures(generated, reference, encoder, training, seed),
    }


def _piece_measures(
    generated: Sequence[Piece], reference: Sequence[Piece], halves: Sequence[np.ndarray]
) -> dict[str, dict[str, float | None]]:
    of_reference = [_of_piece(piece) for piece in reference]
    made = _means([_of_piece(piece) for piece in generated])
    real = _means(of_reference)
    first, second = (_means([of_reference[index] for index in half]) for half in halves)
    return {
        name: {
            "generated": made[name],
            "reference": real[name],
            "distance": _distance(made[name], real[name]),
            "real_against_real": _distance(first[name], second[name]),
        }
        for name in made
    }


def _of_piece(piece: Piece) -> dict[str, float | None]:
    structureness = structure.structureness(piece)
    return {name: metric(piece) for name, metric in _OF_A_PIECE.items()} | {
        f"si {name}": value for name, value in structureness.items()
    }


def _means(measured: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The mean of each metric over the pieces in which it could be measured."""
    names = [*_OF_A_PIECE, *(f"si {name}" for name in structure.RANGES)]
    values = {name: [v for row in measured if (v := row[name]) is not None] for name in names}
    return {name: float(np.mean(known)) if known else None for name, known in values.items()}


def _distance(first: float | None, second: float | None) -> float | None:
    return None if first is None or second is None else abs(first - second)


def _onsets_per_beat(pieces: Sequence[Piece]) -> np.ndarray:
    return np.concatenate([onsets_per_beat(piece) for piece in pieces])


def _window_measures(
    generated: Sequence[Piece],
    reference: Sequence[Piece],
    encoder: Encoder,
    training: Sequence[Piece] | None,
    seed: int,
) -> dict[str, Any]:
    """What is measured on windows of 8 bars: P@K, diversity, memorisation."""
    made, real = _windows(generated), _windows(reference)
    embedded_real = encoder.embed(real)
    of_made = retrieval.standardised(encoder.embed(made), embedded_real)
    of_real = retrieval.standardised(embedded_real, embedded_real)
    candidates = min(retrieval.CANDIDATES, len(real))
    return {
        f"precision_at_{K}": {
            "generated": retrieval.precision_at_k(of_made, of_real, K, candidates, seed),
            "chance": min(1.0, K / candidates),
            "candidates": candidates,
        },
        "diversity": {
            "generated": retrieval.diversity(of_made),
            "reference": retrieval.diversity(of_real),
        },
        "memorisation": _memorisation(made, real, training),
    }


def _windows(pieces: Sequence[Piece]) -> list[Piece]:
    return [
        lengthened(window, retrieval.WINDOW_BARS)
        for piece in pieces
        for window in windows(piece, retrieval.WINDOW_BARS)
    ]


def _memorisation(
    made: Sequence[Piece], real: Sequence[Piece], training: Sequence[Piece] | None
) -> dict[str, dict[str, float]] | None:
    """Likeness to the nearest training window; null where no training windows were given."""
    if not training:
        return None
    likeness = {
        "generated": retrieval.nearest_training(made, training)[0],
        "reference": retrieval.nearest_training(real, training)[0],
    }
    return {
        kind: {"mean": float(values.mean()), "most": float(values.max())}
        for kind, values in likeness.items()
    }
