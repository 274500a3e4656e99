"""Takes music of ours out of a project of Shotcut or Kdenlive, by the mark of its producers.

Tracks are known by what they show, not by their names; markers, whose mark the editors drop, by
their place and text, too.
"""

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from diffbgm.readers.mlt import frame_at
from diffbgm.writers.timelines.music import Marker
from diffbgm.writers.timelines.xml import Element, made, parsed, removed, serialised

OURS = "diffbgm:music"
_GUIDES = (".guides", ":guides")


def without_music(text: bytes, markers: Sequence[Marker] = ()) -> bytes:
    """The project without tracks and markers of ours, and without those of `markers` that it has
    as well; the same bytes if there are none."""
    root = parsed(text)
    ours = [each for each in root.iter("producer", "chain") if value_of(each, OURS) == "1"]
    if not ours:
        return text
    media = {each.get("id") for each in ours}
    lists = [each for each in root.iter("playlist") if _shows_only(each, media)]
    gone = {each.get("id") for each in lists}
    tractors = [each for each in root.iter("tractor") if _is_track_of(each, gone, root)]
    for sequence in root.iter("tractor"):
        if sequence not in tractors:
            _take_out(sequence, gone | {each.get("id") for each in tractors})
    empty = [each for tractor in tractors for each in _lists_of(tractor, root)]
    removed([*tractors, *dict.fromkeys([*lists, *empty]), *ours])
    for entry in [each for each in root.iter("entry") if each.get("producer") in media]:
        if (playlist := entry.getparent()) is not None and playlist.get("id") != "main_bin":
            blank = made("blank", length=str(_frames_of(entry, root)))
            blank.tail = entry.tail
            entry.addprevious(blank)
            entry.tail = None
        removed([entry])
    _remove_markers(root, {(marker.frame, marker.name) for marker in markers})
    return serialised(root)


def _frames_of(entry: Element, root: Element) -> int:
    profile = root.find("profile")
    rate = {} if profile is None else profile.attrib
    fps = Fraction(int(rate.get("frame_rate_num", 25)), int(rate.get("frame_rate_den", 1)))
    first, last = (frame_at(entry.get(name) or "0", fps) for name in ("in", "out"))
    return last - first + 1


def value_of(element: Element, name: str) -> str | None:
    """A property of a producer, playlist or tractor."""
    for each in element.iterchildren("property"):
        if each.get("name") == name:
            return each.text or ""
    return None


def _shows_only(playlist: Element, media: set[str | None]) -> bool:
    if playlist.get("id") == "main_bin":
        return False
    shown = {entry.get("producer") for entry in playlist.iterchildren("entry")}
    return bool(shown) and shown <= media


def _lists_of(tractor: Element, root: Element) -> list[Element]:
    named = {track.get("producer") for track in tractor.iterchildren("track")}
    return [each for each in root.iter("playlist") if each.get("id") in named]


def _is_track_of(tractor: Element, gone: set[str | None], root: Element) -> bool:
    """Whether it is a track of Kdenlive, whose playlists show music of ours, or nothing."""
    lists = _lists_of(tractor, root)
    filled = [each for each in lists if each.find("entry") is not None]
    is_whole = len(lists) == len(list(tractor.iterchildren("track")))
    return bool(filled) and is_whole and all(each.get("id") in gone for each in filled)


def _take_out(sequence: Element, gone: set[str | None]) -> None:
    """Tracks, and what joins them to others, whose numbers move up."""
    tracks = list(sequence.iter("track"))
    ours = [number for number, track in enumerate(tracks) if track.get("producer") in gone]
    if not ours:
        return
    joins = list(sequence.iterchildren("transition"))
    removed(tracks[number] for number in ours)
    removed(each for each in joins if _track_number(each, "b_track") in ours)
    for join in sequence.iterchildren("transition", "filter"):
        for each in join.iterchildren("property"):
            if each.get("name") in ("a_track", "b_track", "track"):
                number = int(each.text or 0)
                each.text = str(number - sum(one < number for one in ours))


def _track_number(join: Element, name: str) -> int:
    return int(value_of(join, name) or 0)


def _remove_markers(root: Element, places: set[tuple[int, str]]) -> None:
    for each in root.iter("property"):
        if (each.get("name") or "").endswith(_GUIDES) and each.text:
            guides: list[dict[str, Any]] = json.loads(each.text)
            kept = [
                one
                for one in guides
                if not one.get(OURS) and (one.get("pos"), one.get("comment")) not in places
            ]
            if len(kept) < len(guides):
                each.text = json.dumps(kept, indent=1, ensure_ascii=False)
    for listed in root.iter("properties"):
        if listed.get("name") == "shotcut:markers":
            removed([each for each in listed if value_of(each, OURS) == "1"])
            for number, each in enumerate(listed):
                each.set("name", str(number))
