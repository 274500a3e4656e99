"""New projects of Shotcut and Kdenlive for an edit of another format, without music."""

import json
import uuid

from diffbgm.writers.timelines.conversion import Conversion, Lane, Mix, Piece
from diffbgm.writers.timelines.mlt import guide_of, markers_of, properties
from diffbgm.writers.timelines.mlt_media import HEIGHT, WIDTH, Producers, sides
from diffbgm.writers.timelines.xml import Element, made, serialised

_MLT_VERSION, _KDENLIVE_VERSION = "7.12.0", "1.1"


def shotcut(edit: Conversion) -> bytes:
    """A project of Shotcut: a playlist a track, a transition a tractor in it."""
    media = Producers(edit, is_kdenlive=False)
    mixes: list[Element] = []
    lists = [
        made("playlist", *_named(lane), *_mixed(lane, media, mixes), id_=f"playlist{number}")
        for number, lane in enumerate(edit.lanes)
    ]
    tracks = [
        _track(each.get("id", ""), lane) for each, lane in zip(lists, edit.lanes, strict=True)
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
    return _project(edit, black, *media.elements, *mixes, *lists, main, played="tractor0")


def kdenlive(edit: Conversion) -> bytes:
    """A project of Kdenlive with one sequence: sound below the pictures, two playlists a track."""
    media = Producers(edit, is_kdenlive=True)
    lanes = [lane.with_handles(edit.rate) for lane in edit.lanes]
    lanes.sort(key=lambda lane: lane.kind != "audio")
    name = f"{{{uuid.uuid5(uuid.NAMESPACE_URL, edit.document.name or 'timeline')}}}"
    black = _black(edit.frames)
    parts: list[Element] = []
    tracks = [made("track", producer=black.get("id", ""))]
    for number, lane in enumerate(lanes):
        lists, tractor = _kdenlive_track(lane, number, media)
        parts += [*lists, tractor]
        hidden = {} if lane.enabled else {"hide": "both"}
        tracks.append(made("track", producer=tractor.get("id", ""), **hidden))
    guides = [guide_of(marker) for marker in edit.markers]
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


def _kdenlive_track(
    lane: Lane, number: int, media: Producers
) -> tuple[tuple[Element, Element], Element]:
    """Clips that go over into each other lie in the one and the other of two playlists."""
    marked = {"kdenlive:audio_track": "1"} if lane.kind == "audio" else {}
    ids = f"playlist{2 * number}", f"playlist{2 * number + 1}"
    pieces = sides(lane, media.edit.rate)
    front, back = (
        made("playlist", *properties(marked), *media.entries(each), id_=id_)
        for each, id_ in zip(pieces, ids, strict=True)
    )
    # The sound of a film is a track of its own in Kdenlive.
    hidden = "video" if lane.kind == "audio" else "audio"
    tracks = [made("track", producer=each, hide=hidden) for each in ids]
    named = {**marked, "kdenlive:track_name": lane.name, "kdenlive:timeline_active": "1"}
    begun = {piece.start for piece in pieces[1]}
    mixes = [
        _kdenlive_mix(mix, lane.kind, f"mix{number}_{mix.cut}", is_back=mix.start not in begun)
        for mix in lane.mixes
        if lane.joins(mix)
    ]
    held = (*properties(named), *tracks, *mixes)
    return (front, back), made("tractor", *held, id_=f"tractor{number}", in_="0")


def _kdenlive_mix(mix: Mix, kind: str, id_: str, *, is_back: bool) -> Element:
    """A transition inside a track; `is_back`, from the second of its playlists to the first."""
    services = {"mlt_service": "mix", "kdenlive_id": "mix", "start": "-1", "accepts_blanks": "1"}
    if kind == "video":
        services = {"mlt_service": "luma", "kdenlive_id": "luma", "factory": "loader"}
    values = {"a_track": "0", "b_track": "1"} | services
    values |= {"kdenlive:mixcut": str(mix.end - mix.cut), "reverse": str(int(is_back))}
    ends = {"in_": str(mix.start), "out": str(mix.end)}
    return made("transition", *properties(values), id_=id_, **ends)


def _mixed(lane: Lane, media: Producers, mixes: list[Element]) -> list[Element]:
    """The entries of a track of Shotcut; the tractors of its transitions are put into `mixes`."""
    joined = {mix.cut: mix for mix in lane.mixes if lane.joins(mix)}
    rate = media.edit.rate
    result: list[Element] = []
    reached = 0
    before: Piece | None = None
    for piece in lane.pieces:
        mix, out = joined.get(piece.start), joined.get(piece.end)
        if piece.start > reached and not mix:
            result.append(made("blank", length=str(piece.start - reached)))
        if mix and before:
            both = [each.cut_to(mix.start, mix.end, rate) for each in (before, piece)]
            mixes.append(_shotcut_mix(f"over{len(mixes)}", mix, both, media))
            id_ = mixes[-1].get("id", "")
            result.append(made("entry", producer=id_, in_="0", out=str(mix.frames - 1)))
        start, end = mix.end if mix else piece.start, out.start if out else piece.end
        if start < end:
            result.append(media.shown(piece.cut_to(start, end, rate), "entry"))
        reached, before = out.end if out else piece.end, piece
    return result


def _shotcut_mix(id_: str, mix: Mix, both: list[Piece], media: Producers) -> Element:
    ends = {"in_": "0", "out": str(mix.frames - 1)}
    tracks = [media.shown(piece, "track") for piece in both]
    joined = {"a_track": "0", "b_track": "1"}
    luma = properties(joined | {"factory": "loader", "mlt_service": "luma"})
    sound = properties(joined | {"start": "-1", "accepts_blanks": "1", "mlt_service": "mix"})
    kind = properties({"shotcut:transition": "lumaMix"})
    return made(
        "tractor",
        *kind,
        *tracks,
        made("transition", *luma, out=ends["out"]),
        made("transition", *sound, out=ends["out"]),
        id_=id_,
        title=mix.name,
        **ends,
    )


def _named(lane: Lane) -> list[Element]:
    return properties({f"shotcut:{lane.kind}": "1", "shotcut:name": lane.name})


def _track(producer: str, lane: Lane) -> Element:
    hidden = {"hide": "video"} if lane.kind == "audio" else {}
    hidden = hidden if lane.enabled else {"hide": "both"}
    return made("track", producer=producer, **hidden)


def _black(frames: int) -> Element:
    values = {"length": str(frames), "eof": "pause", "resource": "black", "mlt_service": "color"}
    values |= {"mlt_image_format": "rgba", "set.test_audio": "0"}
    return made("producer", *properties(values), id_="black_track", in_="0", out=str(frames - 1))


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
        width=str(WIDTH),
        height=str(HEIGHT),
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
