"""New projects of Shotcut and Kdenlive for an edit of another format, without music."""

import json
import uuid
from dataclasses import dataclass
from fractions import Fraction

from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Piece
from diffbgm.writers.timelines.mlt import markers_of, properties
from diffbgm.writers.timelines.xml import Element, made, serialised

_SIZE = {"width": "1920", "height": "1080"}
_MLT_VERSION, _KDENLIVE_VERSION = "7.12.0", "1.1"


def shotcut(edit: Conversion) -> bytes:
    """A project of Shotcut: a playlist a track."""
    media = _Producers(edit, is_kdenlive=False)
    lists = [
        made("playlist", *_named(lane), *media.entries(lane), id_=f"playlist{number}")
        for number, lane in enumerate(edit.lanes)
    ]
    tracks = [
        _track(each.get("id", ""), lane.kind) for each, lane in zip(lists, edit.lanes, strict=True)
    ]
    ends = {"in_": "0", "out": str(edit.frames - 1)}
    black = _black(edit.frames)
    marked = [markers_of(edit.markers, edit.rate)] if edit.markers else []
    main = made(
        "tractor",
        *properties({"shotcut": "1"}),
        *marked,
        made("track", producer=black.get("id", "")),
        *tracks,
        *_joins([lane.kind for lane in edit.lanes], is_kdenlive=False),
        id_="tractor0",
        title=edit.document.name or "timeline",
        **ends,
    )
    return _project(edit, black, *media.elements, *lists, main, played="tractor0")


def kdenlive(edit: Conversion) -> bytes:
    """A project of Kdenlive with one sequence: sound below the pictures, two playlists a track."""
    media = _Producers(edit, is_kdenlive=True)
    lanes = sorted(edit.lanes, key=lambda lane: lane.kind != "audio")
    name = f"{{{uuid.uuid5(uuid.NAMESPACE_URL, edit.document.name or 'timeline')}}}"
    black = _black(edit.frames)
    parts: list[Element] = []
    tracks = [made("track", producer=black.get("id", ""))]
    for number, lane in enumerate(lanes):
        lists, tractor = _kdenlive_track(lane, number, media)
        parts += [*lists, tractor]
        tracks.append(made("track", producer=tractor.get("id", "")))
    guides = [{"comment": m.name, "pos": m.frame, "type": 0} for m in edit.markers]
    described = {
        "kdenlive:uuid": name,
        "kdenlive:clipname": edit.document.name or "timeline",
        "kdenlive:producer_type": "17",  # a sequence
        "kdenlive:id": "2",
        "kdenlive:folderid": "-1",
        "kdenlive:duration": str(edit.frames),
        "kdenlive:sequenceproperties.hasAudio": "1",
        "kdenlive:sequenceproperties.hasVideo": "1",
        "kdenlive:sequenceproperties.documentuuid": name,
        "kdenlive:sequenceproperties.tracksCount": str(len(lanes)),
        "kdenlive:sequenceproperties.guides": json.dumps(guides, ensure_ascii=False),
    }
    ends = {"in_": "0", "out": str(edit.frames - 1)}
    joins = _joins([lane.kind for lane in lanes], is_kdenlive=True)
    sequence = made("tractor", *properties(described), *tracks, *joins, id_=name, **ends)
    bin_ = made(
        "playlist",
        *properties(
            {
                "kdenlive:docproperties.version": _KDENLIVE_VERSION,
                "kdenlive:docproperties.kdenliveversion": "24.12.0",
                "kdenlive:docproperties.uuid": name,
                "kdenlive:docproperties.activetimeline": name,
                "kdenlive:docproperties.opensequences": name,
                "xml_retain": "1",
            }
        ),
        made("entry", producer=name, in_="0", out="0"),
        *media.bin_entries(),
        id_="main_bin",
    )
    shown = made(
        "tractor",
        *properties({"kdenlive:projectTractor": "1"}),
        made("track", producer=name, **ends),
        id_="project",
        **ends,
    )
    return _project(edit, black, *media.elements, *parts, sequence, bin_, shown, played="main_bin")


@dataclass
class _Producers:
    """One for each medium and speed."""

    edit: Conversion
    is_kdenlive: bool

    def __post_init__(self) -> None:
        self._ids: dict[tuple[Medium, Fraction], str] = {}
        self.elements: list[Element] = []

    def entries(self, lane: Lane) -> list[Element]:
        """Blanks and entries of a track."""
        result, reached = [], 0
        for piece in lane.pieces:
            if piece.start > reached:
                result.append(made("blank", length=str(piece.start - reached)))
            result.append(self._entry(piece))
            reached = piece.end
        return result

    def bin_entries(self) -> list[Element]:
        return [
            made("entry", producer=each.get("id", ""), in_="0", out=each.get("out", "0"))
            for each in self.elements
        ]

    def _entry(self, piece: Piece) -> Element:
        id_ = self._id_of(piece)
        rate, first = self.edit.rate, piece.media_start
        if piece.speed < 0 and piece.medium.seconds is not None:
            first = max(piece.medium.seconds - piece.media_start, Fraction(0))
        if piece.speed not in (0, 1):  # positions count the frames of the retimed medium
            first /= abs(piece.speed)
        start = int(first * rate + Fraction(1, 2))
        ends = {"in_": str(start), "out": str(start + piece.frames - 1)}
        number = properties({"kdenlive:id": id_.removeprefix("medium")})
        return made("entry", *(number if self.is_kdenlive else ()), producer=id_, **ends)

    def _id_of(self, piece: Piece) -> str:
        key = piece.medium, piece.speed
        if key not in self._ids:
            self._ids[key] = f"medium{len(self._ids) + 3}"
            self.elements.append(self._made(self._ids[key], piece))
        return self._ids[key]

    def _made(self, id_: str, piece: Piece) -> Element:
        medium, speed = piece.medium, piece.speed
        last = piece.media_start / (abs(speed) or 1) + piece.frames / self.edit.rate
        seconds = last if medium.seconds is None else medium.seconds / (abs(speed) or 1)
        frames = max(1, int(seconds * self.edit.rate + Fraction(1, 2)))
        values = {
            "length": str(frames),
            "eof": "pause",
            "resource": medium.address,
            "mlt_service": "avformat",
        }
        if speed not in (0, 1):
            values |= {"resource": f"{float(speed):g}:{medium.address}", "mlt_service": "timewarp"}
            values |= {"warp_speed": f"{float(speed):g}", "warp_resource": medium.address}
        if self.is_kdenlive:
            values |= {
                "kdenlive:id": id_.removeprefix("medium"),
                "kdenlive:folderid": "-1",
                "kdenlive:clipname": medium.name,
            }
        return made("producer", *properties(values), id_=id_, in_="0", out=str(frames - 1))


def _kdenlive_track(
    lane: Lane, number: int, media: _Producers
) -> tuple[tuple[Element, Element], Element]:
    marked = {"kdenlive:audio_track": "1"} if lane.kind == "audio" else {}
    ids = f"playlist{2 * number}", f"playlist{2 * number + 1}"
    lists = (
        made("playlist", *properties(marked), *media.entries(lane), id_=ids[0]),
        made("playlist", *properties(marked), id_=ids[1]),
    )
    # The sound of a film is a track of its own in Kdenlive.
    hidden = "video" if lane.kind == "audio" else "audio"
    tracks = [made("track", producer=each, hide=hidden) for each in ids]
    named = {**marked, "kdenlive:track_name": lane.name, "kdenlive:timeline_active": "1"}
    return lists, made("tractor", *properties(named), *tracks, id_=f"tractor{number}", in_="0")


def _named(lane: Lane) -> list[Element]:
    return properties({f"shotcut:{lane.kind}": "1", "shotcut:name": lane.name})


def _track(producer: str, kind: str) -> Element:
    hidden = {"hide": "video"} if kind == "audio" else {}
    return made("track", producer=producer, **hidden)


def _black(frames: int) -> Element:
    values = {"length": str(frames), "eof": "pause", "resource": "black", "mlt_service": "color"}
    values |= {"mlt_image_format": "rgba", "set.test_audio": "0"}
    return made("producer", *properties(values), id_="black", in_="0", out=str(frames - 1))


def _joins(kinds: list[str], *, is_kdenlive: bool) -> list[Element]:
    """What lays each track over the ones below: sounds are added, pictures cover."""
    result = []
    for number, kind in enumerate(kinds, start=1):
        sounds = kind == "audio" or not is_kdenlive
        services = [*(["mix"] if sounds else []), *(["qtblend"] if kind == "video" else [])]
        for service in services:
            values = {"a_track": "0", "b_track": str(number), "mlt_service": service}
            values |= {"always_active": "1"}
            if service == "mix":
                values["sum"] = "1"
            if is_kdenlive:
                values |= {"kdenlive_id": service, "internal_added": "237"}
            result.append(made("transition", *properties(values), id_=f"{service}{number}"))
    return result


def _project(edit: Conversion, *elements: Element, played: str) -> bytes:
    rate = edit.rate
    profile = made(
        "profile",
        **_SIZE,
        description="",
        progressive="1",
        sample_aspect_num="1",
        sample_aspect_den="1",
        display_aspect_num="16",
        display_aspect_den="9",
        frame_rate_num=str(rate.numerator),
        frame_rate_den=str(rate.denominator),
        colorspace="709",
    )
    root = made(
        "mlt",
        profile,
        *elements,
        LC_NUMERIC="C",
        version=_MLT_VERSION,
        title=edit.document.name or "timeline",
        producer=played,
    )
    return serialised(root, is_new=True)
