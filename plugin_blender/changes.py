"""What became of each shot of a scored edit in the edit as it is now. Knows no Blender."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Stretch(NamedTuple):
    """Frames `start` up to, not including, `end` of an edit, and which film's frame is the first
    shown; `path` is any name of the picture where only Blender can make it, "" where none is known.
    """

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
    shots: Sequence[Sequence[int]], before: Sequence[Stretch], now: Sequence[Stretch]
) -> list[Change]:
    """Changes in the order of the shots before; what is new comes last."""
    there: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in now:
        if stretch.path:
            there[stretch.path].append(stretch)
    changes, covered = [], []
    for number, (start, end) in enumerate(shots):
        parts = [_clipped(part, start, end) for part in before if _overlap(part, start, end)]
        shift, spans = _found(parts, there)
        frames = sum(after - first for first, after in spans)
        if frames == end - start:
            changes.append(Change("moved" if shift else "kept", number, start + shift))
        elif frames:
            changes.append(Change("shorter", number, min(spans)[0]))
        else:
            changes.append(Change("deleted", number, start))
        covered += spans
    return changes + [Change("new", None, start) for start, _ in _uncovered(now, covered)]


def _overlap(stretch: Stretch, start: int, end: int) -> bool:
    return stretch.start < end and stretch.end > start


def _clipped(stretch: Stretch, start: int, end: int) -> Stretch:
    first = max(stretch.start, start)
    frame = stretch.frame + first - stretch.start
    return Stretch(first, min(stretch.end, end), stretch.path, frame)


def _found(
    parts: Sequence[Stretch], there: Mapping[str, Sequence[Stretch]]
) -> tuple[int, list[tuple[int, int]]]:
    """How far the most of a shot's parts was moved together, and the frames where it is now."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for part in parts:
        for stretch in there.get(part.path, ()):
            shift = stretch.start - stretch.frame + part.frame - part.start
            first = max(part.start + shift, stretch.start)
            after = min(part.end + shift, stretch.end)
            if first < after:
                found[shift].append((first, after))
    return max(
        found.items(),
        key=lambda each: (sum(after - first for first, after in each[1]), -abs(each[0])),
        default=(0, []),
    )


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
