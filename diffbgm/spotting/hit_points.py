"""Hit points: the tempo map that puts beats on the cuts, and how well it does. No pixels, no notes.

The programme that searches is in `hit_search`; here are what it is asked and what came of it.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from itertools import combinations, pairwise
from typing import Any, Literal

import numpy as np

from diffbgm.errors import CutsError
from diffbgm.music.tempo_map import BEATS_PER_BAR, TempoMap
from diffbgm.options import ComposeOptions, check_apart, check_options
from diffbgm.readers.cut_lists import frame_of
from diffbgm.spotting.hit_search import HIT_FRAMES, Problem, TempoPath, constant_path, search
from diffbgm.timeline import check_cuts

HitKind = Literal["downbeat", "beat", "half", "none"]
HitSource = Literal["picture", "candidate", "edit", "added", "asked", "unknown"]
# Cuts closer than this to the one before fade in weight: nobody expects a beat on each.
CLOSE_SECONDS = 1.2
# From here on a shot counts as long.
LONG_SECONDS = 12.0
# What a hit off the downbeat costs, as a share of a hit missed.
DOWNBEAT_COST = 0.2
PREFERRED_DOWNBEAT_COST = 0.7

# How many base tempos are tried to say which pinned cuts contradict each other.
BASES = 2000


@dataclass(frozen=True)
class SpottingOptions:
    """How music is fitted to the picture.

    `bpm` is the range of the base tempo, `freedom_percent` how far the tempo may stray from it
    (3 is not noticed, 6 is usual, 10 is audible). `pinned` and `ignored` are first frames of
    shots: cuts that must be hit, and cuts that need not be; `asked_hits` are frames, timecodes or
    seconds (5.2s) where a beat shall be besides, which may be pinned, too. `prefer_downbeats`
    gives up hits for downbeats. `mood` (valence, arousal; each -1..1) and `energy` (0..1) override
    what was measured, but for shots with overrides of their own. OptionError if a value is out of
    range, CutsError if a cut is both pinned and ignored.
    """

    bpm: tuple[float, float] = (80.0, 160.0)
    freedom_percent: float = 6.0
    pinned: tuple[int, ...] = ()
    ignored: tuple[int, ...] = ()
    asked_hits: tuple[str, ...] = ()
    prefer_downbeats: bool = False
    mood: tuple[float, float] | None = None
    energy: float | None = None

    def __post_init__(self) -> None:
        check_options(self, ComposeOptions)
        check_apart("pinned", self.pinned, "ignored", self.ignored)

    @classmethod
    def from_options(
        cls, options: ComposeOptions, style_tempo: tuple[float, float]
    ) -> "SpottingOptions":
        """What composing with `options` asks of spotting; without a `bpm`, the style's tempo."""
        return cls(
            bpm=options.bpm or style_tempo,
            freedom_percent=options.freedom_percent,
            pinned=options.pinned,
            ignored=options.ignored,
            asked_hits=options.asked_hits,
            prefer_downbeats=options.prefer_downbeats,
            mood=options.mood,
            energy=options.energy,
        )


@dataclass(frozen=True)
class Hit:
    """How the music meets one cut.

    `cut` and `seconds` are the times of the cut and of the nearest beat (or half beat),
    `frames_off` is (seconds - cut) in frames; `weight` says how much the cut matters, 0..1.
    `kind` is none where nothing lies within one frame of the cut; `beat` is the nearest then.
    `source` says who says that there is a cut, as `video.shots.Cut` does, or that it is none, but
    asked for; what is `pinned` must be met, all else is met where it can be.
    """

    cut_frame: int
    cut: float
    beat: float
    seconds: float
    frames_off: float
    kind: HitKind
    weight: float
    source: HitSource = "edit"
    pinned: bool = False


@dataclass(frozen=True)
class Spotting:
    """A tempo map, how it meets each cut, and the beat 0..3 on which the first bar begins.

    `asked_hits` are those besides the cuts.
    """

    tempo_map: TempoMap
    hits: tuple[Hit, ...]
    first_downbeat: int
    asked_hits: tuple[Hit, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """`tempo`, `beats`, `downbeats` (seconds) and `hits`, as in composition.json.

        The last of `beats` is the end of the picture.
        """
        tempo_map = self.tempo_map
        return {
            "tempo": tempo_map.points,
            "first_downbeat": self.first_downbeat,
            "beats": tempo_map.beat_seconds.tolist(),
            "downbeats": tempo_map.seconds(tempo_map.downbeats(self.first_downbeat)).tolist(),
            "hits": [asdict(hit) for hit in self.hits],
            "asked_hits": [asdict(hit) for hit in self.asked_hits],
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Spotting":
        """The spotting whose `to_dict` this is, exactly."""
        return cls(
            TempoMap.from_dict(content["tempo"]),
            tuple(Hit(**hit) for hit in content["hits"]),
            int(content["first_downbeat"]),
            tuple(Hit(**hit) for hit in content["asked_hits"]),
        )


def spot_cuts(
    frame_rate: Fraction,
    frames: int,
    cuts: Sequence[int],
    options: SpottingOptions | None = None,
    strengths: Sequence[float] | None = None,
    asked: Sequence[int] = (),
) -> Spotting:
    """The tempo map for a picture of `frames` frames with `cuts`, first frames of new shots.

    `strengths` 0..1 says how strong the change is at each cut; all alike if None. `asked` are
    frames where a beat is asked for besides those of the options. The last beat falls on the end of
    the picture; a picture shorter than a beat gets one beat as long as it is. CutsError if the cuts
    are not in order within the film, if a pinned or ignored frame is no cut and no hit asked for,
    if one asked for lies outside, or if no tempo within the options hits all that is pinned.
    """
    options = options or SpottingOptions()
    asked = asked_frames(frame_rate, frames, cuts, options, asked)
    _check_cuts(frames, cuts, options, asked)
    weights = wanted_weights(frame_rate, frames, cuts, options, strengths)
    met = np.array([*cuts, *asked], np.int64)
    order = np.argsort(met)
    all_weights = np.concatenate([weights, np.ones(len(asked))])
    problem = _problem(frame_rate, frames, met[order], all_weights[order], options)
    path = _best_path(problem)
    if path is None:
        raise CutsError(_pins_message(frame_rate, frames, options))
    tempo_map = TempoMap(path.beats, path.seconds)
    hits = measure_hits(tempo_map, path.first_downbeat, frame_rate, cuts, weights)
    others = measure_hits(tempo_map, path.first_downbeat, frame_rate, asked, np.ones(len(asked)))
    return with_sources(Spotting(tempo_map, hits, path.first_downbeat, others), {}, options.pinned)


def with_sources(
    spotting: Spotting, sources: Mapping[int, HitSource], pinned: Collection[int]
) -> Spotting:
    """The spotting whose hits say who says that there is a cut, by frame, and what is pinned."""
    return replace(
        spotting,
        hits=tuple(
            replace(
                hit,
                source=sources.get(hit.cut_frame, "edit"),
                pinned=hit.cut_frame in pinned,
            )
            for hit in spotting.hits
        ),
        asked_hits=tuple(
            replace(hit, source="asked", pinned=hit.cut_frame in pinned)
            for hit in spotting.asked_hits
        ),
    )


def asked_frames(
    frame_rate: Fraction,
    frames: int,
    cuts: Sequence[int],
    options: SpottingOptions,
    asked: Sequence[int],
) -> tuple[int, ...]:
    """Where hits are asked for, but at cuts, in order; CutsError for what lies outside."""
    wanted = {*asked}
    for moment in options.asked_hits:
        frame = frame_at(moment, frame_rate)
        if not 0 < frame < frames:
            raise CutsError(
                f"a hit at {moment} is outside the film: its last frame is {frames - 1}"
            )
        wanted.add(frame)
    return tuple(sorted(wanted - {*cuts}))


def frame_at(moment: str, frame_rate: Fraction) -> int:
    """The frame that a frame number, a timecode or seconds (5.2s) mean."""
    if moment.endswith("s"):
        return int(Fraction(moment[:-1]) * frame_rate + Fraction(1, 2))
    return frame_of("a hit", moment, frame_rate)


def wanted_weights(
    frame_rate: Fraction,
    frames: int,
    cuts: Sequence[int],
    options: SpottingOptions,
    strengths: Sequence[float] | None,
) -> np.ndarray:
    """(C,) `cut_weights`, 1 for pinned cuts and 0 for ignored ones."""
    weights = cut_weights(frame_rate, frames, cuts, strengths)
    weights[np.isin(cuts, options.ignored)] = 0.0
    weights[np.isin(cuts, options.pinned)] = 1.0
    return weights


def cut_weights(
    frame_rate: Fraction, frames: int, cuts: Sequence[int], strengths: Sequence[float] | None
) -> np.ndarray:
    """(C,) how much each cut matters, 0..1.

    Cuts that open a long shot and strong changes weigh most; a cut soon after another fades.
    """
    edges = np.array([0, *cuts, frames]) / float(frame_rate)
    before, after = np.diff(edges)[:-1], np.diff(edges)[1:]
    strength = np.ones(len(cuts)) if strengths is None else np.clip(strengths, 0, 1)
    length = np.clip(np.log2(np.maximum(after, 1e-3)) / np.log2(LONG_SECONDS), 0, 1)
    return np.minimum(before / CLOSE_SECONDS, 1) ** 2 * (0.7 + 0.15 * length + 0.15 * strength)


def measure_hits(
    tempo_map: TempoMap,
    first_downbeat: int,
    frame_rate: Fraction,
    cuts: Sequence[int],
    weights: Sequence[float] | np.ndarray,
) -> tuple[Hit, ...]:
    """How the beats of a tempo map meet the cuts, whoever placed them."""
    rate = float(frame_rate)
    times = np.array([float(frame / frame_rate) for frame in cuts])
    on_beat, on_half = _nearest(tempo_map, times, 1.0), _nearest(tempo_map, times, 0.5)
    hits = []
    for i, cut in enumerate(times):
        beat, kind = float(on_beat[i]), "beat"
        if abs(tempo_map.seconds(beat) - cut) * rate > HIT_FRAMES:
            half = float(on_half[i])
            is_half = abs(tempo_map.seconds(half) - cut) * rate <= HIT_FRAMES
            beat, kind = (half, "half") if is_half else (beat, "none")
        elif (beat - first_downbeat) % BEATS_PER_BAR == 0:
            kind = "downbeat"
        seconds = tempo_map.seconds(beat)
        off = (seconds - float(cut)) * rate
        hits.append(Hit(int(cuts[i]), float(cut), beat, seconds, off, kind, float(weights[i])))
    return tuple(hits)


def _nearest(tempo_map: TempoMap, times: np.ndarray, grid: float) -> np.ndarray:
    """(C,) the nearest multiples of `grid` beats, by time."""
    below = np.floor(tempo_map.beat(times) / grid) * grid
    above = np.minimum(below + grid, tempo_map.beats)
    nearer = times - tempo_map.seconds(below) <= tempo_map.seconds(above) - times
    return np.where(nearer, below, above)


def _check_cuts(
    frames: int, cuts: Sequence[int], options: SpottingOptions, asked: Sequence[int]
) -> None:
    if frames < 1:
        raise CutsError(f"a film of {frames} frames has nothing to score")
    check_cuts(cuts, frames)
    for name, chosen in (("pinned", options.pinned), ("ignored", options.ignored)):
        for frame in sorted(set(chosen) - {*cuts, *asked}):
            raise CutsError(f"frame {frame} is {name}, but there is no cut: {_nearby(frame, cuts)}")


def _nearby(frame: int, cuts: Sequence[int]) -> str:
    """Which cuts to name instead of that frame."""
    if not cuts:
        return "the film has none"
    after = bisect_left(cuts, frame)
    nearest = cuts[max(after - 1, 0) : after + 1]
    return f"choose one that is, such as {' or '.join(map(str, nearest))}"


def _problem(
    frame_rate: Fraction,
    frames: int,
    cuts: np.ndarray,
    weights: np.ndarray,
    options: SpottingOptions,
) -> Problem:
    # The first and the last beat hit what lies within a frame of the two ends as it is.
    wanted = (weights > 0) & (cuts > 1) & (cuts < frames - 1)
    nodes = np.concatenate([[0], cuts[wanted], [frames]])
    pinned = np.isin(nodes, [0, frames, *options.pinned])
    return Problem(
        times=np.array([float(int(frame) / frame_rate) for frame in nodes]),
        weights=np.concatenate([[0.0], weights[wanted], [0.0]]),
        pinned=pinned,
        frame=float(1 / frame_rate),
        bpm=options.bpm,
        freedom=options.freedom_percent / 100,
        downbeat=PREFERRED_DOWNBEAT_COST if options.prefer_downbeats else DOWNBEAT_COST,
    )


def _best_path(problem: Problem) -> TempoPath | None:
    """The cheapest path by what it really hits; None if none hits all that is pinned."""
    best, best_cost = constant_path(problem), np.inf
    if best is not None:
        best_cost = best.cost
    for path in search(problem):
        hit = _is_hit(problem, path)
        by_chance = hit.copy()
        by_chance[list(path.nodes)] = False
        cost = path.cost - problem.weights[by_chance].sum()
        if cost < best_cost:
            best, best_cost = path, cost
    return best


def _is_hit(problem: Problem, path: TempoPath) -> np.ndarray:
    """(N,) whether a beat lies within a frame of each node, meant or by chance."""
    tempo_map = TempoMap(path.beats, path.seconds)
    nearest = tempo_map.seconds(_nearest(tempo_map, problem.times, 1.0))
    return np.abs(nearest - problem.times) <= HIT_FRAMES * problem.frame


def _pins_message(frame_rate: Fraction, frames: int, options: SpottingOptions) -> str:
    """Which pinned cuts contradict each other, and what to do."""
    low, high = options.bpm
    within = f"at {low:g}-{high:g} BPM ± {options.freedom_percent:g} %"
    advice = "unpin one, or widen the tempo range or the freedom"
    spans = list(pairwise(sorted({0, frames, *options.pinned})))
    fits = [_bases_that_fit(last - first, frame_rate, options) for first, last in spans]
    for span, fit in zip(spans, fits, strict=True):
        if not fit.any():
            between = " and ".join(_place(frame, frames) for frame in span)
            return f"no whole number of beats fits between {between} {within}: {advice}"
    for (one, fit), (other, other_fit) in combinations(zip(spans, fits, strict=True), 2):
        if not (fit & other_fit).any():
            from_to = [f"from {_place(a, frames)} to {_place(b, frames)}" for a, b in (one, other)]
            return f"no one base tempo fits both {' and '.join(from_to)} {within}: {advice}"
    pins = ", ".join(map(str, sorted(options.pinned)))
    return f"no one base tempo hits the pinned cuts {pins} {within}: {advice}"


def _bases_that_fit(gap: int, frame_rate: Fraction, options: SpottingOptions) -> np.ndarray:
    """(BASES,) at which base tempos whole beats fit into `gap` frames, each end a frame off."""
    bases = np.geomspace(*options.bpm, BASES) / 60
    bend = options.freedom_percent / 100
    fewest = bases * (1 - bend) * max(gap - 2, 0) / float(frame_rate)
    most = bases * (1 + bend) * (gap + 2) / float(frame_rate)
    return np.floor(most) >= np.maximum(np.ceil(fewest), 1)


def _place(frame: int, frames: int) -> str:
    ends = {0: "the start", frames: "the end"}
    return ends.get(frame, f"the pinned cut at frame {frame}")
