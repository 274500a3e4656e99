"""The search for tempos that put beats on cuts: a dynamic programme. Knows nothing of films.

Nodes are the start of the picture, the cuts that may be hit, and its end. A path goes from node to
node; a step that carries n beats over a gap of d seconds runs at 60·n/d BPM, which must lie within
the freedom around the base tempo. A path costs the weights of the cuts it passes over, how far and
how suddenly it bends the tempo, and the cuts it meets away from the bar line. The tables hold all
base tempos at once; bars and phrases make them 16 times larger, so they come in a second round for
the few base tempos that hit most.
"""

from dataclasses import dataclass

import numpy as np

# Costs, in units of the weight of a missed cut (0..1). A bend of BEND_SCALE costs BEND.
BEND = 0.04
BEND_SCALE = 0.06
# Where a hit may lie around its cut, in frames, and what that costs: exact if it can be; late
# rather than early, since an early one sounds before the new shot shows.
OFFSETS = np.array([0.0, 0.95, -0.95])
OFFSET_COST = np.array([0.0, 0.08, 0.25])
# A node is hit where a beat lies within one frame of it; a hair for rounding.
HIT_FRAMES = 1 + 1e-6
# By the beat of the bar, times the weight of the hit and the price of missing the downbeat.
OFF_DOWNBEAT = np.array([0.0, 1.0, 0.7, 1.0])
OFF_PHRASE = 0.05
END_OFF_DOWNBEAT = 0.5
END_OFF_PHRASE = 0.1
PICKUP = 0.08
OFF_CENTRE = 0.05
PHRASE = 16
# How many nodes back a step may begin; steps to pinned nodes may begin anywhere.
REACH = 6
BASE_STEP = 0.01
MAX_BASES = 160
FINALISTS = 3
# Finalists differ by at least this share, else they are one and the same.
FINALIST_GAP = 0.015


@dataclass(frozen=True)
class Problem:
    """What is to be met.

    `times` (N,) seconds, rising, the start first and the end last; `weights` (N,) 0..1, what
    passing over a node costs; `pinned` (N,) whether it must be met (the two ends always are);
    `frame` the length of a frame in seconds; `bpm` lowest and highest base tempo; `freedom` the
    tempo change allowed, a fraction; `downbeat` what a hit of weight 1 off the downbeat costs.
    """

    times: np.ndarray
    weights: np.ndarray
    pinned: np.ndarray
    frame: float
    bpm: tuple[float, float]
    freedom: float
    downbeat: float

    @property
    def duration(self) -> float:
        return float(self.times[-1])


@dataclass(frozen=True)
class TempoPath:
    """Control points of a tempo map, the `nodes` they meet, `first_downbeat` 0..3, and the cost.

    `cost` counts every other node as missed, even where a beat happens to fall on it.
    """

    beats: tuple[int, ...]
    seconds: tuple[float, ...]
    nodes: tuple[int, ...]
    first_downbeat: int
    cost: float


def search(problem: Problem) -> list[TempoPath]:
    """The cheapest paths of the few best base tempos; empty if no path leads to the end."""
    bases = _base_tempos(problem)
    rough = _Tables(problem, bases, phases=1).fill()
    finalists = bases[_finalists(bases, rough.cost[-1, :, 0, 0])]
    tables = _Tables(problem, finalists, phases=PHRASE).fill()
    return [tables.path(tempo) for tempo in range(len(finalists)) if tables.reaches_end(tempo)]


def constant_path(problem: Problem) -> TempoPath | None:
    """The best single tempo throughout, by what its beats hit by chance: for want of freedom.

    If no number of beats fits the range of base tempos, the nearest is taken: the last beat
    falls on the end, whatever the range. None if no tempo hits all that is pinned.
    """
    counts, pickups = _beat_counts(problem), np.arange(4)
    period = (problem.duration / counts)[:, None]
    beat = np.rint(problem.times / period).astype(int)
    hit = np.abs(beat * period - problem.times) <= HIT_FRAMES * problem.frame
    # Axes: number of beats, node, pick-up.
    off = OFF_DOWNBEAT[(beat[..., None] - pickups) % 4] * problem.downbeat
    cost = np.where(hit[..., None], off, 1.0).transpose(0, 2, 1) @ problem.weights
    cost += _end_cost(counts[:, None] - pickups) + PICKUP * (pickups > 0)
    cost += _off_centre(problem, 60 / period)
    cost[pickups >= counts[:, None]] = np.inf
    cost[~hit[:, problem.pinned].all(axis=1)] = np.inf
    row, pickup = np.unravel_index(cost.argmin(), cost.shape)
    if not np.isfinite(cost[row, pickup]):
        return None
    nodes = tuple(np.flatnonzero(hit[row]).tolist())
    beats = (0, int(counts[row]))
    return TempoPath(beats, (0.0, problem.duration), nodes, int(pickup), float(cost[row, pickup]))


def _beat_counts(problem: Problem) -> np.ndarray:
    low, high = np.array(problem.bpm) * problem.duration / 60
    first, last = max(1, int(np.ceil(low - 1e-9))), int(high + 1e-9)
    if last < first:
        return np.array([max(1, round((low * high) ** 0.5))])
    return np.unique(np.linspace(first, last, MAX_BASES).astype(int))


def _base_tempos(problem: Problem) -> np.ndarray:
    """(T,) rising by no more than the freedom, so that no tempo is out of reach."""
    low, high = problem.bpm
    if high == low:
        return np.array([low])
    step = min(BASE_STEP, max(problem.freedom, 1e-3))
    return np.geomspace(low, high, min(int(np.log(high / low) / step) + 2, MAX_BASES))


def _finalists(bases: np.ndarray, cost: np.ndarray) -> list[int]:
    chosen: list[int] = []
    for i in np.argsort(cost, kind="stable"):
        if all(abs(np.log(bases[i] / bases[j])) > FINALIST_GAP for j in chosen):
            chosen.append(int(i))
    return chosen[:FINALISTS]


def _off_centre(problem: Problem, bpm: np.ndarray | float) -> np.ndarray:
    """A tempo from the middle of the range is preferred where nothing else decides."""
    centre = (problem.bpm[0] * problem.bpm[1]) ** 0.5
    return OFF_CENTRE * np.log2(np.asarray(bpm) / centre) ** 2


def _end_cost(beat: np.ndarray) -> np.ndarray:
    """The end of the picture should be a bar line, better the end of four bars."""
    return np.where(beat % 4, END_OFF_DOWNBEAT, np.where(beat % PHRASE, END_OFF_PHRASE, 0.0))


class _Tables:
    """The cheapest way to (node, base tempo, offset from the cut, beat of the phrase)."""

    def __init__(self, problem: Problem, bpm: np.ndarray, phases: int) -> None:
        self.problem, self.phases = problem, phases
        self.period = 60 / bpm
        shape = (len(problem.times), len(bpm), len(OFFSETS), phases)
        self.cost = np.full(shape, np.inf)
        self.bend = np.zeros(shape)
        self.origin = np.zeros(shape, np.int32)
        self.origin_offset = np.zeros(shape, np.int8)
        self.step_beats = np.zeros(shape, np.int32)
        self.offsets = OFFSETS * problem.frame
        # Other numbers of beats than the nearest only matter to bars.
        self.spare_beats = np.array([0] if phases == 1 else [-1, 0, 1])
        self.passed = np.concatenate([[0.0], np.cumsum(problem.weights)])
        self.last_pin = np.maximum.accumulate(
            np.where(problem.pinned, np.arange(len(problem.times)), 0)
        )
        pickups = np.arange(min(4, phases))
        start = PICKUP * (pickups > 0) + _off_centre(problem, bpm)[:, None]
        self.cost[0, :, 0, -pickups] = start.T

    def fill(self) -> "_Tables":
        for node in range(1, len(self.problem.times)):
            origins = self._origins(node)
            if len(origins):
                self._reach(node, origins)
        return self

    def reaches_end(self, tempo: int) -> bool:
        return bool(np.isfinite(self.cost[-1, tempo, 0]).any())

    def path(self, tempo: int) -> TempoPath:
        """The cheapest path to the end at the base tempo of that index, traced back."""
        problem, node, offset = self.problem, len(self.problem.times) - 1, 0
        phase = int(self.cost[node, tempo, offset].argmin())
        cost = float(self.cost[node, tempo, offset, phase])
        nodes, seconds, steps = [node], [problem.duration], []
        while node:
            at = (node, tempo, offset, phase)
            node, offset = int(self.origin[at]), int(self.origin_offset[at])
            steps.append(int(self.step_beats[at]))
            phase = (phase - steps[-1]) % self.phases
            nodes.append(node)
            seconds.append(float(problem.times[node] + self.offsets[offset]))
        beats = np.concatenate([[0], np.cumsum(steps[::-1])]).tolist()
        pickup = -phase % self.phases
        first_downbeat = pickup if pickup < beats[-1] else 0
        return TempoPath(
            tuple(beats), tuple(seconds[::-1]), tuple(nodes[::-1]), first_downbeat, cost
        )

    def _origins(self, node: int) -> np.ndarray:
        """Nodes from which a step to `node` may begin; none lies before the last pinned one."""
        problem, pin = self.problem, self.last_pin[node - 1]
        shortest = self.period.min() / (1 + problem.freedom) - 2 * self.offsets.max()
        latest = problem.times[node] - max(shortest, 0.0)
        stop = min(int(np.searchsorted(problem.times, latest, side="right")), node)
        start = pin if problem.pinned[node] else max(pin, stop - REACH)
        origins = np.arange(start, stop)
        # Even where the cuts crowd, a path may go straight from the start.
        return np.append(origins, 0) if pin == 0 and start > 0 else origins

    def _reach(self, node: int, origins: np.ndarray) -> None:
        """Fill the tables of `node` with the cheapest steps from `origins`."""
        beats, bend, step = self._steps(node, origins)
        cost, change = self._arrivals(origins, beats, bend)
        np.square(change, out=change)
        change *= BEND / BEND_SCALE**2
        cost += change
        cost += step[..., None]
        # Axes: origin, its offset, choice of beats | base tempo, offset here, beat of phrase.
        choices = cost.shape[:3]
        cost = cost.reshape(-1, *cost.shape[3:])
        best = cost.argmin(axis=0)
        k, a, m = np.unravel_index(best, choices)
        t, b = np.arange(best.shape[0])[:, None, None], np.arange(best.shape[1])[:, None]
        here = np.s_[node, :, : best.shape[1]]
        self.cost[here] = cost.min(axis=0) + self._place_cost(node)
        self.origin[here], self.origin_offset[here] = origins[k], a
        self.step_beats[here] = beats[k, a, m, t, b]
        self.bend[here] = bend[k, a, m, t, b]

    def _steps(self, node: int, origins: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Beats, bend of the base tempo and cost of every step; inf where it bends too far."""
        problem = self.problem
        here = self.offsets[:1] if node == len(problem.times) - 1 else self.offsets
        gap = (problem.times[node] - problem.times[origins])[:, None, None, None, None] + (
            here - self.offsets[:, None, None, None]
        )
        period = self.period[:, None]
        beats = np.maximum(np.rint(gap / period) + self.spare_beats[:, None, None], 1)
        bend = beats * period / np.maximum(gap, 1e-9) - 1
        cost = BEND / BEND_SCALE**2 * bend**2 + OFFSET_COST[: len(here)]
        cost += (self.passed[node] - self.passed[origins + 1])[:, None, None, None, None]
        cost[np.abs(bend) > problem.freedom + 1e-9] = np.inf
        return beats.astype(np.int32), bend, cost

    def _arrivals(
        self, origins: np.ndarray, beats: np.ndarray, bend: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Cost up to the origin of each step and the change of tempo there, by beat of phrase."""
        tempos, offsets, phases = self.cost.shape[1:]
        # One flat index: several times faster than indexing every axis.
        row = (origins[:, None, None] * tempos + np.arange(tempos)[:, None]) * offsets
        row = row[:, None, None] + np.arange(offsets)[:, None, None, None]
        at = (np.arange(phases) - beats[..., None]) % phases
        at += row[..., None] * phases
        change = bend[..., None] - self.bend.take(at)
        change[origins == 0] = 0.0
        return self.cost.take(at), change

    def _place_cost(self, node: int) -> np.ndarray:
        """(phases,) what meeting `node` on each beat of the phrase costs."""
        beat = np.arange(self.phases)
        if self.phases == 1:
            return np.zeros(1)
        if node == len(self.problem.times) - 1:
            return _end_cost(beat)
        off_bar = self.problem.downbeat * OFF_DOWNBEAT[beat % 4]
        return self.problem.weights[node] * (off_bar + OFF_PHRASE * (beat > 0))
