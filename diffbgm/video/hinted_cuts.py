"""Cuts that were found, and what is said of cuts, brought together. Knows no files."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from diffbgm.timeline import CutHints, check_cuts
from diffbgm.video.downscaling import Downscaled, downscaled_dissimilarity, flat
from diffbgm.video.shots import Cut, CutSource
from diffbgm.video.similarity import Flow

_BESIDE = 6  # frames from a cut, at which the pictures are compared: past most dissolves
_NEAR = 1  # frames by which a hard cut may be found beside its place
_AROUND = 4  # frames on either side, whose changes a cut must stand out from:
_OVER_AROUND, _LEAST_CHANGE = 2.0, 2.0  # times, and in levels at least


class HintedCuts(NamedTuple):
    """The cuts, in order, and the candidates at which the picture goes on."""

    cuts: tuple[Cut, ...]
    rejected: tuple[int, ...]


def apply_hints(
    hints: CutHints, found: Iterable[Cut], downscaled: Downscaled, apart: int
) -> HintedCuts:
    """Which frames are cuts, by what was said and by what was `found` in the picture.

    What was found is placed exactly where a hint lies in it; candidates where nothing was found
    are cuts if the picture changes by more than it does around. Candidates outside the film are
    none. Cuts found in the picture alone lie `apart` frames from others. CutsError if a cut of the
    edit, or one that was added, lies outside.
    """
    said = _said(hints, len(downscaled))
    cuts, met = _placed(found, said, hints.dropped)
    changes = _Changes(downscaled, {*said, *cuts})
    for frame, source in said.items():
        is_cut = source != "candidate" or (frame not in met and changes.stand_out(frame))
        if frame not in cuts and is_cut:
            cuts[frame] = Cut(frame, "hard", changes.strength(frame), 1, source)
    kept = _kept(cuts.values(), apart)
    goes_on = set(said) - {cut.frame for cut in kept}
    return HintedCuts(kept, tuple(sorted(goes_on)))


def _said(hints: CutHints, frames: int) -> dict[int, CutSource]:
    """The frames that are or may be cuts, with who says so; a person's word before the edit's."""
    for listed in (hints.cuts, hints.added):
        check_cuts(sorted(set(listed)), frames)
    said: dict[int, CutSource] = {
        **dict.fromkeys((one for one in hints.candidates if 0 < one < frames), "candidate"),
        **dict.fromkeys(hints.cuts, "edit"),
        **dict.fromkeys(hints.added, "added"),
    }
    return {frame: said[frame] for frame in sorted(said) if frame not in hints.dropped}


def _placed(
    found: Iterable[Cut], said: dict[int, CutSource], dropped: Collection[int]
) -> tuple[dict[int, Cut], set[int]]:
    """What was found in the picture, where it was said to be; and all that was said in it."""
    cuts: dict[int, Cut] = {}
    met: set[int] = set()
    for cut in found:
        here = _inside(cut, said)
        met |= here
        sure = {frame for frame in here if said[frame] != "candidate"}
        if _inside(cut, dropped) and not sure:
            continue
        frame = min(sure or here or {cut.frame}, key=lambda one: (abs(one - cut.frame), one))
        cuts[frame] = replace(cut, frame=frame, source=said.get(frame, cut.source))
    return cuts, met


def _inside(cut: Cut, frames: Collection[int]) -> set[int]:
    """Those of the frames that lie in the transition, or beside a hard cut."""
    first, end = cut.span if cut.frames > 1 else (cut.frame - _NEAR, cut.frame + _NEAR + 1)
    return {frame for frame in frames if first <= frame < max(end, first + 1)}


def _kept(cuts: Iterable[Cut], apart: int) -> tuple[Cut, ...]:
    """In order, without those found in the picture that are too near to what was said."""
    ordered = sorted(cuts, key=lambda cut: cut.frame)
    said = [cut.frame for cut in ordered if cut.source != "picture"]
    return tuple(
        cut
        for cut in ordered
        if cut.source != "picture" or all(abs(cut.frame - frame) >= apart for frame in said)
    )


class _Changes:
    """How much small pictures change from frame to frame."""

    def __init__(self, downscaled: Downscaled, cuts: Collection[int]) -> None:
        """`cuts`: frames that are, or may be, cuts, and say nothing about the motion around."""
        self._downscaled, self._cuts, self._flow = downscaled, cuts, Flow()

    def stand_out(self, frame: int) -> bool:
        """Whether the picture changes here by more than it moves around."""
        around = [
            self._change(other)
            for other in range(max(1, frame - _AROUND), frame + _AROUND + 1)
            if other < len(self._downscaled) and other not in self._cuts
        ]
        usual = max(around, default=0.0)
        return self._change(frame) > max(_LEAST_CHANGE, _OVER_AROUND * usual)

    def strength(self, frame: int) -> float:
        """0..1, between pictures on either side."""
        last = len(self._downscaled) - 1
        before = self._picture(max(0, frame - _BESIDE))
        after = self._picture(min(last, frame + _BESIDE - 1))
        return downscaled_dissimilarity(before, after, self._flow)

    def _change(self, frame: int) -> float:
        """Levels from the frame before."""
        before, now = flat(self._downscaled[frame - 1 : frame + 1])
        return float(np.abs(now - before).mean())

    def _picture(self, frame: int) -> np.ndarray:
        return self._downscaled[frame : frame + 1][0]
