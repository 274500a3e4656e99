"""What became of each shot of a scored edit in the edit as it is now. Knows no Blender."""

from collections.abc import Sequence
from typing import Any, NamedTuple


class Stretch(NamedTuple):
    """Frames `start` up to, not including, `end` of an edit, and which film's frame is the first
    shown; the path is "" where only Blender knows the picture."""

    start: int
    end: int
    path: str
    frame: int


class Change(NamedTuple):
    """`what` became of a shot: kept, moved, shorter or deleted; new for a stretch that was not
    there. `start` is the frame at which it is now, or was."""

    what: str
    shot: int | None
    start: int


def compare(
    shots: Sequence[Sequence[int]], pictures: Sequence[Any], now: Sequence[Stretch]
) -> list[Change]:
    """Changes in the order of the shots before; what is new comes last."""
    runs = _runs(now)
    changes, covered = [], []
    for number, ((start, end), picture) in enumerate(zip(shots, pictures, strict=True)):
        best = max(
            (_found(run, picture, end - start) for run in runs),
            key=lambda found: (found[1] - found[0], -abs(found[0] - start)),
            default=(0, 0),
        )
        if best[1] - best[0] == end - start:
            changes.append(Change("kept" if best[0] == start else "moved", number, best[0]))
            covered.append(best)
        elif best[1] > best[0]:
            changes.append(Change("shorter", number, best[0]))
            covered.append(best)
        else:
            changes.append(Change("deleted", number, start))
    return changes + [Change("new", None, start) for start, _ in _uncovered(now, covered)]


def _runs(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The stretches, those joined that go on in the same film."""
    runs: list[Stretch] = []
    for one in stretches:
        last = runs[-1] if runs else None
        if (
            last
            and last.path
            and last.path == one.path
            and last.end == one.start
            and (last.frame + last.end - last.start == one.frame)
        ):
            runs[-1] = last._replace(end=one.end)
        else:
            runs.append(one)
    return runs


def _found(run: Stretch, picture: Any, frames: int) -> tuple[int, int]:
    """Which frames of the edit show what is left of a picture; an empty span if none."""
    if picture is None or not run.path or run.path != picture[0]:
        return 0, 0
    begin = run.start + picture[1] - run.frame
    start, end = max(begin, run.start), min(begin + frames, run.end)
    return (start, end) if start < end else (0, 0)


def _uncovered(now: Sequence[Stretch], covered: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """What no shot of before accounts for, in order."""
    if not now:
        return []
    at, left = now[0].start, []
    for start, end in [*sorted(covered), (now[-1].end, now[-1].end)]:
        if start > at:
            left.append((at, start))
        at = max(at, end)
    return left
