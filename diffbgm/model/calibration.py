"""Corrections of a network's logits, so that it plays as many notes as songs do.

A network that has not seen enough is wrong in ways that can be counted: how many notes it strikes
on each track, how many keys at once. A shift of all logits of a column by one number mends that and
leaves every choice between keys as it is. `calibration.json` has the numbers for the weights that
come with the package; `evaluation.calibrate` fits them on validation songs.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import torch
from torch import Tensor

from diffbgm.music.pianoroll import KEYS, TRACKS

KINDS = ("onset", "sustain")
COLUMNS = ("keys", "rhythm")


def no_shift() -> Tensor:
    """What a network without a calibration of its own has: zeros (6, 1, 89)."""
    return torch.zeros(len(KINDS) * len(TRACKS), 1, KEYS + 1)


def shift_of(values: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Tensor:
    """Logits (6, 1, 89) to add, from numbers by kind, track and column; what is left out is 0.

    ValueError where a name is none of `KINDS`, `TRACKS` and `COLUMNS`.
    """
    shift = no_shift()
    for kind, tracks in values.items():
        for track, columns in tracks.items():
            channel = shift[KINDS.index(kind) * len(TRACKS) + TRACKS.index(track), 0]
            for column, value in columns.items():
                channel[slice(KEYS) if COLUMNS.index(column) == 0 else KEYS] = value
    return shift


def calibration_for(sha256: str) -> Tensor:
    """The shift (6, 1, 89) of the weights with that hash; zeros for weights of one's own."""
    fitted = _fitted()
    return shift_of(fitted["shifts"]) if sha256 == fitted["weights"] else no_shift()


@cache
def _fitted() -> dict[str, Any]:
    text = files("diffbgm.model").joinpath("calibration.json").read_text(encoding="utf-8")
    return json.loads(text)
