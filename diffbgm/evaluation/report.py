"""All metrics of a folder of generated pieces beside those of the real ones.

The folder holds `generated/*.mid` and `reference/*.mid`, the same names in both: a generated
piece was asked for with the conditions of its namesake. Knows no network.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.errors import DatasetError
from diffbgm.evaluation import defects, harmony, overlap, retrieval, rhythm, structure
from diffbgm.evaluation.accompaniment import ACCOMPANIMENT_METRICS
from diffbgm.evaluation.embeddings import Embedded, eights, hand_made, read_embeddings
from diffbgm.evaluation.melody import MELODY_METRICS
from diffbgm.evaluation.piece import MeasuredPiece, lengthened, onsets_per_beat, read_piece

K = 20

# Of one piece each; the mean over a set's pieces is reported.
_OF_A_PIECE: dict[str, Callable[[MeasuredPiece], float | None]] = {
    "pche": harmony.pche,
    "gps": rhythm.grooving_similarity,
    "notes_in_key": harmony.notes_in_key,
    "empty_bars": defects.empty_bars,
    "stuck_notes": defects.stuck_notes,
    "crowded": defects.crowded,
    "notes_a_bar": lambda piece: len(piece.notes) / piece.bars if piece.bars else None,
    **MELODY_METRICS,
    **ACCOMPANIMENT_METRICS,
}


def measure_folder(
    folder: Path,
    embeddings: Path | None = None,
    training: Sequence[MeasuredPiece] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """What `measure` returns of the pieces in a folder, whoever made them.

    `embeddings`: a file that `embeddings.read_embeddings` reads. DatasetError names what is
    missing or cannot be read.
    """
    generated, reference = read_pairs(folder)
    embedded = read_embeddings(embeddings, reference) if embeddings else None
    return measure(generated, reference, embedded, training, seed)


def empty(folder: Path) -> None:
    """Make a folder, or take an earlier run's pieces and pictures out of it."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*folder.glob("*.mid"), *folder.glob("*.png")):
        path.unlink()


def read_pairs(folder: Path) -> tuple[list[MeasuredPiece], list[MeasuredPiece]]:
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
    generated: Sequence[MeasuredPiece],
    reference: Sequence[MeasuredPiece],
    embedded: Embedded | None = None,
    training: Sequence[MeasuredPiece] | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """All metrics of generated pieces beside those of their references, in the same order.

    `embedded` are the pieces' embeddings, by default counted features of their windows of 8 bars;
    `training` the windows of 8 bars that the model was trained on, to look for copies among.
    Under `measures` each metric has `generated`, `reference`, their `distance` (where less is
    better), and `real_against_real`: the same distance, or overlap, between two halves of the
    real pieces, drawn by `seed`: what no model needs to beat; `halves` are the values of both. null
    is what cannot be measured.
    """
    if not generated or len(generated) != len(reference):
        raise ValueError("as many generated pieces as references, and at least one")
    embedded = embedded or hand_made(generated, reference)
    halves = np.array_split(np.random.default_rng(seed).permutation(len(reference)), 2)
    return {
        "pieces": len(generated),
        "bars": sum(piece.bars for piece in reference),
        "seed": seed,
        "embedding": embedded.name,
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
        **_retrieval(embedded, seed),
        "memorisation": _memorisation(generated, reference, training),
    }


def _piece_measures(
    generated: Sequence[MeasuredPiece],
    reference: Sequence[MeasuredPiece],
    halves: Sequence[np.ndarray],
) -> dict[str, dict[str, Any]]:
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
            "halves": [first[name], second[name]],
        }
        for name in made
    }


def _of_piece(piece: MeasuredPiece) -> dict[str, float | None]:
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


def _onsets_per_beat(pieces: Sequence[MeasuredPiece]) -> np.ndarray:
    return np.concatenate([onsets_per_beat(piece) for piece in pieces])


def _retrieval(embedded: Embedded, seed: int) -> dict[str, Any]:
    """P@K by its protocol, and diversity."""
    made, real = embedded.generated, embedded.reference
    candidates = min(retrieval.CANDIDATES, len(real))
    return {
        f"precision_at_{K}": {
            "generated": retrieval.precision_at_k(made, real, K, candidates, seed),
            "chance": min(1.0, K / candidates),
            "candidates": candidates,
        },
        "diversity": {
            "generated": retrieval.diversity(made),
            "reference": retrieval.diversity(real),
        },
    }


def _memorisation(
    generated: Sequence[MeasuredPiece],
    reference: Sequence[MeasuredPiece],
    training: Sequence[MeasuredPiece] | None,
) -> dict[str, dict[str, float]] | None:
    """Similarity of windows of 8 bars to the nearest one in training; null without any."""
    if not training:
        return None
    similarity = {
        "generated": retrieval.nearest_training(eights(generated), training)[0],
        "reference": retrieval.nearest_training(eights(reference), training)[0],
    }
    return {
        kind: {"mean": float(values.mean()), "most": float(values.max())}
        for kind, values in similarity.items()
    }
