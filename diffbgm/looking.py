"""Looking without composing: what `analyse` and `hits` show. Prints nothing."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from diffbgm.spotting.cue_sheet import spot
from diffbgm.spotting.hit_points import Spotting, SpottingOptions, spot_cuts
from diffbgm.timeline import Timeline, read_cut_list
from diffbgm.video.analysis import VideoAnalysis, analyse_film, analyse_timeline
from diffbgm.video.clip import installed_clip

CUT_LIST_SUFFIXES = (".json", ".txt")


def look(source: Path | Timeline, advance: Callable[[float], None]) -> VideoAnalysis:
    """What is seen in a film or an edit, as composing sees it."""
    clip = installed_clip()
    if isinstance(source, Timeline):
        return analyse_timeline(source, advance, clip)
    return analyse_film(source, None, advance, clip)


def look_for_hits(
    source: Path | Timeline, options: SpottingOptions, advance: Callable[[float], None]
) -> tuple[Spotting, Fraction]:
    """How beats would meet the cuts of a film, an edit or a CUTS file, and its frame rate."""
    if isinstance(source, Path) and source.suffix.lower() in CUT_LIST_SUFFIXES:
        cuts = read_cut_list(source)
        return spot_cuts(cuts.frame_rate, cuts.frames, cuts.cuts, options), cuts.frame_rate
    analysis = look(source, advance)
    cues = spot(analysis, options)
    spotting = Spotting(cues.tempo_map, cues.hits, cues.first_downbeat)
    return spotting, analysis.timeline.frame_rate
