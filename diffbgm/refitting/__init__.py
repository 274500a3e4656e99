"""A composition carried over to a changed edit: read from top to bottom.

preview_refit  what became of every shot
refit          what stayed is moved along, to the bit; new notes just for what changed
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from diffbgm import generation
from diffbgm.composition import (
    Composition,
    load_composition,
    load_scored_film,
    read_document,
)
from diffbgm.composition.origin import with_soundfont
from diffbgm.devices import choose_device
from diffbgm.dialogue import Dialogue
from diffbgm.errors import StorageError, TimelineError
from diffbgm.files import as_path
from diffbgm.generation import SEEN_BARS
from diffbgm.music.pianoroll import BEATS_PER_BAR
from diffbgm.options import RefitOptions, checked
from diffbgm.performing import share_of
from diffbgm.preview import analyse_source
from diffbgm.progress import Advance, Clock, Progress, no_progress, part_of
from diffbgm.refitting.carrying import carried_roll, moved_options, stretches
from diffbgm.refitting.matching import ShotChange, match_shots
from diffbgm.refitting.playing import scored_edit
from diffbgm.refitting.settling import Settled, settle
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.timeline import Timeline
from diffbgm.video.find_dialogue import find_dialogue
from diffbgm.writers.folder import new_version, write_folder
from diffbgm.writers.rendering import soundfont_of

__all__ = ["ShotChange", "preview_refit", "refit"]


def preview_refit(
    folder: str | Path, edit: Timeline, progress: Progress = no_progress
) -> tuple[ShotChange, ...]:
    """What `refit` would find to have become of every shot; nothing is made.

    Only an edit with candidates among its cuts is looked at, as composing would. CompositionError
    if `folder` is no composition, TimelineError if the edit is none of its film.
    """
    composition = load_composition(as_path("folder", folder))
    old = load_scored_film(composition)
    changes = _changes(composition, old.timeline, edit)
    if edit.hints is None:
        return changes
    options = moved_options(old.options, old.timeline, edit)
    analysis = analyse_source(edit, options, lambda part: progress("analysis", part))
    return match_shots(old.timeline, analysis.timeline)


def refit(
    folder: str | Path,
    edit: Timeline,
    options: RefitOptions | None = None,
    progress: Progress = no_progress,
    into: str | Path | None = None,
) -> Composition:
    """Carry the music in `folder` over to a changed edit; write it there, or `into` another folder.

    Shots that show what they showed keep their takes, notes and sound, to the bit, wherever they
    lie now, but where the beats of two that meet do not fit, and at the piece's end, where the same
    notes close otherwise. All others get new notes, which fit those around them. Errors as
    `preview_refit` and `compose`; whatever goes wrong, the folders are as they were.
    """
    options = checked("options", options or RefitOptions(), RefitOptions)
    clock = Clock(progress)
    composition = load_composition(as_path("folder", folder))
    old = load_scored_film(composition)
    _changes(composition, old.timeline, edit)
    soundfont = find_soundfont(options.soundfont) if options.soundfont else soundfont_of(old)
    choose_device(options.device)
    target = composition.folder if into is None else as_path("into", into)
    wanted = replace(moved_options(old.options, old.timeline, edit), device=options.device)
    with new_version(target, edit, wanted) as work:
        if read_document(composition.folder) != composition:
            raise StorageError(f"{folder} was changed by another diffbgm meanwhile; try again")

        with clock.stage("analysis") as advance:
            analysis = analyse_source(edit, wanted, advance)
        with clock.stage("dialogue") as advance:
            found = find_dialogue(edit, advance) if old.options.under_dialogue else Dialogue()
        with clock.stage("spotting"):
            settled = settle(composition.folder, old, analysis, found)
        with clock.stage("diffusion") as advance:
            roll, memory = _new_roll(settled, options, advance)
        with clock.stage("arrangement") as advance:
            scored = scored_edit(settled, roll, soundfont, work, advance)
        origin = with_soundfont(composition.origin, soundfont)
        scored = replace(scored, origin=origin, model=scored.model | memory)
        written = write_folder(work, scored, clock)
    return replace(written, folder=target)


def _changes(composition: Composition, before: Timeline, edit: Timeline) -> tuple[ShotChange, ...]:
    """TimelineError where nothing of the film that the music was made for is left."""
    changes = match_shots(before, edit)
    if all(change.before is None for change in changes if change.shot is not None):
        raise TimelineError(
            f"the edit shows nothing of what the music in {composition.folder} was made for: "
            "compose it anew, or put its media where they were"
        )
    return changes


def _new_roll(
    settled: Settled, options: RefitOptions, advance: Advance
) -> tuple[np.ndarray, dict[str, str]]:
    """The old cells where they are now, and new ones under new beats; and what there is to tell
    of memory."""
    cues, old = settled.cues, settled.old
    roll = carried_roll(old, settled.retiming)
    groups = _groups(settled.retiming.old_beats < 0)
    if not groups:
        return roll, {}
    checkpoint = generation.resolve_checkpoint(options.checkpoint or old.options.checkpoint)
    network = generation.load(checkpoint, options.device)
    seed = old.options.seed if options.seed is None else options.seed
    for index, beats in enumerate(groups):
        advance_group = part_of(advance, *share_of(index, groups))
        (roll,) = generation.inpaint_beats(
            network,
            cues,
            settled.analysis,
            beats,
            roll,
            old.options.sampling,
            [seed],
            advance_group,
        )
    return roll, network.memory


def _groups(fresh: np.ndarray) -> list[np.ndarray]:
    """The fresh beats (true in (B,)) in groups that do not see each other."""
    groups: list[np.ndarray] = []
    last_end = None
    for first, end in stretches(np.flatnonzero(fresh)):
        if last_end is None or first - last_end > SEEN_BARS * BEATS_PER_BAR:
            groups.append(np.zeros_like(fresh))
        groups[-1][first:end] = True
        last_end = end
    return groups
