"""What became of each shot in a changed edit, by the pictures that it shows. Knows no music."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from diffbgm.errors import TimelineError
from diffbgm.timeline import MediaSpan, Shot, Timeline

Change = Literal["kept", "moved", "shorter", "longer", "slipped", "new", "deleted"]


@dataclass(frozen=True)
class ShotChange:
    """What became of a shot: its number in the changed edit and before, None where it has none.

    "kept" and "moved" shots show the same pictures, at their old frame or at another one; a
    "shorter", "longer" or "slipped" one (as long, of other pictures) shows some of them.
    """

    change: Change
    shot: int | None
    before: int | None

    @property
    def is_same(self) -> bool:
        """Whether it shows what it showed."""
        return self.change in ("kept", "moved")


def same_shots(changes: Iterable[ShotChange]) -> dict[int, int]:
    """The shots that show what they showed, each with its number before."""
    return {
        change.shot: change.before
        for change in changes
        if change.is_same and change.shot is not None and change.before is not None
    }


def match_shots(before: Timeline, after: Timeline) -> tuple[ShotChange, ...]:
    """What became of every shot, in the order of the changed edit; the deleted ones come last.

    Each shot of before is found again once as it was; parts of it may be found several times.
    TimelineError if the edits have different frame rates.
    """
    if before.frame_rate != after.frame_rate:
        rates = [f"{float(edit.frame_rate):g}" for edit in (after, before)]
        raise TimelineError(
            f"the edit has {rates[0]} frames a second and the music was made for {rates[1]}: "
            "compose it anew"
        )
    same = _same_shots(before, after)
    changes: list[ShotChange] = [
        _same_change(before.shots[same[shot.index]], shot)
        if shot.index in same
        else _partial_change(before, shot, set(same.values()))
        for shot in after.shots
    ]
    found = {change.before for change in changes}
    gone = (shot.index for shot in before.shots if shot.index not in found)
    return (*changes, *(ShotChange("deleted", None, index) for index in gone))


def now_at(frame: int, before: Timeline, after: Timeline) -> list[int]:
    """The frames of the changed edit, but the first, that show what `frame` showed."""
    old = next(shot for shot in before.shots if frame < shot.end_frame)
    places = []
    for new in after.shots:
        lag = _lag(old, new, before.frame_rate)
        if old.media is not None and lag is not None:
            now = new.start_frame + frame - old.start_frame - lag
            places += [now] if max(1, new.start_frame) <= now < new.end_frame else []
    return places


def _same_shots(before: Timeline, after: Timeline) -> dict[int, int]:
    """The shots that show what they showed: first those in their old place, then the nearest."""
    pairs = [
        (old.start_frame != new.start_frame, abs(old.index - new.index), new.index, old.index)
        for new in after.shots
        for old in before.shots
        if old.frames == new.frames and _lag(old, new, before.frame_rate) == 0
    ]
    same: dict[int, int] = {}
    for _, _, new, old in sorted(pairs):
        if new not in same and old not in same.values():
            same[new] = old
    return same


def _same_change(old: Shot, new: Shot) -> ShotChange:
    change = "kept" if old.start_frame == new.start_frame else "moved"
    return ShotChange(change, new.index, old.index)


def _partial_change(before: Timeline, new: Shot, taken: Iterable[int]) -> ShotChange:
    """The shot of which it shows most; "new" if it shows of none."""
    shared = {
        old.index: overlap
        for old in before.shots
        if (overlap := _shared_frames(old, new, before.frame_rate)) > 0
    }
    if not shared:
        return ShotChange("new", new.index, None)
    most = max(shared, key=lambda index: (index not in taken, shared[index], -index))
    frames = before.shots[most].frames
    if new.frames == frames:
        return ShotChange("slipped", new.index, most)
    return ShotChange("shorter" if new.frames < frames else "longer", new.index, most)


def _shared_frames(old: Shot, new: Shot, rate: Fraction) -> int:
    lag = _lag(old, new, rate)
    if lag is None or old.media is None:
        return 0
    return min(old.frames, lag + new.frames) - max(0, lag)


def _lag(old: Shot, new: Shot, rate: Fraction) -> int | None:
    """How many frames later in the same run of pictures the new shot begins; None if in no such."""
    if old.media is None or new.media is None:
        return 0 if old.media is new.media else None
    if old.media.speed != new.media.speed or not _same_file(old.media, new.media):
        return None
    ahead = new.media.start - old.media.start
    if old.media.speed == 0:
        return 0 if abs(ahead * rate) < Fraction(1, 2) else None
    return round(ahead / old.media.speed * rate)


def _same_file(old: MediaSpan, new: MediaSpan) -> bool:
    """The same path; or the same name where the old file is gone, for folders move."""
    return old.path == new.path or (old.path.name == new.path.name and not Path(old.path).exists())
