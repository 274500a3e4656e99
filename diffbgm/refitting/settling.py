"""All that is settled for a changed edit before a note of it is made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from diffbgm.arranging.styles import load_style
from diffbgm.composition import ScoredFilm
from diffbgm.dialogue import Dialogue, Interval
from diffbgm.options import ComposeOptions
from diffbgm.refitting.carrying import (
    carried_cues,
    carried_spans,
    moved_options,
    with_overrides,
)
from diffbgm.refitting.matching import ShotChange, match_shots, same_shots
from diffbgm.refitting.retiming import Retiming, retime
from diffbgm.spotting.cue_sheet import (
    CueSheet,
    SpottingOptions,
    measure_conditions,
    sources_of,
    weights_of_cuts,
)
from diffbgm.spotting.hit_points import asked_frames, with_sources
from diffbgm.timeline import Timeline
from diffbgm.video.analysis import VideoAnalysis
from diffbgm.video.places import places


@dataclass(frozen=True)
class Settled:
    """The composition as it was, and all that is settled for the edit before a note is made."""

    folder: Path
    old: ScoredFilm
    analysis: VideoAnalysis
    changes: tuple[ShotChange, ...]
    retiming: Retiming
    cues: CueSheet
    options: ComposeOptions

    @property
    def after(self) -> Timeline:
        return self.analysis.timeline


def settle(folder: Path, old: ScoredFilm, analysis: VideoAnalysis, found: Dialogue) -> Settled:
    """Shots, beats, conditions, harmony and speech of the edit."""
    before = old.timeline
    changes = match_shots(before, analysis.timeline)
    after = with_overrides(analysis.timeline, before, changes)
    analysis = replace(analysis, timeline=after)
    options = moved_options(old.options, before, after)
    spotting_options = SpottingOptions.from_options(options, load_style(options.style).tempo)
    same = same_shots(changes)
    weights = weights_of_cuts(analysis, spotting_options)
    asked = asked_frames(
        after.frame_rate, after.frames, after.cuts, spotting_options, after.asked_hits
    )
    freedom = options.freedom_percent / 100
    retiming = retime(old.cues, before, after, same, freedom, weights, asked)
    pinned = {*options.pinned, *after.pinned_hits}
    spotting = with_sources(retiming.spotting, sources_of(analysis), pinned)
    retiming = replace(retiming, spotting=spotting)
    measured = measure_conditions(analysis, retiming.spotting, spotting_options)
    cues = carried_cues(measured, old.cues, retiming, options.seed, places(analysis))
    spans = [
        *carried_spans(old.cues.dialogue, before, after, same),
        *_spans_elsewhere(found, after, same),
    ]
    cues = replace(cues, dialogue=Dialogue.joined(spans, after.seconds))
    return Settled(folder, old, analysis, changes, retiming, cues, options)


def _spans_elsewhere(
    found: Dialogue, after: Timeline, same: Mapping[int, int]
) -> Iterator[Interval]:
    """What of the speech lies in shots that are not carried over."""
    for shot in after.shots:
        if shot.index not in same:
            begin, end = after.time(shot.start_frame), after.time(shot.end_frame)
            for first, last in found.spans:
                if first < end and last > begin:
                    yield max(first, begin), min(last, end)
