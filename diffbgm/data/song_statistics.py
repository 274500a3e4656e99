"""Counts on the training songs what is shipped beside the code that plans and samples.

python -m diffbgm.data.song_statistics PREPARED.npz
"""

import json
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from diffbgm.data.chord_statistics import ChordedSong, count_chords
from diffbgm.data.melody_intervals import fit_intervals
from diffbgm.data.prepared import SPLITS, PreparedSet, load_prepared
from diffbgm.files import replacing


def statistics(prepared: PreparedSet) -> dict[str, dict[str, Any]]:
    """The tables by where they lie in the package."""
    sections = np.flatnonzero(prepared.split == SPLITS.index("train")).tolist()
    return {
        "model/intervals.json": fit_intervals(map(prepared.section_notes, sections)),
        "spotting/chord_statistics.json": count_chords(_chorded(prepared, s) for s in sections),
    }


def write_statistics(prepared: PreparedSet, package: Path) -> None:
    """Write the tables into the package's folder, each whole or not at all."""
    for place, table in statistics(prepared).items():
        with replacing(package / place) as unfinished:
            unfinished.write_text(json.dumps(table) + "\n")


def _chorded(prepared: PreparedSet, section: int) -> ChordedSong:
    rows = prepared.beats(section)
    return ChordedSong(
        prepared.chord[rows],
        prepared.key_signature[rows],
        prepared.semantic[rows],
        prepared.phrase_start[rows],
    )


if __name__ == "__main__":
    write_statistics(load_prepared(Path(sys.argv[1])), Path(str(files("diffbgm"))))
