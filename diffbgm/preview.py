"""What composing would go by, before anything is composed: shots, motion, mood, hits."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from diffbgm.arranging.styles import load_style
from diffbgm.errors import OptionError
from diffbgm.files import as_path
from diffbgm.options import ComposeOptions, checked
from diffbgm.progress import Advance, Progress, no_progress
from diffbgm.readers.cut_lists import CutList
from diffbgm.spotting.cue_sheet import spot
from diffbgm.spotting.hit_points import Spotting, SpottingOptions, spot_cuts
from diffbgm.timeline import CutHints, Timeline, check_cuts, with_words
from diffbgm.video.analysis import VideoAnalysis, analyse_film, analyse_timeline
from diffbgm.video.clip import installed_clip


def analyse(
    source: str | Path | Timeline,
    options: ComposeOptions | None = None,
    progress: Progress = no_progress,
) -> VideoAnalysis:
    """What composing for a film or an edit would go by: its shots, their motion and mood."""
    options = checked("options", options or ComposeOptions(), ComposeOptions)
    return analyse_source(checked_source(source), options, lambda part: progress("analysis", part))


def preview_hits(
    source: str | Path | Timeline | CutList,
    options: ComposeOptions | None = None,
    progress: Progress = no_progress,
) -> tuple[Spotting, Fraction]:
    """How composing with these options would meet the cuts, and the frame rate of the picture."""
    options = checked("options", options or ComposeOptions(), ComposeOptions)
    wanted = SpottingOptions.from_options(options, load_style(options.style).tempo)
    if isinstance(source, CutList):
        spotting = spot_cuts(source.frame_rate, source.frames, source.cuts, wanted)
        return spotting, source.frame_rate
    analysis = analyse(source, options, progress)
    return spot(analysis, wanted).spotting, analysis.timeline.frame_rate


def checked_source(source: str | Path | Timeline) -> Path | Timeline:
    """TypeError unless it is a film's path or an edit."""
    return source if isinstance(source, Timeline) else as_path("source", source)


def analyse_source(
    source: Path | Timeline, options: ComposeOptions, advance: Advance
) -> VideoAnalysis:
    """What composing goes by, with CLIP where it is installed; see `analyse`."""
    clip = installed_clip(options.device)
    if isinstance(source, Timeline):
        if options.cuts is not None:
            raise OptionError("an edit has its own cuts; give --cuts with a film alone")
        return analyse_timeline(_with_words(source, options), advance, clip)
    if options.cuts is not None:
        check_cuts(options.cuts)
        cuts = with_words(options.cuts, options.added, options.dropped)
        return analyse_film(source, cuts, advance, clip)
    hints = CutHints().with_words(options.added, options.dropped)
    return analyse_film(source, None, advance, clip, hints)


def _with_words(edit: Timeline, options: ComposeOptions) -> Timeline:
    """The edit with the cuts that were added, dropped or, among its candidates, pinned."""
    if edit.hints is None:
        return edit.cut_at(with_words(edit.cuts, options.added, options.dropped))
    pinned = {*options.pinned} & {*edit.hints.candidates}
    hints = edit.hints.with_words(sorted({*options.added, *pinned}), options.dropped)
    return replace(edit, hints=hints)
