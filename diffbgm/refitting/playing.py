"""The takes of a changed edit's shots: old ones, where these are now, and new ones."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from diffbgm.arranging.styles import Style, load_style
from diffbgm.composition import ScoredFilm, Take, load_outlines, load_take, save_take
from diffbgm.music.harmony import estimate_key
from diffbgm.music.pianoroll import SIXTEENTHS_PER_BEAT, to_score
from diffbgm.performing import arranged_take, prepare_sound, take_seed
from diffbgm.progress import Advance
from diffbgm.refitting.carrying import first_sample, length, moved_take
from diffbgm.refitting.settling import Settled
from diffbgm.spotting.cue_sheet import CueSheet


def scored_edit(
    settled: Settled, roll: np.ndarray, soundfont: Path, work: Path, advance: Advance
) -> ScoredFilm:
    """The scored edit; all takes of its shots are put into the folder `work`."""
    old, same = settled.old, settled.retiming.same
    shots = range(len(settled.after.shots))
    scored = replace(
        old,
        analysis=settled.analysis,
        cues=settled.cues,
        takes=(),
        numbers=tuple(_numbers(old, same, shot) for shot in shots),
        options=settled.options,
        film=None,
    )
    playing = _Playing(settled, scored, roll, soundfont, work)
    takes = []
    for shot in shots:
        takes.append(playing.take(shot))
        advance((shot + 1) / len(shots))
    return replace(scored, takes=tuple(takes))


def _numbers(old: ScoredFilm, same: Mapping[int, int], shot: int) -> tuple[int, int]:
    """Which take is in the mix, and how many there are."""
    return old.numbers[same[shot]] if shot in same else (0, 1)


class _Playing:
    """Brings the takes of one shot after the other into the new folder."""

    def __init__(
        self, settled: Settled, scored: ScoredFilm, roll: np.ndarray, soundfont: Path, work: Path
    ) -> None:
        self._settled, self._scored, self._roll = settled, scored, roll
        self._soundfont, self._work = soundfont, work
        self._outlines = load_outlines(settled.folder)
        self._piano_score = to_score(roll)
        self._key = estimate_key(self._piano_score)
        self._styles: dict[str, Style] = {}

    def take(self, shot: int) -> Take:
        """The take of the shot that is in the mix; all that it has are there."""
        if shot not in self._settled.retiming.same:
            return self._saved(shot, 0, self._new(shot))
        number, count = self._scored.numbers[shot]
        takes = [self._saved(shot, each, self._carried(shot, each)) for each in range(count)]
        return takes[number]

    def _new(self, shot: int) -> Take:
        """New notes, in the style that the shot had if it shows something of an old one."""
        old, before = self._settled.old, self._settled.changes[shot].before
        style = old.options.style if before is None else old.takes[before].style
        seed = take_seed(self._scored.options, shot, 0)
        return self._arranged(self._scored.cues, self._roll, shot, style, seed)

    def _carried(self, shot: int, number: int) -> Take:
        """An old take as it was, where the shot is now; or arranged again from its cells."""
        settled = self._settled
        before = settled.retiming.same[shot]
        take = load_take(settled.folder, before, number)
        if self._plays_otherwise(shot, before):
            return self._arranged_again(shot, take)
        beats = _first_beat(self._scored.cues, shot) - _first_beat(settled.old.cues, before)
        return moved_take(settled.old, take, before, beats)

    def _plays_otherwise(self, shot: int, before: int) -> bool:
        """Whether the piece's end, which has notes of its own, came or went, or the film's end cut
        off a sound that may ring on now."""
        old, after = self._settled.old, self._settled.after
        was_last = before == len(old.timeline.shots) - 1
        is_last = shot == len(after.shots) - 1
        end = length(old.timeline)
        rings = self._outlines is None or any(
            outline.stop >= end for outline in self._outlines[before]
        )
        left = length(after) - first_sample(after, shot)
        return was_last != is_last or (rings and left > end - first_sample(old.timeline, before))

    def _arranged_again(self, shot: int, take: Take) -> Take:
        cues, roll = self._scored.cues, self._roll.copy()
        own = cues.shot_of_beat == shot
        dynamic, semantic = cues.dynamic.copy(), cues.semantic.copy()
        dynamic[own], semantic[own] = take.dynamic, take.semantic
        roll[np.repeat(own, SIXTEENTHS_PER_BEAT)] = take.roll
        cues = replace(cues, dynamic=dynamic, semantic=semantic)
        return self._arranged(cues, roll, shot, take.style, take.seed)

    def _arranged(
        self, cues: CueSheet, roll: np.ndarray, shot: int, style_name: str, seed: int
    ) -> Take:
        style = self._style(style_name)
        score = self._piano_score if roll is self._roll else to_score(roll)
        return arranged_take(
            roll, score, cues, shot, style, style_name, seed, self._key, self._soundfont
        )

    def _style(self, name: str) -> Style:
        """A style whose instruments are there; looked for once, however many shots have it."""
        if name not in self._styles:
            self._styles[name] = load_style(name)
            prepare_sound(self._soundfont, self._styles[name])
        return self._styles[name]

    def _saved(self, shot: int, number: int, take: Take) -> Take:
        save_take(self._work, shot, number, take)
        return take


def _first_beat(cues: CueSheet, shot: int) -> int:
    return int((cues.shot_of_beat == shot).argmax())
