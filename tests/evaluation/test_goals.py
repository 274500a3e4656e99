"""The rows that say whether a model plays well."""

import pytest

from diffbgm.evaluation.accompaniment import ACCOMPANIMENT_METRICS
from diffbgm.evaluation.goals import Goal, goals
from diffbgm.evaluation.melody import MELODY_METRICS
from diffbgm.evaluation.structure import RANGES

LIKENESS = {"mean": 0.3, "most": 0.5}


def metrics(**changes):
    """What a perfect model would measure."""
    row = {
        "generated": 0.5,
        "reference": 0.5,
        "distance": 0.0,
        "real_against_real": 0.01,
        "halves": [0.5, 0.51],
    }
    names = ("pche", "gps", "notes_in_key", "empty_bars", "stuck_notes", "crowded")
    measures = dict.fromkeys((*names, *MELODY_METRICS, *ACCOMPANIMENT_METRICS), row)
    wide = {**row, "generated": 0.03, "reference": 0.03}
    return {
        "measures": {
            **measures,
            "melody steps: wider than a fifth": wide,
            **{f"si {name}": row for name in RANGES},
        },
        "asked_chords": {"generated": 0.97, "real": 0.9},
        "phrase_rests": {"generated": 0.6, "real": 0.5},
        "overlapping_area": {"generated": {"mean": 1.0}, "real_against_real": {"mean": 1.0}},
        "density_rank_correlation": 1.0,
        "calm_to_tense": {
            "generated": {"pieces": 50, "signs": 1, "density": 1, "dissonance": 1, "register": 1},
            "real": None,
        },
        "precision_at_20": {"generated": 1.0, "candidates": 60, "chance": 1 / 3},
        "memorisation": {"generated": LIKENESS, "reference": LIKENESS},
        **changes,
    }


def verdicts(measured):
    return {goal.measure.split(",")[0]: goal.verdict for goal in goals(measured) if goal.verdict}


def test_a_perfect_model_reaches_every_row():
    reached = verdicts(metrics())
    assert set(reached.values()) <= {"hope", "must"}
    assert len(reached) == 18


@pytest.mark.parametrize(
    ("score", "at_most", "verdict"),
    [(0.9, False, "hope"), (0.8, False, "must"), (0.7, False, "missed"), (0.7, True, "hope")],
)
def test_scores_are_judged_by_their_direction(score, at_most, verdict):
    must, hope = (0.9, 0.8) if at_most else (0.8, 0.9)
    assert Goal("row", score, must, hope, at_most).verdict == verdict


def test_more_defects_than_real_music_are_missed():
    row = {"generated": 0.02, "reference": 0.01, "distance": 0.01, "real_against_real": 0.0}
    measured = metrics()
    measured["measures"] = {**measured["measures"], "empty_bars": row}
    assert verdicts(measured)["empty bars"] == "missed"


def test_what_was_not_measured_is_not_reached():
    assert verdicts(metrics(memorisation=None, density_rank_correlation=None)).items() >= {
        ("notes copied from the nearest training window on average", "unmeasured"),
        ("requested and played density per beat", "unmeasured"),
    }


def test_too_few_candidates_are_no_goal():
    few = {"generated": 1.0, "candidates": 12, "chance": 1.0}
    assert not any("best 20" in title for title in verdicts(metrics(precision_at_20=few)))


def test_halves_of_the_songs_stand_beside_every_measure_of_melody_and_harmony():
    named = {goal.measure.removesuffix(", distance"): goal for goal in goals(metrics())}
    for name in (*MELODY_METRICS, *ACCOMPANIMENT_METRICS):
        assert named[name].ceiling is not None
    assert named["turns of direction"].ceiling == 0.01
    assert named["melody steps: seconds"].ceiling == 0.5
    assert named["structureness at 3-8 s, share of real"].ceiling == pytest.approx(0.5 / 0.51)
