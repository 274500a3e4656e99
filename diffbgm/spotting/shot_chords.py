"""The harmony of one shot: its half bars of the film's plan, and others in their place.

A half bar is that of the shot in which it begins, the first of all that of the first beat. Knows no
notes.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from diffbgm.errors import OptionError
from diffbgm.music.chord_plan import HALF_BAR_BEATS, ChordPlan
from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.spotting.cue_sheet import CueSheet

_HALVES = BEATS_PER_BAR // HALF_BAR_BEATS


def halves_of(cues: CueSheet, shot: int) -> range:
    """The shot's half bars, counted from the plan's first; none where it is too short for one."""
    beats = np.flatnonzero(cues.shot_of_beat == shot) + cues.bar_padding[0]
    if not len(beats):
        return range(0)
    begins = int(beats[0]) if beats[0] > cues.bar_padding[0] else 0
    return range(-(-begins // HALF_BAR_BEATS), int(beats[-1]) // HALF_BAR_BEATS + 1)


def chords_of_shot(cues: CueSheet, shot: int) -> ChordPlan | None:
    """The chords of the whole bars in which the shot's half bars lie, as `with_written` takes them;
    None without a plan, or where the shot has no half bar."""
    halves = halves_of(cues, shot)
    if cues.plan is None or not halves:
        return None
    first, last = _first_of_bar(halves), -(-halves.stop // _HALVES) * _HALVES
    return ChordPlan(cues.plan.chords.chords[first:last])


def with_written(cues: CueSheet, shot: int, written: ChordPlan) -> CueSheet:
    """The cue sheet with chords that are written for a shot, from the bar in which its first half
    bar lies. What lies outside the shot is left out; where they end, the plan goes on.

    OptionError where the shot, or the film, has no place for a chord.
    """
    halves = halves_of(cues, shot)
    if cues.plan is None:
        raise OptionError("this music has no plan of chords; compose it again to write some")
    if not halves:
        raise OptionError(
            f"shot {shot} is too short to begin a half bar, so it has no chord of its own; "
            "write the chord of the shot before"
        )
    numbered = enumerate(written.chords, start=_first_of_bar(halves))
    own = {half: chord for half, chord in numbered if half in halves}
    return replace(cues, plan=cues.plan.with_chords(own))


def names_by_beat(cues: CueSheet, shot: int) -> tuple[str, ...]:
    """The name of the chord on each of the shot's beats; empty without a plan."""
    if cues.plan is None:
        return ()
    beats = np.flatnonzero(cues.shot_of_beat == shot).tolist()
    return tuple(ChordPlan(tuple(map(cues.planned_chord, beats))).names)


def with_names(cues: CueSheet, shot: int, names: Sequence[str]) -> CueSheet:
    """The cue sheet with the chords that `names_by_beat` gave of another take of the shot; as it
    is where there are none."""
    if cues.plan is None or not names:
        return cues
    first_beat = int((cues.shot_of_beat == shot).argmax()) + cues.bar_padding[0]
    chords = ChordPlan.from_names(names).chords
    own = {
        half: chords[max(half * HALF_BAR_BEATS - first_beat, 0)] for half in halves_of(cues, shot)
    }
    return replace(cues, plan=cues.plan.with_chords(own))


def _first_of_bar(halves: range) -> int:
    """The first half bar of the bar in which the first of some lies."""
    return halves.start // _HALVES * _HALVES
