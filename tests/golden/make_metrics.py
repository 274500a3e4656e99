"""Makes metrics.json: small pieces, and what independent implementations say of them.

    pip install muspy==0.5.0 smg-metrics==5.4.3 libfmp==1.3.0
    python tests/golden/make_metrics.py

Pieces are lists of [onset, duration, pitch, track] in sixteenths. No note ends on a barline, which
muspy would count as a part of the next bar. The libraries are too large to be asked in every run.
"""

import json
import tempfile
from pathlib import Path

import libfmp.c4
import muspy
import numpy as np
from smg_metrics._stats import histogram_overlap
from smg_metrics.rhythm import grooving_pattern_similarity

BARS = 12
SCALE = [0, 2, 4, 5, 7, 9, 11]


def main() -> None:
    random = np.random.RandomState(0)
    pieces = [piece(random, notes) for notes in (40, 150, 400)]
    values = [measured(notes) for notes in pieces]
    pitches = [np.bincount([note[2] for note in notes], minlength=128) for notes in pieces[:2]]
    similarity = libfmp.c4.threshold_matrix(
        random.rand(24, 24), 0.15, strategy="relative", scale=True, penalty=-2.0
    )
    similarity = libfmp.c4.normalization_properties_ssm(similarity)
    golden = {
        "bars": BARS,
        "pieces": pieces,
        "values": values,
        "pitch_overlap_of_first_two": histogram_overlap(*pitches),
        "similarity": similarity.tolist(),
        "fitness": libfmp.c4.compute_fitness_scape_plot(similarity)[0].tolist(),
    }
    Path(__file__).with_name("metrics.json").write_text(json.dumps(golden) + "\n")


def piece(random: np.random.RandomState, count: int) -> list[list[int]]:
    """Mostly in D major, with some empty bars, some chance notes, and a full last bar."""
    sounding = [bar for bar in range(BARS) if bar % 5 != 3]
    notes = []
    for _ in range(count):
        onset = int(random.choice(sounding)) * 16 + int(random.choice(16, p=PLACES))
        last = onset - onset % 16 + 15
        in_key = random.rand() < 0.9
        pitch = (
            50 + 12 * random.randint(3) + (random.choice(SCALE) if in_key else random.randint(12))
        )
        duration = min(1 + int(random.geometric(0.3)), max(last - onset, 1))
        if onset % 16 < 15:
            notes.append([onset, duration, int(pitch), int(random.randint(3))])
    return sorted([*notes, [BARS * 16 - 4, 3, 50, 2]])


PLACES = np.array([8, 1, 2, 1] * 4) / 48


def measured(notes: list[list[int]]) -> dict[str, float]:
    music = muspy.Music(resolution=4, tracks=[muspy.Track()])
    for onset, duration, pitch, _ in notes:
        music.tracks[0].notes.append(muspy.Note(onset, pitch, duration, 64))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "piece.mid"
        music.resolution = 4
        fine = music.deepcopy().adjust_resolution(480)
        muspy.write_midi(str(path), fine)
        # On its grid of 64 a bar, three of four places are empty in every bar.
        groove = 1 - 4 * (1 - grooving_pattern_similarity(path))
    return {
        "pitch_class_entropy": muspy.pitch_class_entropy(music),
        "notes_in_key": muspy.scale_consistency(music),
        "empty_bars": muspy.empty_measure_rate(music, 16),
        "crowded_sixteenths": muspy.polyphony_rate(music, 12) * music.get_end_time(),
        "grooving_similarity": groove,
    }


if __name__ == "__main__":
    main()
