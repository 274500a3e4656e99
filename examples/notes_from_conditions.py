"""Notes without film or sound: sixteen bars that rise from calm to busy and from sad to happy.

    python examples/notes_from_conditions.py FILE.mid [SEED]

Conditions are two arrays with a row a beat; the network answers with a piano roll, an array
(sixteenths, tracks, keys) that `music.pianoroll` describes.
"""

import sys
from pathlib import Path

import numpy as np

from diffbgm import generation
from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.music.conditions import from_picture
from diffbgm.music.midi import write_midi
from diffbgm.music.pianoroll import BEATS_PER_BAR, to_notes, to_score
from diffbgm.music.tempo_map import TempoMap
from diffbgm.options import Sampling

BARS, BPM = 16, 96
BEATS = BARS * BEATS_PER_BAR


def rising_piece() -> PieceConditions:
    """Energy from 0.1 to 0.9 and valence from -0.6 to 0.6, a phrase every four bars."""
    rise = np.linspace(0, 1, BEATS)
    phrases = (np.arange(BEATS) % (4 * BEATS_PER_BAR) == 0) * 0.5
    mood = np.stack([1.2 * rise - 0.6, 1.2 * rise - 0.6, np.zeros(BEATS)], axis=1)
    dynamic, semantic = from_picture(0.1 + 0.8 * rise, phrases, mood)
    return PieceConditions(dynamic, semantic, segment=np.zeros(BEATS, int), key_signature=0)


def main(path: Path, seed: int = 0) -> None:
    model = generation.load(generation.resolve_checkpoint(None), device="auto")
    (roll,) = model.sample(rising_piece(), [seed], Sampling())
    notes = to_notes(roll)  # (N, 5): onset, duration (sixteenths), pitch, velocity, track
    early, late = (np.sum((notes[:, 0] < len(roll) // 2) == half) for half in (True, False))
    print(f"{len(notes)} notes in {BARS} bars: {early} in the first half, {late} in the second")
    write_midi(to_score(roll), TempoMap.constant(BEATS, BEATS * 60 / BPM), path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:]))
