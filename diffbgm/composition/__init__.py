"""What a composition is made of, and the folder that keeps it.

composition.json says what there is; `takes/NNN/K/` keeps every take of every shot (its notes and
how they are played) and `analysis.npz` what was measured, so that a take can be exchanged while all
else stays as it is, to the bit: `takes/outlines.json` tells whether it does.
"""

from diffbgm.composition.document import (
    DOCUMENT,
    Composition,
    load_composition,
    read_document,
    recorded_files,
)
from diffbgm.composition.measured import ANALYSIS, save_analysis
from diffbgm.composition.migrations import VERSION
from diffbgm.composition.outlines import Outline, Outlines, load_outlines, save_outlines
from diffbgm.composition.scored import ScoredFilm, load_scored_film
from diffbgm.composition.source import document_of, kept_document, source_of
from diffbgm.composition.takes import Take, keep_takes, load_take, save_take

__all__ = [
    "ANALYSIS",
    "DOCUMENT",
    "VERSION",
    "Composition",
    "Outline",
    "Outlines",
    "ScoredFilm",
    "Take",
    "document_of",
    "keep_takes",
    "kept_document",
    "load_composition",
    "load_outlines",
    "load_scored_film",
    "load_take",
    "read_document",
    "recorded_files",
    "save_analysis",
    "save_outlines",
    "save_take",
    "source_of",
]
