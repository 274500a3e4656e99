"""The table that sets a model beside real music, chance, and the paper's own rows."""

from collections.abc import Mapping
from typing import Any

from diffbgm.evaluation.structure import RANGES

PAPER_ROWS = {
    "Diff-BGM, full (as published)": ("2.840", "0.601", "0.521", "44.1 %"),
    "Diff-BGM, visual only (as published)": ("2.835", "0.514", "0.396", "43.2 %"),
    "Diff-BGM, no segment-aware attention (as published)": ("2.721", "0.789", "0.523", "38.5 %"),
}

NOTE = (
    "Nearer to real music is better: a higher PCHE or a lower GPS is not. The published SI and "
    "P@20 are of audio and of other songs; ours are counted from notes ({embedding}). SI is given "
    "for stretches of " + ", ".join(RANGES) + "."
)


def comparison_table(metrics: Mapping[str, Any], name: str) -> str:
    """A Markdown table of what `report.measure` returned, for the model called `name`."""
    of_precision = metrics["precision_at_20"]
    rows = {
        name: (*_row(metrics, "generated"), _percent(of_precision["generated"])),
        "Real music, the same songs": (*_row(metrics, "reference"), ""),
        "Chance": ("", "", "", _percent(of_precision["chance"])),
        **PAPER_ROWS,
    }
    lines = ["| | PCHE | GPS | SI | P@20 |", "|---|---|---|---|---|"]
    lines += [f"| {title} | {' | '.join(values)} |" for title, values in rows.items()]
    return "\n".join([*lines, "", NOTE.format(embedding=metrics["embedding"])])


def _row(metrics: Mapping[str, Any], kind: str) -> tuple[str, str, str]:
    measures = metrics["measures"]
    structureness = " / ".join(_number(measures[f"si {name}"][kind]) for name in RANGES)
    return _number(measures["pche"][kind]), _number(measures["gps"][kind]), structureness


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _percent(value: float | None) -> str:
    return "none" if value is None else f"{100 * value:.1f} %"
