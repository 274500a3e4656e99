"""One shot's cells of a roll to a take, and a take to its sound. Knows no file and no network."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from diffbgm.arranging.arrangement import arrange_shot
from diffbgm.arranging.styles import Style
from diffbgm.composition import ScoredFilm, Take
from diffbgm.music.harmony import Key
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BEAT
from diffbgm.music.score import Score
from diffbgm.options import ComposeOptions
from diffbgm.progress import Advance
from diffbgm.sound.parts import SAMPLE_RATE, Part
from diffbgm.sound.synthesis import render_shot, stem_mixes
from diffbgm.sound.synthesizers import Synthesizer
from diffbgm.spotting.cue_sheet import CueSheet


def arranged_take(
    roll: np.ndarray,
    piano_score: Score,
    cues: CueSheet,
    shot: int,
    style: Style,
    style_name: str,
    seed: int,
    key: Key,
) -> Take:
    """A take without sound yet: the shot's part of the roll (in notes, `piano_score`) arranged."""
    own = cues.shot_of_beat == shot
    return Take(
        seed=seed,
        style=style_name,
        roll=roll[np.repeat(own, SIXTEENTHS_PER_BEAT)],
        dynamic=cues.dynamic[own],
        semantic=cues.semantic[own],
        score=arrange_shot(shot, piano_score, cues, style, seed, key),
    )


def take_seed(options: ComposeOptions, shot: int, number: int) -> int:
    """A seed of its own for every take of every shot."""
    return int(np.random.SeedSequence((options.seed, shot, number)).generate_state(1)[0])


def rendered_parts(
    scored: ScoredFilm,
    shot: int,
    take: Take,
    style: Style,
    synth: Synthesizer,
    advance: Advance,
) -> tuple[Part, ...]:
    """What a take sounds where its shot lies in the film."""
    timeline = scored.timeline
    frames = (timeline.shots[shot].start_frame, timeline.frames)
    first, end = (timeline.sample(frame, SAMPLE_RATE) for frame in frames)
    tempo_map, mixes = scored.cues.tempo_map, stem_mixes(style)
    return render_shot(synth, take.score.tracks, tempo_map, mixes, (first, end), advance)


def share_of(index: int, of: Sequence[object]) -> tuple[float, float]:
    """From which fraction to which the work on one of several lasts."""
    return index / len(of), (index + 1) / len(of)


def with_replaced(scored: ScoredFilm, synth: Synthesizer) -> ScoredFilm:
    """The result says what the SoundFont lacked and what played instead."""
    replaced = {*scored.sound.get("replaced", ()), *synth.replaced}
    return replace(scored, sound={**scored.sound, "replaced": sorted(replaced)})
