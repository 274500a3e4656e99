"""The cue sheet: what the music goes by. Beats, hits and conditions; no pixels, no notes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from diffbgm.dialogue import Dialogue
from diffbgm.lead_sheet import PlannedChord
from diffbgm.music.tempo_map import BEATS_PER_BAR, TempoMap
from diffbgm.spotting.hit_points import (
    Hit,
    HitKind,
    HitSource,
    Spotting,
    SpottingOptions,
    spot_cuts,
    wanted_weights,
    with_sources,
)
from diffbgm.spotting.phrases import phrase_starts
from diffbgm.spotting.planning import PiecePlan
from diffbgm.timeline import Timeline

if TYPE_CHECKING:
    from diffbgm.video.analysis import VideoAnalysis

__all__ = ["CueSheet", "Hit", "HitKind", "SpottingOptions", "shot_levels", "spot"]

# A film whose motion spans less than this has no calm and no action to tell apart.
FULL_SPREAD = 0.2
# How much of a beat's energy is its place within the film's own range, at full spread.
OWN_RANGE_SHARE = 0.5
# What is left of the picture's ups and downs inside a shot whose energy is overridden.
KEPT_VARIATION = 0.5
# A boundary is at least this strong where a shot begins, and where only a phrase does.
WEAKEST_CUT = 0.4
PHRASE_STRENGTH = 0.5


@dataclass(frozen=True)
class CueSheet:
    """How beats meet the cuts and, per beat, the two condition streams.

    `dynamic` is (B, len(DYNAMIC)), `semantic` (B, len(SEMANTIC)), both float32, named in
    `music.conditions`. `shot_of_beat` (B,) is the index of the shot a beat belongs to:
    the segments of the segment-aware attention. B is `tempo_map.beats`: a whole number of bars
    is not promised. `phrases` are the beats on which phrases begin. Under `dialogue` the music
    makes room. `plan` holds for the whole bars around all beats, once it is made (`film_plan`).
    """

    spotting: Spotting
    dynamic: np.ndarray
    semantic: np.ndarray
    shot_of_beat: np.ndarray
    phrases: tuple[int, ...] = ()
    dialogue: Dialogue = field(default_factory=Dialogue)
    plan: PiecePlan | None = None

    @property
    def tempo_map(self) -> TempoMap:
        return self.spotting.tempo_map

    @property
    def hits(self) -> tuple[Hit, ...]:
        return self.spotting.hits

    @property
    def asked_hits(self) -> tuple[Hit, ...]:
        """Those besides the cuts."""
        return self.spotting.asked_hits

    @property
    def first_downbeat(self) -> int:
        """The beat 0..3 on which the first bar begins."""
        return self.spotting.first_downbeat

    @property
    def bar_padding(self) -> tuple[int, int]:
        """Beats to add before the first and after the last to have whole bars."""
        before = -self.first_downbeat % BEATS_PER_BAR
        return before, -(before + self.tempo_map.beats) % BEATS_PER_BAR

    def planned_chord(self, beat: float) -> PlannedChord | None:
        """The chord that is planned for the half bar of a beat, if there is a plan."""
        if self.plan is None:
            return None
        return self.plan.chords.at(beat + self.bar_padding[0])

    def chord_changes(self) -> list[tuple[float, str]]:
        """Where another planned chord begins, by beats: seconds and name; none without a plan."""
        changes: list[tuple[float, str]] = []
        for beat, seconds in enumerate(self.tempo_map.beat_seconds[:-1].tolist()):
            chord = self.planned_chord(beat)
            if chord is not None and (not changes or changes[-1][1] != chord.name):
                changes.append((seconds, chord.name))
        return changes

    def to_dict(self) -> dict[str, Any]:
        """What composition.json keeps of it, enough for `from_dict` to rebuild it exactly."""
        from diffbgm.music.conditions import DYNAMIC, SEMANTIC

        return {
            **self.spotting.to_dict(),
            "phrases": list(self.phrases),
            "dialogue": [list(span) for span in self.dialogue.spans],
            "plan": self.plan and self.plan.to_dict(),
            "shot_of_beat": self.shot_of_beat.tolist(),
            "conditions": {
                "dynamic": self.dynamic.tolist(),
                "semantic": self.semantic.tolist(),
                "names": {"dynamic": list(DYNAMIC), "semantic": list(SEMANTIC)},
            },
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> CueSheet:
        """The cue sheet whose `to_dict` is (a part of) `content`, bit for bit."""
        return cls(
            Spotting.from_dict(content),
            np.array(content["conditions"]["dynamic"], np.float32),
            np.array(content["conditions"]["semantic"], np.float32),
            np.array(content["shot_of_beat"], np.int64),
            tuple(content["phrases"]),
            Dialogue(tuple((start, end) for start, end in content["dialogue"])),
            PiecePlan.from_dict(plan) if (plan := content["plan"]) else None,
        )


def spot(analysis: VideoAnalysis, options: SpottingOptions | None = None) -> CueSheet:
    """Fit tempo to the cuts and measure the conditions, beat by beat.

    A shot's own override of mood or energy goes before that of the whole film in `options`, and
    that before what was measured. CutsError as `spot_cuts`.
    """
    options = options or SpottingOptions()
    timeline = analysis.timeline
    pinned = tuple(sorted({*options.pinned, *timeline.pinned_hits}))
    options = replace(options, pinned=pinned)
    strengths = _cut_strengths(analysis).tolist()
    spotting = spot_cuts(
        timeline.frame_rate, timeline.frames, timeline.cuts, options, strengths, timeline.asked_hits
    )
    spotting = with_sources(spotting, sources_of(analysis), pinned)
    return measure_conditions(analysis, spotting, options)


def sources_of(analysis: VideoAnalysis) -> dict[int, HitSource]:
    """Who says of each cut, by its frame, that it is one."""
    return {cut.frame: cut.source for cut in analysis.cuts}


def weights_of_cuts(analysis: VideoAnalysis, options: SpottingOptions) -> np.ndarray:
    """(C,) how much each cut of the timeline matters, 0..1, as `spot` goes by it."""
    timeline = analysis.timeline
    strengths = _cut_strengths(analysis).tolist()
    return wanted_weights(timeline.frame_rate, timeline.frames, timeline.cuts, options, strengths)


def measure_conditions(
    analysis: VideoAnalysis, spotting: Spotting, options: SpottingOptions
) -> CueSheet:
    """The conditions on the beats of a tempo map that is settled; see `spot`."""
    # scipy, which it needs, costs more than all else here: only who spots a film pays for it.
    from diffbgm.music.conditions import from_picture

    timeline = analysis.timeline
    strengths = _cut_strengths(analysis)
    shot_of_beat = _shot_of_beat(timeline, spotting)
    phrases = phrase_starts(spotting.tempo_map, spotting.first_downbeat, spotting.hits)
    energy = _beat_energy(analysis.motion, timeline, spotting.tempo_map)
    energy = _overridden_energy(spread_out(energy), timeline, shot_of_beat, options.energy)
    mood = _beat_mood(analysis.mood, spotting.tempo_map)
    mood = _overridden_mood(mood, timeline, shot_of_beat, options.mood)
    boundary = _boundaries(strengths, shot_of_beat, phrases)
    dynamic, semantic = from_picture(energy, boundary, mood)
    return CueSheet(spotting, dynamic, semantic, shot_of_beat, phrases)


def override_shot(
    cues: CueSheet,
    analysis: VideoAnalysis,
    shot: int,
    mood: tuple[float, float] | None,
    energy: float | None,
    is_automatic: bool = False,
) -> CueSheet:
    """The cue sheet with one shot's conditions measured again under another mood or energy.

    None leaves them as they are, or, if `is_automatic`, as the picture alone has them.
    """
    if mood is None and energy is None and not is_automatic:
        return cues
    timeline = analysis.timeline
    overridden = replace(timeline.shots[shot], mood=mood, energy=energy)
    shots = (*timeline.shots[:shot], overridden, *timeline.shots[shot + 1 :])
    analysis = replace(analysis, timeline=replace(timeline, shots=shots))
    measured = measure_conditions(analysis, cues.spotting, SpottingOptions())
    own = (cues.shot_of_beat == shot)[:, None]
    dynamic = cues.dynamic if energy is None and not is_automatic else measured.dynamic
    semantic = cues.semantic if mood is None and not is_automatic else measured.semantic
    return replace(
        cues,
        dynamic=np.where(own, dynamic, cues.dynamic),
        semantic=np.where(own, semantic, cues.semantic),
    )


def shot_levels(cues: CueSheet, timeline: Timeline) -> tuple[np.ndarray, np.ndarray]:
    """Energy (S,) 0..1 and mood (S, 3) -1..1 of each shot, as the cue sheet has them.

    Means over the shot's beats; a shot too short for a beat of its own has the level of the beat
    that sounds in its middle.
    """
    energy, mood = cues.dynamic[:, 0], 2 * cues.semantic - 1
    levels = []
    for shot in timeline.shots:
        own = cues.shot_of_beat == shot.index
        if not own.any():
            middle = timeline.time(shot.start_frame + shot.end_frame) / 2
            own = np.array([min(int(cues.tempo_map.beat(middle)), len(energy) - 1)])
        levels.append((energy[own].mean(), mood[own].mean(axis=0)))
    return np.array([level[0] for level in levels]), np.array([level[1] for level in levels])


def spread_out(energy: np.ndarray) -> np.ndarray:
    """Absolute energy (B,) 0..1, gently pulled apart over the film's own range; order is kept.

    Half of the result is the place between the film's calmest and busiest beats (5th and 95th
    percentile), less where they are alike: a still film stays calm and a wild one wild, yet
    within any film calm and action differ.
    """
    low, high = np.percentile(energy, [5, 95])
    spread = high - low
    share = OWN_RANGE_SHARE * min(spread / FULL_SPREAD, 1)
    if share == 0:
        return energy
    place = np.clip(0.5 + (energy - (low + high) / 2) / spread, 0, 1)
    return np.clip((1 - share) * energy + share * place, 0, 1)


def _cut_strengths(analysis: VideoAnalysis) -> np.ndarray:
    """(S - 1,) strength of the change at every cut of the timeline."""
    strengths = {cut.frame: cut.strength for cut in analysis.cuts}
    missing = set(analysis.timeline.cuts) - set(strengths)
    if missing:
        raise ValueError(f"the analysis has no strength for the cuts at {sorted(missing)}")
    return np.array([strengths[frame] for frame in analysis.timeline.cuts], np.float64)


def _shot_of_beat(timeline: Timeline, spotting: Spotting) -> np.ndarray:
    """(B,) the shot in the middle of each beat; a beat that hits a cut is the new shot's."""
    tempo_map = spotting.tempo_map
    starts = np.array([timeline.time(shot.start_frame) for shot in timeline.shots])
    middle = (tempo_map.beat_seconds[:-1] + tempo_map.beat_seconds[1:]) / 2
    shots = np.searchsorted(starts, middle, side="right") - 1
    for index, hit in enumerate(spotting.hits, start=1):
        if hit.kind in ("beat", "downbeat") and hit.beat < tempo_map.beats:
            shots[int(hit.beat)] = index
    return shots


def _beat_energy(motion: np.ndarray, timeline: Timeline, tempo_map: TempoMap) -> np.ndarray:
    """(B,) mean motion over each beat, exact where a frame is shared by two beats.

    Each frame counts as the median of itself and its neighbours: a flash of one frame, or what
    the measure left of a cut, does not count.
    """
    if motion.shape != (timeline.frames,):
        raise ValueError(f"motion is {motion.shape}, the film has {timeline.frames} frames")
    padded = np.pad(motion.astype(np.float64), 1, mode="edge")
    calm = np.median(np.lib.stride_tricks.sliding_window_view(padded, 3), axis=1)
    total = np.concatenate([[0.0], np.cumsum(calm)])
    edges = tempo_map.beat_seconds * float(timeline.frame_rate)
    return np.diff(np.interp(edges, np.arange(len(total)), total)) / np.diff(edges)


def _beat_mood(mood: np.ndarray, tempo_map: TempoMap) -> np.ndarray:
    """(B, 3) the mood in the middle of each beat, between the middles of the measured seconds."""
    middle = (tempo_map.beat_seconds[:-1] + tempo_map.beat_seconds[1:]) / 2
    measured = np.arange(len(mood)) + 0.5
    return np.stack([np.interp(middle, measured, column) for column in mood.T], axis=1)


def _overridden_energy(
    energy: np.ndarray, timeline: Timeline, shot_of_beat: np.ndarray, override: float | None
) -> np.ndarray:
    """The film's override moves all shots alike; a shot's own sets its mean."""
    overridden = energy if override is None else energy + override - energy.mean()
    overridden = np.clip(overridden, 0, 1)
    for shot in timeline.shots:
        own = shot_of_beat == shot.index
        if shot.energy is not None and own.any():
            variation = KEPT_VARIATION * (energy[own] - energy[own].mean())
            overridden[own] = np.clip(shot.energy + variation, 0, 1)
    return overridden


def _overridden_mood(
    mood: np.ndarray,
    timeline: Timeline,
    shot_of_beat: np.ndarray,
    override: tuple[float, float] | None,
) -> np.ndarray:
    overridden = mood.copy()
    if override is not None:
        overridden[:] = with_tension(override)
    for shot in timeline.shots:
        if shot.mood is not None:
            overridden[shot_of_beat == shot.index] = with_tension(shot.mood)
    return overridden


def with_tension(mood: tuple[float, float]) -> tuple[float, float, float]:
    """Overrides name valence and arousal; what is aroused and unpleasant is tense (Thayer 1989)."""
    valence, arousal = mood
    return valence, arousal, (arousal - valence) / 2


def _boundaries(
    strengths: np.ndarray, shot_of_beat: np.ndarray, phrases: tuple[int, ...]
) -> np.ndarray:
    """(B,) 0..1: 1 at the start, the strength of the cut where a shot begins, 0 elsewhere."""
    boundary = np.zeros(len(shot_of_beat))
    boundary[list(phrases)] = PHRASE_STRENGTH
    first_beats = np.flatnonzero(np.diff(shot_of_beat)) + 1
    cut = WEAKEST_CUT + (1 - WEAKEST_CUT) * strengths[shot_of_beat[first_beats] - 1]
    boundary[first_beats] = np.maximum(boundary[first_beats], cut)
    boundary[0] = 1.0
    return boundary
