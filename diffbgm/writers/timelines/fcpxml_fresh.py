"""New documents of Final Cut Pro X for an edit of another format, without music."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Piece
from diffbgm.writers.timelines.fcpxml import media_rep, time_of
from diffbgm.writers.timelines.music import Marker
from diffbgm.writers.timelines.xml import Element, made, serialised

VERSION = (1, 10)


def fcpxml(edit: Conversion) -> bytes:
    """A library with one project: its first track of pictures is the storyline, all else is
    connected to it."""
    assets = _Assets(edit.rate)
    pictures = [lane for lane in edit.lanes if lane.kind == "video"]
    main = pictures[0] if pictures else Lane("", "video", ())
    items = _storyline(main, edit, assets)
    above, below = 0, 0
    for lane in edit.lanes:
        if lane is main:
            continue
        if lane.kind == "video":
            above += 1
        else:
            below -= 1
        for piece in lane.pieces:
            _connect(items, piece, above if lane.kind == "video" else below, lane.kind, assets)
    _mark(items, edit.markers, edit.rate)
    spine = made("spine", *(item.element for item in items))
    ends = {"tcStart": "0s", "tcFormat": "NDF", "duration": time_of(edit.frames / edit.rate)}
    sequence = made("sequence", spine, format="r1", **ends)
    name = edit.document.name or "timeline"
    root = made(
        "fcpxml",
        made("resources", _format(edit.rate), *assets.elements),
        made("library", made("event", made("project", sequence, name=name), name=name)),
        version=".".join(map(str, VERSION)),
    )
    return serialised(root, is_new=True, doctype="<!DOCTYPE fcpxml>")


@dataclass
class _Item:
    """An element of the storyline, from frame `start` of the edit up to `end`; its own time begins
    at `local` seconds."""

    element: Element
    start: int
    end: int
    local: Fraction


@dataclass
class _Assets:
    """One for each medium."""

    rate: Fraction
    elements: list[Element] = field(default_factory=list)
    _ids: dict[Medium, str] = field(default_factory=dict)

    def id_of(self, piece: Piece, kind: str) -> str:
        medium = piece.medium
        if medium not in self._ids:
            self._ids[medium] = f"r{len(self._ids) + 2}"
            last = piece.media_start + piece.frames / self.rate * abs(piece.speed)
            seconds = medium.seconds or last
            attributes, inside = media_rep(_address(medium), VERSION)
            shown = {"hasVideo": "1", "videoSources": "1"} if kind == "video" else {}
            self.elements.append(
                made(
                    "asset",
                    *inside,
                    id_=self._ids[medium],
                    name=medium.name,
                    **attributes,
                    start=time_of(medium.origin),
                    duration=time_of(Fraction(round(seconds * self.rate)) / self.rate),
                    **shown,
                    hasAudio="1",
                    audioSources="1",
                    audioChannels="2",
                    **({"format": "r1"} if kind == "video" else {}),
                )
            )
        return self._ids[medium]


def _address(medium: Medium) -> str:
    path = Path(medium.address)
    return path.as_uri() if path.is_absolute() else medium.address


def _format(rate: Fraction) -> Element:
    return made("format", id_="r1", frameDuration=time_of(1 / rate), width="1920", height="1080")


def _storyline(lane: Lane, edit: Conversion, assets: _Assets) -> list[_Item]:
    """The pieces of a track and the gaps between them, to the end of the edit."""
    items: list[_Item] = []
    reached = 0
    for piece in (*lane.pieces, None):
        start = edit.frames if piece is None else piece.start
        if start > reached:
            items.append(_gap(reached, start, edit.rate))
        if piece is not None:
            element, local = _clip(piece, "video", assets)
            element.set("offset", time_of(piece.start / edit.rate))
            items.append(_Item(element, piece.start, piece.end, local))
            reached = piece.end
    return items


def _gap(start: int, end: int, rate: Fraction) -> _Item:
    element = made(
        "gap",
        name="Gap",
        offset=time_of(start / rate),
        start="0s",
        duration=time_of((end - start) / rate),
    )
    return _Item(element, start, end, Fraction(0))


def _clip(piece: Piece, kind: str, assets: _Assets) -> tuple[Element, Fraction]:
    """The element of a piece, and where its own time begins."""
    rate, speed = assets.rate, piece.speed
    length = piece.frames / rate
    first = piece.medium.origin + Fraction(round(piece.media_start * rate)) / rate
    attributes = {"ref": assets.id_of(piece, kind), "name": piece.name}
    if kind == "audio":
        attributes["srcEnable"] = "audio"
    inside = []
    if speed != 1:  # the local time of a retimed clip begins at 0 and counts what is shown
        ends = (Fraction(0), first), (length, first + length * speed)
        inside = [
            made(
                "timeMap",
                *(
                    made("timept", time=time_of(time), value=time_of(value), interp="linear")
                    for time, value in ends
                ),
            )
        ]
        first = Fraction(0)
    times = {"start": time_of(first), "duration": time_of(length)}
    return made("asset-clip", *inside, **attributes, **times), first


def _connect(items: list[_Item], piece: Piece, lane: int, kind: str, assets: _Assets) -> None:
    holder = next(item for item in items if item.start <= piece.start < item.end)
    element, _ = _clip(piece, kind, assets)
    local = holder.local + (piece.start - holder.start) / assets.rate
    element.set("lane", str(lane))
    element.set("offset", time_of(local))
    holder.element.append(element)


def _mark(items: list[_Item], markers: tuple[Marker, ...], rate: Fraction) -> None:
    for marker in markers:
        for item in items:
            if item.start <= marker.frame < item.end:
                start = item.local + (marker.frame - item.start) / rate
                length = time_of(1 / rate)
                item.element.append(
                    made("marker", start=time_of(start), duration=length, value=marker.name)
                )
