"""Agreement with muspy, smg-metrics and libfmp: see tests/golden/make_metrics.py."""

import json
from pathlib import Path

import numpy as np
import pytest

from diffbgm.evaluation import defects, harmony, overlap, rhythm, structure
from diffbgm.evaluation.piece import MeasuredPiece, from_notes

GOLDEN = json.loads((Path(__file__).parents[1] / "golden/metrics.json").read_text())
PIECES = [from_notes("golden", np.array(notes), GOLDEN["bars"]) for notes in GOLDEN["pieces"]]

METRICS = {
    "pitch_class_entropy": harmony.pitch_class_entropy,
    "notes_in_key": harmony.notes_in_key,
    "empty_bars": defects.empty_bars,
    "crowded_sixteenths": lambda piece: (defects.crowded(piece) or 0) * piece.sixteenths,
    "grooving_similarity": rhythm.grooving_similarity,
}


@pytest.mark.parametrize("name", METRICS)
@pytest.mark.parametrize(("piece", "values"), list(zip(PIECES, GOLDEN["values"], strict=True)))
def test_metric(name: str, piece: MeasuredPiece, values: dict[str, float]) -> None:
    assert METRICS[name](piece) == pytest.approx(values[name])


def test_overlapping_area() -> None:
    area = overlap.overlapping_areas(PIECES[:1], PIECES[1:2])["pitch"]
    assert area == pytest.approx(GOLDEN["pitch_overlap_of_first_two"])


def test_fitness_scape_plot() -> None:
    fitness = structure.fitness_scape(np.array(GOLDEN["similarity"]))
    np.testing.assert_allclose(fitness, GOLDEN["fitness"], atol=1e-12)
