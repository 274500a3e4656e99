"""New documents of Final Cut Pro X for an edit of another format, without music."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Mix, Piece
from diffbgm.writers.timelines.fcpxml import marker_element, media_rep, time_of
from diffbgm.writers.timelines.generated import Generated
from diffbgm.writers.timelines.music import Marker
from diffbgm.writers.timelines.xml import Element, made, serialised

VERSION = (1, 10)
# Final Cut's own effects, by the names under which every installation has them.
_TITLES, _SOLIDS = ".../Titles.localized/Bumper:Opener.localized", ".../Generators.localized"
_EFFECTS = {
    "Basic Title": f"{_TITLES}/Basic Title.localized/Basic Title.moti",
    "Custom": f"{_SOLIDS}/Solids.localized/Custom.localized/Custom.motn",
    "Cross Dissolve": "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265",
    "Audio Crossfade": "FFAudioTransition",
}


def fcpxml(edit: Conversion) -> bytes:
    """A library with one project: its first track of pictures is the storyline, all else is
    connected to it."""
    resources = _Resources(edit)
    pictures = [lane for lane in edit.lanes if lane.kind == "video"]
    main = pictures[0] if pictures else Lane("", "video", ())
    storyline = _Storyline(main, edit, resources)
    above, below = 0, 0
    for lane in edit.lanes:
        if lane is main:
            continue
        if lane.kind == "video":
            above += 1
        else:
            below -= 1
        storyline.connect(lane, above if lane.kind == "video" else below)
    storyline.mark(edit.markers)
    ends = {"tcStart": "0s", "tcFormat": "NDF", "duration": time_of(edit.frames / edit.rate)}
    sequence = made("sequence", made("spine", *storyline.elements), format="r1", **ends)
    name = edit.document.name or "timeline"
    root = made(
        "fcpxml",
        made("resources", _format(edit.rate), *resources.elements),
        made("library", made("event", made("project", sequence, name=name), name=name)),
        version=".".join(map(str, VERSION)),
    )
    return serialised(root, is_new=True, doctype="<!DOCTYPE fcpxml>")


@dataclass
class _Resources:
    """An asset for each medium, and Final Cut's own effects where they are used."""

    edit: Conversion
    elements: list[Element] = field(default_factory=list)
    titles: int = 0
    _ids: dict[Medium | str, str] = field(default_factory=dict)

    def effect(self, name: str) -> str:
        """Its id."""
        if name not in self._ids:
            id_ = self._ids[name] = self._new_id()
            self.elements.append(made("effect", id_=id_, name=name, uid=_EFFECTS[name]))
        return self._ids[name]

    def asset(self, medium: Medium, piece: Piece) -> str:
        """Its id."""
        if medium not in self._ids:
            id_ = self._ids[medium] = self._new_id()
            rate = self.edit.rate
            last = piece.media_start + piece.frames / rate * abs(piece.speed)
            frames = round((medium.seconds or last) * rate)
            attributes, inside = media_rep(_address(medium), VERSION)
            if self._is_shown(medium):
                attributes |= {"hasVideo": "1", "videoSources": "1", "format": "r1"}
            attributes |= {"start": time_of(medium.origin), "duration": time_of(frames / rate)}
            sound = {"hasAudio": "1", "audioSources": "1", "audioChannels": "2"}
            made_ = made("asset", *inside, id_=id_, name=medium.name, **attributes, **sound)
            self.elements.append(made_)
        return self._ids[medium]

    def _new_id(self) -> str:
        return f"r{len(self._ids) + 2}"

    def _is_shown(self, medium: Medium) -> bool:
        pictures = (lane.pieces for lane in self.edit.lanes if lane.kind == "video")
        return any(piece.medium == medium for pieces in pictures for piece in pieces)


def _address(medium: Medium) -> str:
    path = Path(medium.address)
    return path.as_uri() if path.is_absolute() else medium.address


def _format(rate: Fraction) -> Element:
    return made("format", id_="r1", frameDuration=time_of(1 / rate), width="1920", height="1080")


@dataclass
class _Item:
    """An element of the storyline, from frame `start` of the edit up to `end`; its own time begins
    at `local` seconds."""

    element: Element
    start: int
    end: int
    local: Fraction


class _Storyline:
    """The pieces of a track and the gaps between them, to the end of the edit."""

    def __init__(self, lane: Lane, edit: Conversion, resources: _Resources) -> None:
        self._rate, self._resources = edit.rate, resources
        self._items: list[_Item] = []
        self.elements: list[Element] = self._laid(lane, 0, edit.frames, self._items)

    def connect(self, lane: Lane, number: int) -> None:
        """Put the pieces of another track where they are shown: alone, or, where transitions join
        them, as a storyline of their own."""
        lane = lane.fades_inside(self._rate)
        for group, mixes in _joined(lane):
            start, end = group[0].start, group[-1].end
            if mixes:
                shown = Lane(lane.name, lane.kind, group, mixes, lane.enabled)
                element = made("spine", *self._laid(shown, start, end, []))
            else:
                element, _ = self._clip(group[0], lane)
            holder = next((item for item in self._items if start < item.end), self._items[-1])
            element.set("lane", str(number))
            element.set("offset", time_of(holder.local + (start - holder.start) / self._rate))
            holder.element.append(element)

    def mark(self, markers: tuple[Marker, ...]) -> None:
        """Markers stand in the element that is shown there."""
        for marker in markers:
            for item in self._items:
                if item.start <= marker.frame < item.end:
                    local = item.local + (marker.frame - item.start) / self._rate
                    item.element.append(marker_element(marker, local, self._rate))

    def _laid(self, lane: Lane, start: int, end: int, items: list[_Item]) -> list[Element]:
        """The elements of a storyline that begins at frame `start`; `items` gets all but
        transitions."""
        elements: list[Element] = []
        lane = lane.fades_inside(self._rate)
        places = {mix: _place(mix, lane) for mix in lane.mixes}
        reached = start
        for piece in (*lane.pieces, None):
            begin = end if piece is None else piece.start
            for at in range(reached, begin + 1, max(begin - reached, 1)):
                if at > reached:
                    gap = made("gap", name="Gap", start="0s")
                    items.append(_Item(gap, reached, begin, Fraction(0)))
                    elements.append(self._placed(gap, reached, begin, start))
                mixes = (mix for mix, place in places.items() if place == at)
                elements += [self._transition(mix, lane, start) for mix in mixes]
            if piece is not None:
                element, local = self._clip(piece, lane)
                items.append(_Item(element, piece.start, piece.end, local))
                elements.append(self._placed(element, piece.start, piece.end, start))
                reached = piece.end
        return elements

    def _placed(self, element: Element, start: int, end: int, origin: int) -> Element:
        element.set("offset", time_of((start - origin) / self._rate))
        element.set("duration", time_of((end - start) / self._rate))
        return element

    def _transition(self, mix: Mix, lane: Lane, origin: int) -> Element:
        tag, name = "filter-video", "Cross Dissolve"
        if lane.kind == "audio":
            tag, name = "filter-audio", "Audio Crossfade"
        filter_ = made(tag, ref=self._resources.effect(name), name=name)
        return self._placed(made("transition", filter_, name=name), mix.start, mix.end, origin)

    def _clip(self, piece: Piece, lane: Lane) -> tuple[Element, Fraction]:
        """The element of a piece, and where its own time begins."""
        hidden = {} if piece.enabled and lane.enabled else {"enabled": "0"}
        length = {"duration": time_of(piece.frames / self._rate)}
        if isinstance(piece.medium, Generated):
            element = self._generated(piece.medium, piece.name)
            first = Fraction(0)
        else:
            element, first = self._shown(piece, piece.medium, lane)
        for name, value in ({"start": time_of(first)} | length | hidden).items():
            element.set(name, value)
        return element, first

    def _shown(self, piece: Piece, medium: Medium, lane: Lane) -> tuple[Element, Fraction]:
        rate, speed = self._rate, piece.speed
        length = piece.frames / rate
        first = medium.origin + Fraction(round(piece.media_start * rate)) / rate
        attributes = {"ref": self._resources.asset(medium, piece), "name": piece.name}
        if lane.kind == "audio":
            attributes["srcEnable"] = "audio"
        if speed == 1:
            return made("asset-clip", **attributes), first
        # The local time of a retimed clip begins at 0 and counts what is shown.
        ends = (Fraction(0), first), (length, first + length * speed)
        points = (
            made("timept", time=time_of(time), value=time_of(value), interp="linear")
            for time, value in ends
        )
        return made("asset-clip", made("timeMap", *points), **attributes), Fraction(0)

    def _generated(self, generated: Generated, name: str) -> Element:
        """A title, or a picture of one colour; bars are black, as Final Cut has no plain ones."""
        if generated.kind != "title":
            value = " ".join(f"{channel / 255:.4g}" for channel in generated.rgb)
            color = made("param", name="Color", value=value)
            return made("video", color, ref=self._resources.effect("Custom"), name=name)
        self._resources.titles += 1
        style = f"ts{self._resources.titles}"
        text = made("text", made("text-style", text=generated.text, ref=style))
        look = made("text-style", font="Helvetica", fontSize="63", fontColor="1 1 1 1")
        look.set("alignment", "center")
        defined = made("text-style-def", look, id_=style)
        return made("title", text, defined, ref=self._resources.effect("Basic Title"), name=name)


def _place(mix: Mix, lane: Lane) -> int:
    """The frame before whose piece or gap a transition is written."""
    if lane.joins(mix):
        return mix.cut
    return mix.start if mix.start in {piece.start for piece in lane.pieces} else mix.end


def _joined(lane: Lane) -> list[tuple[tuple[Piece, ...], tuple[Mix, ...]]]:
    """Pieces that transitions join, together, with those; a fade is one, too."""
    groups: list[tuple[tuple[Piece, ...], tuple[Mix, ...]]] = []
    for piece in lane.pieces:
        mixes = tuple(mix for mix in lane.mixes if piece.start <= mix.cut <= piece.end)
        if groups and any(mix.cut == piece.start for mix in groups[-1][1]):
            pieces, known = groups[-1]
            groups[-1] = (*pieces, piece), tuple(dict.fromkeys((*known, *mixes)))
        else:
            groups.append(((piece,), mixes))
    return groups
