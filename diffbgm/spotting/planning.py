"""What is decided about a piece before a note of it: its key, its form and its harmony.

Knows no notes and no network.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from diffbgm.lead_sheet import PlannedChord
from diffbgm.music.chord_plan import HALF_BAR_BEATS, ChordPlan
from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.spotting.form import Form, find_form
from diffbgm.spotting.harmony_plan import HarmonyBrief, plan_harmony

HALVES = BEATS_PER_BAR // HALF_BAR_BEATS


@dataclass(frozen=True)
class PiecePlan:
    """Key signature (0..11, pitch class of the major key), form and harmony of whole bars."""

    key_signature: int
    form: Form
    chords: ChordPlan

    def with_chords(self, changed: Mapping[int, PlannedChord | None]) -> "PiecePlan":
        """The plan with other chords, by half bar."""
        chords = enumerate(self.chords.chords)
        return replace(
            self, chords=ChordPlan(tuple(changed.get(half, own) for half, own in chords))
        )

    def to_dict(self) -> dict[str, Any]:
        """`plan` in composition.json: chords by name, one each half bar, parts by their bars."""
        return {
            "key_signature": self.key_signature,
            "chords": self.chords.names,
            "parts": {"starts": list(self.form.starts), "letters": list(self.form.letters)},
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "PiecePlan":
        """The plan whose `to_dict` is `content`."""
        chords = ChordPlan.from_names(content["chords"])
        parts = content["parts"]
        bars = len(chords.chords) // HALVES
        form = Form(tuple(parts["starts"]), tuple(parts["letters"]), bars)
        return cls(content["key_signature"], form, chords)


def plan_piece(
    phrase_starts: np.ndarray,
    density: np.ndarray,
    semantic: np.ndarray,
    key_signature: int,
    rng: np.random.Generator,
    turns: np.ndarray | None = None,
    given: Mapping[int, PlannedChord | None] | None = None,
    places: np.ndarray | None = None,
) -> PiecePlan:
    """The plan of whole bars. `phrase_starts` and `turns` (B,) are true where a phrase begins and
    where the chord must change; density (B,), semantic (B, 3); `given` chords by half bar;
    `places` (B,) numbers what the picture shows, where that is known."""
    levels = np.column_stack([semantic, density]).astype(float)
    by_bar = levels.reshape(-1, BEATS_PER_BAR, levels.shape[1]).mean(axis=1)
    starts = np.unique(np.flatnonzero(phrase_starts) // BEATS_PER_BAR)
    of_bars = None if places is None else places[::BEATS_PER_BAR]
    form = find_form(starts.tolist(), by_bar, rng, of_bars)
    must_turn = np.zeros(len(semantic), bool) if turns is None else turns
    brief = HarmonyBrief(
        semantic.astype(float).reshape(-1, HALF_BAR_BEATS, 3).mean(axis=1),
        [bar * HALVES for bar in form.starts],
        form.letters,
        np.flatnonzero(must_turn.reshape(-1, HALF_BAR_BEATS).any(axis=1)).tolist(),
        given or {},
        key_signature,
    )
    return PiecePlan(key_signature, form, plan_harmony(brief, rng))
