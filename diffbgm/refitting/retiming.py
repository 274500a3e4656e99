"""The tempo map of a changed edit: old beats where shots stay as they were, new ones between.

Beats of shots that are carried over keep their distances to the pictures exactly, so that their
sound can be moved as it is; only where two of them meet that did not meet before, the last beat of
the first takes up what is left. Knows no notes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from diffbgm.music.tempo_map import BEATS_PER_BAR, TempoMap
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.hit_points import Spotting, measure_hits
from diffbgm.spotting.hit_search import HIT_FRAMES, Problem, search
from diffbgm.timeline import Timeline

# How much shorter or longer than usual, as a share, the beat may be in which two shots meet.
JOINT_BEAT = (0.4, 1.9)
# How far new beats may stray from the tempo before them.
SPREAD = 1.16
# In units of a missed cut: new beats leave the old bars out of step; they run at twice the tempo.
OUT_OF_STEP = 0.7
TEMPO_CHANGE = 3.0


@dataclass(frozen=True)
class Retiming:
    """How the music meets the changed edit. `same` are the shots that are carried over, each with
    its number before; `old_beats` (B,) says which beat before each beat was, -1 for a new one;
    `shot_of_beat` (B,) whose each is, -1 for a new one."""

    spotting: Spotting
    same: Mapping[int, int]
    old_beats: np.ndarray
    shot_of_beat: np.ndarray


@dataclass(frozen=True)
class _Run:
    """Shots in a row that were in a row before: old beats `first` to before `last`, later by `by`
    seconds."""

    shots: tuple[int, ...]
    first: int
    last: int
    by: float


class _UnfitError(Exception):
    """Two shots' beats do not fit together; `shot` is the one to give up."""

    def __init__(self, shot: int) -> None:
        super().__init__(shot)
        self.shot = shot


def retime(
    cues: CueSheet,
    before: Timeline,
    after: Timeline,
    same: Mapping[int, int],
    freedom: float,
    weights: np.ndarray,
    asked: Sequence[int] = (),
) -> Retiming:
    """The spotting of the edit `after`, whose shots in `same` (with their numbers in `before`) keep
    their beats as far as these fit together; those that do not are left out of `same`.

    `freedom` is the tempo change allowed in new beats, a fraction; `weights` (C,) says how much
    each cut of the edit matters, 0..1. `asked` are frames, no cuts, where a beat is asked for: new
    beats go by them.
    """
    # A shot without a beat brings none along.
    kept = {new: old for new, old in same.items() if (cues.shot_of_beat == old).any()}
    while True:
        laying = _Laying(cues, after, kept, freedom, weights, asked)
        try:
            for run in _runs(cues, before, after, kept):
                laying.add(run)
            laying.finish()
        except _UnfitError as unfit:
            del kept[unfit.shot]
        else:
            return laying.result(kept)


def _runs(cues: CueSheet, before: Timeline, after: Timeline, same: Mapping[int, int]) -> list[_Run]:
    runs: list[_Run] = []
    shots = sorted(same)
    while shots:
        length = 1
        while length < len(shots) and (
            shots[length] == shots[0] + length and same[shots[length]] == same[shots[0]] + length
        ):
            length += 1
        own, shots = shots[:length], shots[length:]
        beats = np.flatnonzero(np.isin(cues.shot_of_beat, [same[shot] for shot in own]))
        moved = after.shots[own[0]].start_frame - before.shots[same[own[0]]].start_frame
        by = float(moved / after.frame_rate)
        runs.append(_Run(tuple(own), int(beats[0]), int(beats[-1]) + 1, by))
    return runs


class _Laying:
    """Lays beats from the start of the edit on: of runs, and new ones between them."""

    def __init__(
        self,
        cues: CueSheet,
        after: Timeline,
        same: Mapping[int, int],
        freedom: float,
        weights: np.ndarray,
        asked: Sequence[int],
    ) -> None:
        self._cues, self._after, self._freedom, self._weights = cues, after, freedom, weights
        self._asked = asked
        self._owner_of = {old: new for new, old in same.items()}
        self._times = cues.tempo_map.beat_seconds
        self._seconds = [0.0]  # of every beat so far, and of where the next one begins
        self._old_beats: list[int] = []
        self._controls = {0}
        self._phase: int | None = None  # of beat 0 in its bar
        self._last: _Run | None = None

    def add(self, run: _Run) -> None:
        phase = (run.first - self._cues.first_downbeat) % BEATS_PER_BAR
        self._reach(float(self._times[run.first]) + run.by, phase, run)
        first = len(self._old_beats)
        if self._phase is None:
            self._phase = (phase - first) % BEATS_PER_BAR
        self._old_beats += range(run.first, run.last)
        self._seconds += (self._times[run.first + 1 : run.last + 1] + run.by).tolist()
        if first == 0:
            self._check_joint(1, run.first, run.shots[0])
        inner = {beat for beat in self._cues.tempo_map.control_beats if run.first < beat < run.last}
        # The beats at the edges have control points of their own: they alone bend at a joint.
        edges = {run.first, run.first + 1, run.last - 1, run.last}
        self._controls |= {first + beat - run.first for beat in inner | edges}
        self._last = run

    def finish(self) -> None:
        self._reach(self._after.seconds, None, None)

    def result(self, same: Mapping[int, int]) -> Retiming:
        controls = sorted(self._controls)
        tempo_map = TempoMap(tuple(controls), tuple(self._seconds[beat] for beat in controls))
        first_downbeat = -(self._phase or 0) % BEATS_PER_BAR
        first_downbeat = first_downbeat if first_downbeat < tempo_map.beats else 0
        after = self._after
        hits = measure_hits(tempo_map, first_downbeat, after.frame_rate, after.cuts, self._weights)
        old_beats = np.array(self._old_beats, np.int64)
        owners = [
            -1 if beat < 0 else self._owner_of[int(self._cues.shot_of_beat[beat])]
            for beat in self._old_beats
        ]
        others = measure_hits(
            tempo_map, first_downbeat, after.frame_rate, self._asked, np.ones(len(self._asked))
        )
        spotting = Spotting(tempo_map, hits, first_downbeat, others)
        return Retiming(spotting, same, old_beats, np.array(owners, np.int64))

    def _reach(self, end: float, phase: int | None, run: _Run | None) -> None:
        """New beats up to `end`; or, where there is no room for one, the last beat ends there."""
        begin, usual = self._seconds[-1], self._usual_beat(run)
        following = run.shots[0] if run else len(self._after.shots)
        is_between = following > (self._last.shots[-1] if self._last else -1) + 1
        if is_between and end - begin >= usual / 2:
            tempo_map = self._new_beats(begin, end, usual, phase)
            first = len(self._old_beats)
            self._controls |= {first + beat for beat in tempo_map.control_beats}
            self._old_beats += [-1] * tempo_map.beats
            self._seconds += [*(tempo_map.beat_seconds[1:-1] + begin).tolist(), end]
        elif self._old_beats:
            self._seconds[-1] = end
            self._check_joint(len(self._old_beats), self._old_beats[-1], self._less_worth(run))
        elif run is None:
            self._seconds.append(end)
            self._old_beats.append(-1)
            self._controls.add(1)

    def _usual_beat(self, run: _Run | None) -> float:
        """Seconds of a beat before this place, or else after it."""
        at = self._last.last - 1 if self._last else run.first if run else 0
        return float(self._times[at + 1] - self._times[at])

    def _check_joint(self, end: int, old: int, shot: int) -> None:
        """_UnfitError if the beat before beat `end`, once `old`, is now much shorter or longer."""
        now = self._seconds[end] - self._seconds[end - 1]
        before = float(self._times[old + 1] - self._times[old])
        if not JOINT_BEAT[0] * before <= now <= JOINT_BEAT[1] * before:
            raise _UnfitError(shot)

    def _less_worth(self, run: _Run | None) -> int:
        """The shorter of the two shots that meet."""
        meeting = [
            *([self._last.shots[-1]] if self._last else []),
            *([run.shots[0]] if run else []),
        ]
        return min(meeting, key=lambda shot: self._after.shots[shot].frames)

    def _new_beats(self, begin: float, end: float, usual: float, phase: int | None) -> TempoMap:
        """The beats that meet most cuts and keep tempo and bars; times count from `begin`."""
        rate = float(self._after.frame_rate)
        met = np.array([*self._after.cuts, *self._asked], float) / rate - begin
        worth = np.concatenate([self._weights, np.ones(len(self._asked))])
        order = np.argsort(met)
        met, worth = met[order], worth[order]
        inside = (met > 1 / rate) & (met < end - begin - 1 / rate)
        times = np.array([0.0, *met[inside], end - begin])
        weights = np.array([0.0, *worth[inside], 0.0])
        problem = Problem(
            times=times,
            weights=weights,
            pinned=np.isin(np.arange(len(times)), [0, len(times) - 1]),
            frame=1 / rate,
            bpm=(60 / usual / SPREAD, 60 / usual * SPREAD),
            freedom=self._freedom,
            downbeat=0.2,
        )
        # How many beats bring the bars back in step, of four; any do where there are none yet.
        in_step = (
            None
            if phase is None or self._phase is None
            else (phase - self._phase - len(self._old_beats)) % BEATS_PER_BAR
        )
        searched = [TempoMap(path.beats, path.seconds) for path in search(problem)]

        def cost(tempo_map: TempoMap) -> float:
            on_beat = tempo_map.seconds(np.rint(tempo_map.beat(times)))
            missed = weights[np.abs(on_beat - times) * rate > HIT_FRAMES].sum()
            change = np.log2(tempo_map.duration / tempo_map.beats / usual)
            out = in_step not in (None, tempo_map.beats % BEATS_PER_BAR)
            return float(missed + TEMPO_CHANGE * change**2 + OUT_OF_STEP * out)

        return min([*searched, *_even(end - begin, usual)], key=cost)


def _even(seconds: float, usual: float) -> list[TempoMap]:
    """Equal beats, of every number that comes near the usual tempo, one at least."""
    nearest = max(1, round(seconds / usual))
    low, high = int(np.ceil(seconds / usual / SPREAD)), int(seconds / usual * SPREAD)
    return [TempoMap.constant(n, seconds) for n in sorted({nearest, *range(max(low, 1), high + 1)})]
