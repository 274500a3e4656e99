"""What of an edit a document of another format has no room for, in one line."""

from collections import Counter
from collections.abc import Iterator

from diffbgm.options import TimelineFormat
from diffbgm.writers.timelines.conversion import Conversion, Piece
from diffbgm.writers.timelines.generated import Generated

_LACKING: dict[TimelineFormat, tuple[str, ...]] = {
    "otio": (),
    "edl": ("title", "colour", "disabled clip", "comment of a marker"),
    "fcp7": (),
    "fcpxml": (),
    "kdenlive": ("fade beside a gap", "comment of a marker"),
    "mlt": ("fade beside a gap", "comment of a marker"),
}


def not_carried(edit: Conversion, name: TimelineFormat) -> str:
    """What is lost, counted; empty where nothing is."""
    counts = +edit.lost if name != "otio" else Counter()
    counts += Counter(kind for kind in _kinds(edit) if kind in _LACKING[name])
    return ", ".join(f"{kind} ({count})" for kind, count in sorted(counts.items()))


def _kinds(edit: Conversion) -> Iterator[str]:
    for lane in edit.lanes:
        for piece in lane.pieces:
            yield from _kinds_of(piece)
            if not (piece.enabled and lane.enabled):
                yield "disabled clip"
        for mix in lane.mixes:
            if not lane.joins(mix):
                yield "fade beside a gap"
    for marker in edit.markers:
        if marker.comment:
            yield "comment of a marker"


def _kinds_of(piece: Piece) -> Iterator[str]:
    if not isinstance(piece.medium, Generated):
        return
    if piece.medium.kind == "title":
        yield "title"
    elif piece.medium.color != "#000000":
        yield "colour"
