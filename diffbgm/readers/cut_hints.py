"""What an OTIO document says of cuts. Knows no pictures.

Where a new item is shown is a candidate, unless metadata under "diffbgm" say more. On the
timeline: `cuts` ("given": each of them is a cut; "candidates", as without) and `candidates`,
`added`, `dropped`: frames of the edit, from its first. On a clip: `cut`, "given" or "candidate", of
where it begins. On a marker anywhere: `cut`, "candidate", "added" or "dropped", of where it begins.
"""

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

import opentimelineio as otio

from diffbgm.errors import CutsError, TimelineError
from diffbgm.readers.flattening import ClipSpan, exact
from diffbgm.timeline import CutHints, Shot

_LISTS = ("candidates", "added", "dropped")
_ALL = {"given": "cuts", "candidates": "candidates"}
_ONE = {"given": "cuts", "candidate": "candidates"}
_MARKERS = {"candidate": "candidates", "added": "added", "dropped": "dropped"}


def cut_hints(edit: Any, shown: Sequence[tuple[Shot, ClipSpan]], frame_rate: Fraction) -> CutHints:
    """What `edit` says of the cuts between, and inside, what is shown.

    Beside what has no medium to look at, and between clips of different overrides, is a cut.
    TimelineError for what cannot be understood.
    """
    own = _own(edit)
    lists: dict[str, set[int]] = {"cuts": set()}
    lists |= {name: set(_frames(own, name)) for name in _LISTS}
    for name, frame in _markers(edit, frame_rate):
        lists[name].add(frame)
    usual = _choice(_ALL, "cuts", own.get("cuts") or "candidates")
    for before, after in pairwise(shown):
        say = after[1].clip and _own(after[1].clip).get("cut")
        name = _choice(_ONE, "cut", say) if say else usual
        lists[name if _can_be_seen(before, after) else "cuts"].add(after[0].start_frame)
    try:
        return CutHints(**{name: tuple(sorted(frames)) for name, frames in lists.items()})
    except CutsError as exc:
        raise TimelineError(str(exc)) from exc


def _can_be_seen(*beside: tuple[Shot, ClipSpan]) -> bool:
    """Whether the pictures on both sides can tell if there is a cut between."""
    (before, _), (after, _) = beside
    is_same = (before.mood, before.energy) == (after.mood, after.energy)
    return is_same and all(shot.media or span.clip is None for shot, span in beside)


def _own(item: Any) -> dict[str, Any]:
    found: Any = {} if item is None else item.metadata.get("diffbgm")
    return dict(found) if hasattr(found, "keys") else {}


def _frames(own: dict[str, Any], name: str) -> list[int]:
    values = own.get(name, ())
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise TimelineError(f"metadata diffbgm.{name} must be a list of frames, not {values!r}")
    for value in values:
        if not _is_whole(value):
            raise TimelineError(f"metadata diffbgm.{name} must hold whole frames, not {value!r}")
    return [int(value) for value in values]


def _is_whole(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value) and value == int(value)


def asked_hits(edit: Any, frame_rate: Fraction) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Frames of the markers that are named hit, in order: there a beat is asked for.

    And those of them that must be met: a marker named "hit pinned", or a hit with the comment
    "pinned".
    """
    asked: set[int] = set()
    pinned: set[int] = set()
    for marker, frame in _placed(edit, frame_rate):
        name, comment = " ".join(marker.name.casefold().split()), comment_of(marker).casefold()
        if frame > 0 and name in ("hit", "hit pinned"):
            asked.add(frame)
            is_pinned = name != "hit" or comment.strip() == "pinned"
            pinned |= {frame} if is_pinned else set()
    return tuple(sorted(asked)), tuple(sorted(pinned))


def comment_of(marker: Any) -> str:
    """As OpenTimelineIO or Final Cut 7 keeps it."""
    text = marker.comment or marker.metadata.get("fcp_xml", {}).get("comment")
    return text if isinstance(text, str) else ""


def _markers(edit: Any, frame_rate: Fraction) -> Iterator[tuple[str, int]]:
    for marker, frame in _placed(edit, frame_rate):
        if say := _own(marker).get("cut"):
            yield _choice(_MARKERS, "cut", say), frame


def _placed(edit: Any, frame_rate: Fraction) -> Iterator[tuple[Any, int]]:
    """Every marker, and the frame at which it stands."""
    root = edit.tracks if isinstance(edit, otio.schema.Timeline) else edit
    for item in [root, *root.find_children(descended_from_type=otio.core.Item)]:
        for marker in item.markers:
            time = item.transformed_time(marker.marked_range.start_time, root)
            if item is root and root.source_range:
                time -= root.source_range.start_time
            yield marker, int(exact(time) * frame_rate + Fraction(1, 2))


def _choice(known: dict[str, str], name: str, value: Any) -> str:
    if value not in known:
        choices = ", ".join(map(repr, known))
        raise TimelineError(f"metadata diffbgm.{name} must be one of {choices}, not {value!r}")
    return known[value]
