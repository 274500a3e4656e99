"""What the tracks of new MLT projects show: a producer for each medium, name, speed and title."""

from dataclasses import dataclass, field
from fractions import Fraction

from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Piece
from diffbgm.writers.timelines.generated import Generated
from diffbgm.writers.timelines.mlt import properties
from diffbgm.writers.timelines.xml import Element, made, text_of

WIDTH, HEIGHT = 1920, 1080
_FIRST = 3  # Kdenlive's ids: 1 is the bin, 2 the sequence
# Of the frames of a producer that is disabled: what lays tracks over each other passes them over.
_DISABLED = {"set.test_audio": "1", "set.test_image": "1"}

# Holds the first frame of what an entry shows.
_FREEZE = {"mlt_service": "freeze", "frame": "0", "freeze_after": "0", "freeze_before": "0"}

_Key = tuple[str, Medium | Generated, Fraction, bool]


@dataclass
class Producers:
    """Of all tracks of an edit, each once."""

    edit: Conversion
    is_kdenlive: bool
    elements: list[Element] = field(default_factory=list)
    _ids: dict[_Key, str] = field(default_factory=dict)

    def entries(self, pieces: tuple[Piece, ...]) -> list[Element]:
        """Blanks and entries of a playlist."""
        result, reached = [], 0
        for piece in pieces:
            if piece.start > reached:
                result.append(made("blank", length=str(piece.start - reached)))
            result.append(self.shown(piece, "entry"))
            reached = piece.end
        return result

    def bin_entries(self) -> list[Element]:
        """All of them, as Kdenlive's bin lists them."""
        return [
            made("entry", producer=each.get("id", ""), in_="0", out=each.get("out", "0"))
            for each in self.elements
        ]

    def shown(self, piece: Piece, tag: str) -> Element:
        """An entry of a playlist, or a track of a transition."""
        id_ = self._id_of(piece)
        start = max(int(self._first(piece) * self.edit.rate + Fraction(1, 2)), 0)
        ends = {"in_": str(start), "out": str(start + piece.frames - 1)}
        number = properties({"kdenlive:id": _number(id_)}) if self.is_kdenlive else ()
        return made(tag, *number, producer=id_, **ends)

    def _first(self, piece: Piece) -> Fraction:
        """Seconds of the producer: positions count the frames of the retimed medium."""
        if isinstance(piece.medium, Generated):
            return Fraction(0)
        first = piece.media_start
        if piece.speed < 0 and piece.medium.seconds is not None:
            first = piece.medium.seconds - piece.media_start
        return first / (abs(piece.speed) or 1)

    def _id_of(self, piece: Piece) -> str:
        key = piece.name, piece.medium, piece.speed, piece.enabled
        if key not in self._ids:
            id_ = self._ids[key] = f"medium{len(self._ids) + _FIRST}"
            self.elements.append(self._made(id_, piece))
        return self._ids[key]

    def _made(self, id_: str, piece: Piece) -> Element:
        frames = self._length(piece)
        values = {"length": str(frames), "eof": "pause"}
        inside: list[Element] = []
        if isinstance(piece.medium, Medium):
            values |= _film(piece.medium, piece.speed)
            if piece.speed == 0:
                own = {"kdenlive_id": "freeze"} if self.is_kdenlive else {}
                inside = [made("filter", *properties(_FREEZE | own))]
        else:
            values |= self._generated(piece.medium)
            if piece.medium.kind == "title" and not self.is_kdenlive:
                inside = [_shotcut_text(piece.medium)]
        if self.is_kdenlive:
            values |= {"kdenlive:id": _number(id_), "kdenlive:folderid": "-1"}
        values |= {"kdenlive:clipname" if self.is_kdenlive else "shotcut:caption": piece.name}
        values |= {} if piece.enabled else _DISABLED
        return made("producer", *properties(values), *inside, id_=id_, in_="0", out=str(frames - 1))

    def _length(self, piece: Piece) -> int:
        if isinstance(piece.medium, Generated):
            pieces = (piece for lane in self.edit.lanes for piece in lane.pieces)
            return max(self.edit.frames, *(each.end for each in pieces))
        speed = abs(piece.speed) or 1
        last = piece.media_start / speed + piece.frames / self.edit.rate
        seconds = last if piece.medium.seconds is None else piece.medium.seconds / speed
        return max(1, int(seconds * self.edit.rate + Fraction(1, 2)))

    def _generated(self, generated: Generated) -> dict[str, str]:
        if generated.kind == "bars":
            return {"mlt_service": "frei0r.test_pat_B", "resource": "", "0": "4"}
        if generated.kind == "color":
            return {"mlt_service": "color", "resource": f"#ff{generated.color[1:]}"}
        if self.is_kdenlive:
            return {
                "mlt_service": "kdenlivetitle",
                "resource": "",
                "xmldata": _kdenlive_title(generated, self.edit.frames),
                "kdenlive:clip_type": "2",
            }
        return {"mlt_service": "color", "resource": "#00000000", "mlt_image_format": "rgba"}


def _number(id_: str) -> str:
    return id_.removeprefix("medium")


def _film(medium: Medium, speed: Fraction) -> dict[str, str]:
    if speed in (0, 1):
        return {"resource": medium.address, "mlt_service": "avformat"}
    said = f"{float(speed):g}"
    return {
        "resource": f"{said}:{medium.address}",
        "mlt_service": "timewarp",
        "warp_speed": said,
        "warp_resource": medium.address,
    }


def _kdenlive_title(generated: Generated, frames: int) -> str:
    """The document inside the document that Kdenlive's title clips are: the words in the middle."""
    content = made(
        "content",
        text=generated.text,
        **{
            "font": "Sans",
            "font-pixel-size": "100",
            "font-color": "255,255,255,255",
            "alignment": "4",
            "box-width": str(WIDTH),
            "box-height": "120",
        },
    )
    position = made("position", made("transform", text="1,0,0,0,1,0,0,0,1"), x="0", y="480")
    item = made("item", position, content, **{"type": "QGraphicsTextItem", "z-index": "0"})
    whole = f"0,0,{WIDTH},{HEIGHT}"
    title = made(
        "kdenlivetitle",
        item,
        made("startviewport", rect=whole),
        made("endviewport", rect=whole),
        made("background", color="0,0,0,0"),
        duration=str(frames),
        out=str(frames - 1),
        width=str(WIDTH),
        height=str(HEIGHT),
        LC_NUMERIC="C",
    )
    return text_of(title)


def _shotcut_text(generated: Generated) -> Element:
    """The filter that Shotcut puts on a transparent colour to write on it."""
    values = {
        "argument": generated.text,
        "mlt_service": "dynamictext",
        "shotcut:filter": "dynamicText",
        "geometry": f"0 0 {WIDTH} {HEIGHT} 1",
        "family": "Sans",
        "size": "100",
        "fgcolour": "#ffffffff",
        "halign": "center",
        "valign": "middle",
    }
    return made("filter", *properties(values))


def sides(lane: Lane, rate: Fraction) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces of a track of Kdenlive, whose transitions go over between two playlists, each as
    long as its transitions last."""
    joined = {mix.cut: mix for mix in lane.mixes if lane.joins(mix)}
    result: tuple[list[Piece], list[Piece]] = ([], [])
    side = 0
    for piece in lane.pieces:
        before, after = joined.get(piece.start), joined.get(piece.end)
        side = 1 - side if before else 0
        start = before.start if before else piece.start
        result[side].append(piece.cut_to(start, after.end if after else piece.end, rate))
    return tuple(result[0]), tuple(result[1])
