"""Embeddings of generated pieces and of the real ones they were made for, row by row.

P@K and diversity are what an embedding makes of them, so a result has to say which was used: any
music encoder's, that a user has run over the pieces, or else features counted by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diffbgm.data.npz import read_npz
from diffbgm.errors import DatasetError
from diffbgm.evaluation.piece import MeasuredPiece, lengthened, windows
from diffbgm.evaluation.retrieval import WINDOW_BARS, hand_made_features, standardised


@dataclass(frozen=True, eq=False)
class Embedded:
    """Rows `generated` (N, D), each made for the row of `reference` (N, D) beside it; `name` says
    what embedded them."""

    name: str
    generated: np.ndarray
    reference: np.ndarray


def hand_made(generated: Sequence[MeasuredPiece], reference: Sequence[MeasuredPiece]) -> Embedded:
    """Counted features of all windows of 8 bars, on the scale of the real ones'."""
    made, real = (hand_made_features(eights(pieces)) for pieces in (generated, reference))
    return Embedded("hand-made features", standardised(made, real), standardised(real, real))


def eights(pieces: Sequence[MeasuredPiece]) -> list[MeasuredPiece]:
    """All windows of 8 bars; a shorter piece is one, too."""
    return [
        lengthened(window, WINDOW_BARS)
        for piece in pieces
        for window in windows(piece, WINDOW_BARS)
    ]


def read_embeddings(path: Path, pieces: Sequence[MeasuredPiece]) -> Embedded:
    """A music encoder's embeddings of the pieces, a row each, from an .npz file.

    `names` (N,): the pieces' file names without suffix, in any order; `generated` and `reference`
    (N, D): what the encoder makes of generated/NAME.mid and reference/NAME.mid, or of their sound.
    DatasetError names what is missing, of another shape, or no finite number.
    """
    table = read_npz(path, ("names", "generated", "reference"))
    names = _names(path, table["names"])
    lacking = [piece.name for piece in pieces if piece.name not in names]
    if lacking:
        raise DatasetError(f"{path}: has no row for {lacking[0]} ({len(lacking)} pieces lack one)")
    rows = [names.index(piece.name) for piece in pieces]
    made, real = (_rows(path, kind, table[kind], names) for kind in ("generated", "reference"))
    if made.shape != real.shape:
        raise DatasetError(
            f"{path}: generated is {made.shape[1]} wide and reference {real.shape[1]}; "
            "embed both by the same encoder"
        )
    return Embedded(path.name, made[rows], real[rows])


def _names(path: Path, found: object) -> list[str]:
    if not isinstance(found, np.ndarray) or found.ndim != 1 or found.dtype.kind != "U":
        raise DatasetError(f"{path}: names must be a list of the pieces' names, as text")
    names = found.tolist()
    if len(set(names)) < len(names):
        raise DatasetError(f"{path}: names a piece twice; keep one row a piece")
    return names


def _rows(path: Path, kind: str, found: object, names: list[str]) -> np.ndarray:
    if not isinstance(found, np.ndarray) or found.ndim != 2 or len(found) != len(names):
        raise DatasetError(f"{path}: {kind} must have a row for each of the {len(names)} names")
    if found.dtype.kind not in "fiu" or not np.isfinite(found).all():
        raise DatasetError(f"{path}: {kind} holds what is no finite number")
    return found.astype(float)
