"""The table that sets a model beside real music, chance, and the paper's own rows."""

from collections.abc import Mapping
from typing import Any

from diffbgm.evaluation.structure import RANGES

COLUMNS = ("PCHE", "GPS", "SI", "P@20", "overlapping area", "diversity", "nearest training window")

PAPER_ROWS = {
    "Diff-BGM, full (as published)": ("2.840", "0.601", "0.521", "44.10 %"),
    "Diff-BGM, visual only (as published)": ("2.835", "0.514", "0.396", "43.20 %"),
    "Diff-BGM, no segment-aware attention (as published)": ("2.721", "0.789", "0.523", "38.47 %"),
}

NOTE = (
    "Nearer to real music is better: a higher PCHE or a lower GPS is not. What is published is of "
    "other songs, its SI and P@20 of sound. Here SI is counted from notes, for stretches of "
    + ", ".join(RANGES)
    + "; P@20 is of {candidates} candidates by {embedding}; real music overlaps with itself, one "
    "half of the pieces with the other."
)


def comparison_table(metrics: Mapping[str, Any], name: str) -> str:
    """A Markdown table of what `report.measure` returned, for the model called `name`."""
    of_precision = metrics["precision_at_20"]
    rows = {
        name: _row(metrics, "generated", of_precision["generated"]),
        "Real music, the same songs": _row(metrics, "reference", None),
        "Chance": ("", "", "", _percent(of_precision["chance"])),
        **PAPER_ROWS,
    }
    lines = [("", *COLUMNS), ("---",) * (len(COLUMNS) + 1)]
    lines += [(title, *row, *[""] * (len(COLUMNS) - len(row))) for title, row in rows.items()]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    names = {"candidates": of_precision["candidates"], "embedding": metrics["embedding"]}
    return f"{table}\n\n{NOTE.format(**names)}"


def _row(metrics: Mapping[str, Any], kind: str, precision: float | None) -> tuple[str, ...]:
    measures = metrics["measures"]
    overlap = "generated" if kind == "generated" else "real_against_real"
    memorised = metrics["memorisation"]
    return (
        _number(measures["pche"][kind]),
        _number(measures["gps"][kind]),
        " / ".join(_number(measures[f"si {name}"][kind]) for name in RANGES),
        _percent(precision) if kind == "generated" else "",
        _number(metrics["overlapping_area"][overlap]["mean"]),
        _number(metrics["diversity"][kind]),
        _number(memorised[kind]["mean"]) if memorised else "",
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.1f} %"
