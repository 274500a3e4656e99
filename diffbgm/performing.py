"""One shot's cells of a roll to a take. Knows no file of a composition and no network."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Thread

import numpy as np

from diffbgm.arranging.arrangement import arrange_shot
from diffbgm.arranging.styles import Style
from diffbgm.composition import Take
from diffbgm.errors import SoundFontError
from diffbgm.music.harmony import Key
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BEAT
from diffbgm.music.score import Score
from diffbgm.options import ComposeOptions
from diffbgm.sound.synthesis import check_instruments, stem_mixes
from diffbgm.sound.synthesizers import open_synthesizer
from diffbgm.spotting.cue_sheet import CueSheet
from diffbgm.spotting.shot_chords import names_by_beat


def arranged_take(
    roll: np.ndarray,
    piano_score: Score,
    cues: CueSheet,
    shot: int,
    style: Style,
    style_name: str,
    seed: int,
    key: Key,
    soundfont: Path,
) -> Take:
    """A take: the shot's part of the roll (in notes, `piano_score`) arranged."""
    own = cues.shot_of_beat == shot
    return Take(
        seed=seed,
        style=style_name,
        roll=roll[np.repeat(own, SIXTEENTHS_PER_BEAT)],
        dynamic=cues.dynamic[own],
        semantic=cues.semantic[own],
        score=arrange_shot(shot, piano_score, cues, style, seed, key),
        mixes=stem_mixes(style),
        soundfont=str(soundfont),
        chords=names_by_beat(cues, shot),
    )


def take_seed(options: ComposeOptions, shot: int, number: int) -> int:
    """A seed of its own for every take of every shot."""
    return int(np.random.SeedSequence((options.seed, shot, number)).generate_state(1)[0])


def candidate_seed(seed: int, number: int) -> int:
    """The seed of one of several pieces for the same film; that of the first is `seed` itself."""
    return seed if number == 0 else int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


def prepare_sound(soundfont: Path, style: Style) -> None:
    """SoundFontError unless the SoundFont can be played and has the style's instruments.

    A thread beside unpacks them from then on: who plays them later finds them ready.
    """
    with open_synthesizer(soundfont) as synthesizer:
        check_instruments(synthesizer, style)
    Thread(target=_unpack, args=(soundfont, style), daemon=True).start()


def _unpack(soundfont: Path, style: Style) -> None:
    # If the SoundFont has become unreadable meanwhile, who plays says so.
    with suppress(SoundFontError), open_synthesizer(soundfont) as synthesizer:
        for player in style.instruments:
            synthesizer.load(player.program, is_drum=False)
        if style.drums is not None:
            synthesizer.load(style.drums.kit, is_drum=True)


def share_of(index: int, of: Sequence[object]) -> tuple[float, float]:
    """From which fraction to which the work on one of several lasts."""
    return index / len(of), (index + 1) / len(of)
