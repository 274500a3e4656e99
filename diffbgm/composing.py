"""One film from the first frame to the last sample: read from top to bottom.

compose      film → analysis → cue sheet → roll → takes of every shot → folder
recompose    one shot of such a folder again, its neighbours unchanged
select_take  another of the takes that a shot already has

Before that, without composing: `preview.analyse` and `preview.preview_hits`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from diffbgm import generation
from diffbgm.arranging.styles import Style, load_style, located
from diffbgm.composition import (
    Composition,
    ScoredFilm,
    Take,
    load_composition,
    load_scored_film,
    load_take,
    save_take,
)
from diffbgm.composition.origin import origin_of, with_soundfont
from diffbgm.devices import choose_device
from diffbgm.dialogue import Dialogue
from diffbgm.errors import OptionError
from diffbgm.files import as_path
from diffbgm.music.chord_plan import ChordPlan
from diffbgm.music.harmony import estimate_key
from diffbgm.music.pianoroll import to_score
from diffbgm.options import ComposeOptions, TakeOptions, checked
from diffbgm.performing import arranged_take, candidate_seed, prepare_sound, share_of, take_seed
from diffbgm.preview import analyse_source, checked_source
from diffbgm.progress import Advance, Clock, Progress, no_progress, part_of
from diffbgm.sound.soundfont import find_soundfont
from diffbgm.spotting.cue_sheet import CueSheet, override_shot, spot
from diffbgm.spotting.film_plan import plan_film
from diffbgm.spotting.hit_points import SpottingOptions
from diffbgm.spotting.shot_chords import with_written
from diffbgm.timeline import Timeline
from diffbgm.video.find_dialogue import find_dialogue
from diffbgm.video.places import places
from diffbgm.writers.folder import new_version, next_version, write_folder
from diffbgm.writers.rendering import PreviousVersion, soundfont_of
from diffbgm.writers.space import require_space, space_needed

if TYPE_CHECKING:
    from diffbgm.model.networks import Model
    from diffbgm.video.analysis import VideoAnalysis


def compose(
    source: str | Path | Timeline,
    folder: str | Path,
    options: ComposeOptions | None = None,
    progress: Progress = no_progress,
) -> Composition:
    """Score a film, or an edit, into `folder`; return what composition.json then says.

    `progress(stage, fraction of all)` may raise to stop. Whatever goes wrong, `folder` is as it
    was. Raises DiffBGMError, of the kind that says what is wrong.
    """
    source, folder = checked_source(source), as_path("folder", folder)
    options = checked("options", options or ComposeOptions(), ComposeOptions)
    options = replace(options, style=located(options.style))
    clock = Clock(progress)
    style = load_style(options.style)
    written = None if options.chords is None else ChordPlan.from_text(options.chords)
    soundfont = find_soundfont(options.soundfont)
    checkpoint = generation.resolve_checkpoint(options.checkpoint)
    model = generation.describe_model(checkpoint, options.sampling)
    film = _film_to_mux(source, folder, options)
    choose_device(options.device)
    # All that may be refused is, before anything slow begins.
    with (
        new_version(folder, source, options) as work,
    ):
        require_space(folder, space_needed(source, options, style))
        prepare_sound(soundfont, style)
        with clock.stage("analysis") as advance:
            analysis = analyse_source(source, options, advance)
        with clock.stage("dialogue") as advance:
            shown = source if isinstance(source, Timeline) else analysis.timeline
            dialogue = _dialogue(shown, options, advance)
        with clock.stage("spotting"):
            cues = spot(analysis, SpottingOptions.from_options(options, style.tempo))
            plan = plan_film(cues, options.seed, written, places(analysis))
            cues = replace(cues, dialogue=dialogue, plan=plan)
        with clock.stage("diffusion") as advance:
            network = generation.load(checkpoint, options.device)
            roll, ranking = _best_roll(network, cues, analysis, options, advance)
        with clock.stage("arrangement") as advance:
            takes, shots = [], len(analysis.timeline.shots)
            for take in _first_takes(roll, cues, shots, options, style, soundfont):
                save_take(work, len(takes), 0, take)
                takes.append(take)
                advance(len(takes) / shots)
        scored = ScoredFilm(
            analysis=analysis,
            cues=cues,
            takes=tuple(takes),
            numbers=((0, 1),) * len(takes),
            options=options,
            film=film,
            model=model
            | network.feature_sources(analysis.image_embeddings)
            | network.memory
            | ranking,
            sound={"soundfont": str(soundfont)},
            origin=origin_of(checkpoint, model, soundfont, options.seed, analysis.mood_source),
        )
        return replace(write_folder(work, scored, clock), folder=folder)


def recompose(
    folder: str | Path,
    shot: int,
    options: TakeOptions | None = None,
    progress: Progress = no_progress,
) -> Composition:
    """Make new takes of one shot and put the first into the mix; the old ones are kept.

    Notes outside the shot stay identical, and so does the sound, but for the ringing tails of the
    shot's own notes. CompositionError if `folder` is no composition or has no such shot.
    """
    options = checked("options", options or TakeOptions(), TakeOptions)
    clock = Clock(progress)
    composition = _composition_with(folder, shot)
    folder = composition.folder
    scored = load_scored_film(composition)
    written = None if options.chords is None else ChordPlan.from_text(options.chords)
    number = composition.shots[shot]["takes"]
    style_name = located(options.style or scored.takes[shot].style)
    style = load_style(style_name).moved(options.octave)
    soundfont = find_soundfont(options.soundfont) if options.soundfont else soundfont_of(scored)
    with next_version(composition) as work:
        prepare_sound(soundfont, style)
        if options.notes == "new":
            choose_device(options.device)  # loads torch, while instruments are unpacked
        with clock.stage("spotting"):
            cues = override_shot(
                scored.cues,
                scored.analysis,
                shot,
                options.mood,
                options.energy,
                options.automatic,
            )
            if written is not None:
                cues = with_written(cues, shot, written)
        with clock.stage("diffusion") as advance:
            seeds = _new_seeds(scored, shot, number, options)
            rolls, memory = _new_rolls(scored, cues, shot, seeds, options, advance)
            likeness = _likeness(rolls) if len(rolls) > 1 else [None]
            order = range(len(rolls)) if options.seed is not None else _best_first(likeness)
        with clock.stage("arrangement"):
            key = estimate_key(to_score(scored.roll))
            takes = [
                replace(
                    arranged_take(
                        rolls[each],
                        to_score(rolls[each]),
                        cues,
                        shot,
                        style,
                        style_name,
                        seeds[each],
                        key,
                        soundfont,
                    ),
                    likeness=likeness[each],
                )
                for each in order
            ]
            for index, take in enumerate(takes):
                save_take(work, shot, number + index, take)
        origin = with_soundfont(composition.origin, soundfont)
        scored = replace(scored, origin=origin, model=scored.model | memory)
        previous = PreviousVersion(folder, shot)
        scored = scored.with_take(shot, takes[0], number, number + len(takes))
        return replace(write_folder(work, scored, clock, previous), folder=folder)


def select_take(
    folder: str | Path, shot: int, take: int, progress: Progress = no_progress
) -> Composition:
    """Put a take that the shot already has into the mix; CompositionError if it has it not."""
    composition = _composition_with(folder, shot)
    folder = composition.folder
    scored = load_scored_film(composition)
    chosen = load_take(folder, shot, checked("take", take, int))
    previous = PreviousVersion(folder, shot)
    scored = scored.with_take(shot, chosen, take, composition.shots[shot]["takes"])
    with next_version(composition) as work:
        return replace(write_folder(work, scored, Clock(progress), previous), folder=folder)


def _composition_with(folder: str | Path, shot: int) -> Composition:
    """The composition in `folder`; CompositionError if it has no such shot."""
    composition = load_composition(as_path("folder", folder))
    composition.require_shot(checked("shot", shot, int))
    return composition


def _film_to_mux(source: Path | Timeline, folder: Path, options: ComposeOptions) -> Path | None:
    """The film that all shots show, if `source` is one; OptionError if muxing needs another."""
    if isinstance(source, Timeline):
        if options.mux:
            raise OptionError("--mux needs a film; an edit is put together by its editor")
        return None
    film = source.resolve()
    if options.mux and film == (folder / "film.mp4").resolve():
        raise OptionError(f"--mux would write over {film}; choose another folder with -o")
    return film


def _dialogue(timeline: Timeline, options: ComposeOptions, advance: Advance) -> Dialogue:
    """Where the music makes room: as asked for, or where somebody speaks, or nowhere."""
    if options.dialogue is not None:
        return Dialogue.joined(options.dialogue, timeline.seconds)
    return find_dialogue(timeline, advance) if options.under_dialogue else Dialogue()


def _best_roll(
    network: "Model",
    cues: CueSheet,
    analysis: "VideoAnalysis",
    options: ComposeOptions,
    advance: Advance,
) -> tuple[np.ndarray, dict[str, Any]]:
    """Of as many rolls as asked for the one most like songs, and how all were ranked, if any were.

    The first of them is what would be made alone; all have the same plan.
    """
    rolls, asked = [], options.best_of
    for number in range(asked):
        seed = candidate_seed(options.seed, number)
        share = part_of(advance, *share_of(number, range(asked)))
        rolls.append(generation.sample_film(network, cues, analysis, options.sampling, seed, share))
    if asked == 1:
        return rolls[0], {}
    likeness = _likeness(rolls)
    chosen = int(np.argmax(likeness))
    return rolls[chosen], {"candidates": likeness, "chosen": chosen}


def _likeness(rolls: list[np.ndarray]) -> list[float]:
    """How much each roll is like songs, 0 at best."""
    # Lazily: the critic's table is needed by nobody else.
    from diffbgm.evaluation.critic import likeness_of_roll

    return [likeness_of_roll(roll) for roll in rolls]


def _best_first(likeness: Sequence[float | None]) -> list[int]:
    """The numbers of takes, the one most like songs first; one alone has no likeness."""
    return sorted(range(len(likeness)), key=lambda each: -(likeness[each] or 0.0))


def _first_takes(
    roll: np.ndarray,
    cues: CueSheet,
    shots: int,
    options: ComposeOptions,
    style: Style,
    soundfont: Path,
) -> Iterator[Take]:
    piano_score = to_score(roll)
    key = estimate_key(piano_score)
    for shot in range(shots):
        seed = take_seed(options, shot, 0)
        yield arranged_take(
            roll, piano_score, cues, shot, style, options.style, seed, key, soundfont
        )


def _new_seeds(scored: ScoredFilm, shot: int, number: int, options: TakeOptions) -> list[int]:
    """The same notes keep the seed of their take, so that only what is asked for changes."""
    if options.seed is not None:
        return [options.seed + index for index in range(options.takes)]
    if options.notes == "same":
        return [scored.takes[shot].seed]
    return [take_seed(scored.options, shot, number + index) for index in range(options.takes)]


def _new_rolls(
    scored: ScoredFilm,
    cues: CueSheet,
    shot: int,
    seeds: list[int],
    options: TakeOptions,
    advance: Advance,
) -> tuple[list[np.ndarray], dict[str, str]]:
    """One a seed, and what there is to tell of memory."""
    if options.notes == "same":
        return [scored.roll], {}
    checkpoint = generation.resolve_checkpoint(options.checkpoint or scored.options.checkpoint)
    network = generation.load(checkpoint, options.device)
    rolls = generation.inpaint_shot(
        network, cues, scored.analysis, shot, scored.roll, scored.options.sampling, seeds, advance
    )
    return rolls, network.memory
