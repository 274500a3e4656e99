"""What a model that plays well must reach, row by row, beside real music. Knows no files."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from diffbgm.evaluation.accompaniment import ACCOMPANIMENT_METRICS
from diffbgm.evaluation.melody import MELODY_METRICS
from diffbgm.evaluation.retrieval import CANDIDATES

Measured = Mapping[str, Any]


@dataclass(frozen=True)
class Goal:
    """One row: `score` must be at least `must`, or at most where `at_most`, and at best `hope`.

    `generated` and `real` are what was measured of both, where that is not the score itself;
    `ceiling` is the score of one half of the songs against the other.
    """

    measure: str
    score: float | None
    must: float | None = None
    hope: float | None = None
    at_most: bool = False
    generated: float | None = None
    real: float | None = None
    ceiling: float | None = None

    @property
    def verdict(self) -> str:
        """`hope` or `must` where that is reached, `missed`, or `unmeasured`; "" without a goal."""
        if self.must is None:
            return ""
        if self.score is None:
            return "unmeasured"
        if self.hope is not None and self._reaches(self.score, self.hope):
            return "hope"
        return "must" if self._reaches(self.score, self.must) else "missed"

    def _reaches(self, score: float, limit: float) -> bool:
        return score <= limit if self.at_most else score >= limit

    def to_dict(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict}


def goals(metrics: Measured) -> list[Goal]:
    """The rows of what `evaluating.evaluate` measured."""
    return [
        *_distances(metrics["measures"]),
        *_overlaps(metrics["overlapping_area"]),
        *_melody(metrics["measures"], metrics["phrase_rests"]),
        *_harmony(metrics["measures"], metrics["asked_chords"]),
        *_structure(metrics["measures"]),
        *_defects(metrics["measures"]),
        Goal(
            "requested and played density per beat, rank correlation",
            metrics["density_rank_correlation"],
            must=0.8,
            hope=0.9,
        ),
        *_changes(metrics["calm_to_tense"]),
        *_found(metrics["precision_at_20"]),
        *_copied(metrics["memorisation"]),
    ]


_DISTANCES = {
    "pche": ("PCHE over 8 bars (bits), distance", 0.08, 0.04),
    "gps": ("grooving similarity over all bar pairs, distance", 0.03, 0.015),
    "notes_in_key": ("notes in the best of 24 keys, distance", 0.01, None),
}

_OVERLAPS = {"chord_tones_on_beats": (0.90, 0.95)}
_STRUCTURE = {"3-8 s": 0.75, "8-15 s": 0.7, "over 15 s": 0.6}

_DEFECTS = {
    "empty_bars": "empty bars, more than real",
    "stuck_notes": "notes held over 4 bars, more than real",
    "crowded": "more than 12 keys down, more than real",
}


def _distances(measures: Measured) -> Iterator[Goal]:
    for name, (title, must, hope) in _DISTANCES.items():
        row = measures[name]
        yield Goal(
            title,
            row["distance"],
            must,
            hope,
            at_most=True,
            generated=row["generated"],
            real=row["reference"],
            ceiling=row["real_against_real"],
        )


def _overlaps(areas: Measured) -> Iterator[Goal]:
    own, real = areas["generated"], areas["real_against_real"]
    title = "overlapping area with real, mean of the five below"
    yield Goal(title, own["mean"], 0.91, 0.93, ceiling=real["mean"])
    for name in own:
        if name != "mean":
            limits = _OVERLAPS.get(name, (None, None))
            yield Goal(f"  {name.replace('_', ' ')}", own[name], *limits, ceiling=real[name])


def _melody(measures: Measured, phrase_rests: Measured) -> Iterator[Goal]:
    """Steps that are wide or narrow, beside what songs do, and what else makes a melody."""
    wide, narrow = "melody steps: wider than a fifth", "melody steps: seconds"
    yield _beside(measures, wide, 0.06, 0.01, at_most=True)
    yield _beside(measures, narrow, 0.38, -0.03, at_most=False)
    for name in MELODY_METRICS:
        if name not in (wide, narrow):
            yield _near(measures, name)
    made, real = phrase_rests["generated"], phrase_rests["real"]
    yield Goal("phrases that end with a rest", None, generated=made, real=real)


def _harmony(measures: Measured, asked: Measured) -> Iterator[Goal]:
    yield Goal(
        "asked chords played, half bars (real: songs' own labels)",
        asked["generated"],
        must=0.85,
        hope=0.95,
        real=asked["real"],
    )
    yield from (_near(measures, name) for name in ACCOMPANIMENT_METRICS)


def _near(measures: Measured, name: str) -> Goal:
    """A measure beside that of songs, without a goal: the less their distance, the better."""
    row = measures[name]
    return Goal(
        f"{name}, distance",
        row["distance"],
        at_most=True,
        generated=row["generated"],
        real=row["reference"],
        ceiling=row["real_against_real"],
    )


def _beside(
    measures: Measured, name: str, must: float, hope_from_real: float, at_most: bool
) -> Goal:
    """A measure beside that of songs; hoped for is what songs have, give or take a little. The
    ceiling is that of the half of the songs that has less of what is good."""
    row = measures[name]
    made, real, halves = row["generated"], row["reference"], row["halves"]
    hope = None if real is None else real + hope_from_real
    worse = max if at_most else min
    ceiling = None if None in halves else worse(halves)
    return Goal(name, made, must, hope, at_most, generated=made, real=real, ceiling=ceiling)


def _structure(measures: Measured) -> Iterator[Goal]:
    """Structureness as a share of that of songs."""
    for name, must in _STRUCTURE.items():
        row = measures[f"si {name}"]
        made, real, halves = row["generated"], row["reference"], row["halves"]
        share = made / real if made is not None and real else None
        ceiling = None if None in halves or not max(halves) else min(halves) / max(halves)
        title = f"structureness at {name}, share of real"
        yield Goal(title, share, must, 0.9, generated=made, real=real, ceiling=ceiling)


def _defects(measures: Measured) -> Iterator[Goal]:
    for name, title in _DEFECTS.items():
        made, real = measures[name]["generated"], measures[name]["reference"]
        yield Goal(title, _more(made, real), 0, at_most=True, generated=made, real=real)


def _changes(changes: Measured) -> Iterator[Goal]:
    made, real = changes["generated"], changes["real"] or {}
    yield Goal(
        f"calm to tense: signs right in {made['pieces']} pieces, mean of the three below",
        made["signs"],
        0.95,
        real=real.get("signs"),
    )
    for name in ("density", "dissonance", "register"):
        yield Goal(f"  {name} rises", made[name], real=real.get(name))


def _found(precision: Measured) -> Iterator[Goal]:
    """No goal where there are too few windows to draw as many candidates from."""
    candidates, is_enough = precision["candidates"], precision["candidates"] == CANDIDATES
    yield Goal(
        f"own condition's real segment among the best 20 of {candidates}"
        f" (chance {precision['chance']:.2f})",
        precision["generated"],
        must=0.95 if is_enough else None,
    )


def _copied(similarity: Measured | None) -> Iterator[Goal]:
    """Without training windows these two stay unmeasured."""
    for kind, title in (("mean", "on average"), ("most", "at most")):
        made = similarity["generated"][kind] if similarity else None
        real = similarity["reference"][kind] if similarity else None
        yield Goal(
            f"notes copied from the nearest training window {title}, more than real",
            _more(made, real),
            0,
            at_most=True,
            generated=made,
            real=real,
        )


def _more(made: float | None, real: float | None) -> float | None:
    return None if made is None or real is None else made - real
