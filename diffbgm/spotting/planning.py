"""What is decided about a piece before a note of it: its form and its harmony. Knows no notes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from diffbgm.music.chord_plan import HALF_BAR_BEATS, ChordPlan, PlannedChord
from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.spotting.form import Form, find_form
from diffbgm.spotting.harmony_plan import HarmonyBrief, plan_harmony

HALVES = BEATS_PER_BAR // HALF_BAR_BEATS


@dataclass(frozen=True)
class PiecePlan:
    """The form and the harmony of a piece, from its first downbeat on."""

    form: Form
    chords: ChordPlan


def plan_piece(
    phrase_starts: np.ndarray,
    semantic: np.ndarray,
    key_signature: int,
    rng: np.random.Generator,
    turns: np.ndarray | None = None,
    given: Mapping[int, PlannedChord] | None = None,
) -> PiecePlan:
    """The plan of whole bars; `phrase_starts` and `turns` (B,) are true where a phrase begins and
    where the chord must change, semantic (B, 3); `given` by half bar."""
    mood = semantic.astype(float).reshape(-1, BEATS_PER_BAR, 3).mean(axis=1)
    starts = np.unique([0, *np.flatnonzero(phrase_starts) // BEATS_PER_BAR])
    form = find_form(starts.tolist(), mood, rng)
    halves = semantic.astype(float).reshape(-1, HALF_BAR_BEATS, 3).mean(axis=1)
    must_turn = np.zeros(len(semantic), bool) if turns is None else turns
    brief = HarmonyBrief(
        halves,
        [bar * HALVES for bar in form.starts],
        form.letters,
        np.flatnonzero(must_turn.reshape(-1, HALF_BAR_BEATS).any(axis=1)).tolist(),
        given,
        key_signature,
    )
    return PiecePlan(form, plan_harmony(brief, rng))
