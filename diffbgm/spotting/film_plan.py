"""The plan of a film's music: key, form and harmony from its cue sheet. Knows no notes."""

from collections.abc import Mapping

import numpy as np

from diffbgm.lead_sheet import PlannedChord
from diffbgm.music.chord_plan import HALF_BAR_BEATS, ChordPlan
from diffbgm.music.conditions import DYNAMIC
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.planning import PiecePlan, plan_piece

# Where a cut is at least this strong (0..1), the chord changes with it.
STRONG_CUT = 0.7


def plan_film(
    cues: CueSheet,
    seed: int,
    written: ChordPlan | None = None,
    places: np.ndarray | None = None,
) -> PiecePlan:
    """The plan of the whole bars around a film, from the bar line before its first beat on.

    Chords that are `written`, from the first downbeat on, are kept, and the key follows them; what
    lies beyond the film is left out. `places` (S,) numbers what each shot shows.
    """
    key_signature = int(np.random.default_rng(seed).integers(12))
    if written is not None:
        key_signature = written.key_signature(default=key_signature)
    first = (cues.bar_padding[0] + cues.first_downbeat) // HALF_BAR_BEATS
    chords = enumerate(() if written is None else written.chords, start=first)
    return plan_around(cues, key_signature, dict(chords), seed, places)


def plan_around(
    cues: CueSheet,
    key_signature: int,
    given: Mapping[int, PlannedChord | None],
    seed: int,
    places: np.ndarray | None = None,
) -> PiecePlan:
    """The plan in a key around the chords that are `given` by half bar, counted from the bar line
    before the film's first beat; those beyond the film are left out. `places` as `plan_film`."""
    density, boundary = (DYNAMIC.index(name) for name in ("density", "boundary"))
    starts = np.zeros(len(cues.dynamic), bool)
    starts[list(cues.phrases)] = True
    is_cut = np.diff(cues.shot_of_beat, prepend=cues.shot_of_beat[:1]) != 0
    turns = is_cut & (cues.dynamic[:, boundary] >= STRONG_CUT)
    before, after = padding = cues.bar_padding
    halves = (before + len(starts) + after) // HALF_BAR_BEATS
    return plan_piece(
        np.pad(starts, padding),
        np.pad(cues.dynamic[:, density], padding, mode="edge"),
        np.pad(cues.semantic, [(before, after), (0, 0)], mode="edge"),
        key_signature,
        np.random.default_rng((seed, 1)),
        np.pad(turns, padding),
        {half: chord for half, chord in given.items() if half < halves},
        None if places is None else np.pad(places[cues.shot_of_beat], padding, mode="edge"),
    )
