"""Reads Kdenlive's projects by OpenTimelineIO's adapter, which knows no titles, no speeds and
nothing that is disabled, and stumbles over much that MLT leaves out or newer versions write."""

import json
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

from diffbgm.readers.mlt import DISABLED, frozen_at, hold

_SPEED = "#diffbgm-speed="  # after the address of a medium
_NOTE = "#diffbgm-note="  # after a name: which of the notes that the adapter would not hand on
_MARKERS = (
    "kdenlive:markers",
    "kdenlive:docproperties.guides",
    "kdenlive:sequenceproperties.guides",
)
_KINDS_OF_MARKERS = range(9)  # of the program's own; users may make more


def read_kdenlive(path: Path) -> Any:
    """An OTIO timeline; raises anything where the file is malformed."""
    root = ElementTree.fromstring(path.read_bytes())
    for producer in (*root.iter("producer"), *root.iter("chain")):
        properties = {one.get("name"): one for one in producer.iter("property")}
        service = properties.get("mlt_service")
        if service is not None and service.text == "timewarp":
            _mark_speed(producer, properties)
    notes = _noted(root)
    _fill_in(root)
    document = otio.adapters.read_from_string(ElementTree.tostring(root, "unicode"), "kdenlive")
    for item in document.find_children(descended_from_type=otio.core.Item):
        item.name, noted, number = item.name.partition(_NOTE)
        note = notes[int(number)] if noted else _Note()
        item.enabled = not note.is_disabled
        if not isinstance(item, otio.schema.Clip):
            continue
        if isinstance(item.media_reference, otio.schema.MissingReference):
            item.media_reference = otio.schema.GeneratorReference(
                generator_kind="title", parameters={"text": note.text}
            )
        elif isinstance(item.media_reference, otio.schema.ExternalReference):
            _retime(item)
            if note.frozen_at is not None:
                hold(item, note.frozen_at)
    return document


@dataclass(frozen=True)
class _Note:
    """What a clip or track says beyond what the adapter reads: of a title, its words."""

    is_disabled: bool = False
    text: str = ""
    frozen_at: int | None = None


def _noted(root: ElementTree.Element) -> list[_Note]:
    """The notes, to whose places the names of clips and tracks lead now."""
    notes: list[_Note] = []
    hidden = {each.get("producer") for each in root.iter("track") if each.get("hide") == "both"}
    for each in root.iter():
        if each.tag not in ("producer", "chain", "tractor"):
            continue
        is_track = each.tag == "tractor"
        values = {one.get("name"): one.text or "" for one in each.findall("property")}
        is_off = all(values.get(name) == "1" for name in DISABLED)
        is_off |= is_track and each.get("id") in hidden
        note = _Note(is_off, _words(values), None if is_track else frozen_at(each))
        if note != _Note():
            name = "kdenlive:track_name" if is_track else "kdenlive:clipname"
            _set(each, name, f"{values.get(name, '')}{_NOTE}{len(notes)}")
            notes.append(note)
    return notes


def _words(values: dict[str | None, str]) -> str:
    """Of a title, a line for each of its texts."""
    if values.get("mlt_service") != "kdenlivetitle":
        return ""
    try:
        title = ElementTree.fromstring(values.get("xmldata", ""))
    except ElementTree.ParseError:
        return ""
    return "\n".join(each.text for each in title.iter("content") if each.text)


def _set(element: ElementTree.Element, name: str, text: str) -> None:
    """The property of that name, which is made where there is none."""
    own = element.find(f"property[@name='{name}']")
    if own is None:
        own = ElementTree.SubElement(element, "property", {"name": name})
    own.text = text


def _fill_in(root: ElementTree.Element) -> None:
    """Say what the adapter needs said; effects, which nothing is read of, go."""
    by_id = {each.get("id"): each for each in root.iter() if each.get("id")}
    for producer in (*root.iter("producer"), *root.iter("chain")):
        length = producer.findtext("property[@name='length']") or ""
        if producer.get("out") is None and length.isdigit():
            producer.set("out", str(max(int(length) - 1, 0)))
    for entry in root.iter("entry"):
        producer = by_id.get(entry.get("producer"), entry)
        for name in ("in", "out"):
            entry.set(name, entry.get(name) or producer.get(name) or "0")
        for effect in entry.findall("filter"):
            entry.remove(effect)
    _put_in_bin(root, by_id)
    for mix in root.iter("transition"):
        if not (mix.findtext("property[@name='reverse']") or "").isdigit():
            # The first of a name is read.
            reverse = ElementTree.Element("property", {"name": "reverse"})
            reverse.text = "0"
            mix.insert(0, reverse)
    for each in root.iter("property"):
        if each.get("name") in _MARKERS:
            each.text = json.dumps(_markers(each.text or ""))


def _put_in_bin(root: ElementTree.Element, by_id: dict[str | None, ElementTree.Element]) -> None:
    """Every clip of the timeline that is not there, as where it was deleted in the bin."""
    main_bin = root.find("playlist[@id='main_bin']")
    if main_bin is None:
        return
    listed = {_clip_id(by_id.get(entry.get("producer"))) for entry in main_bin.iter("entry")}
    for entry in list(root.iter("entry")):
        if (clip := _clip_id(by_id.get(entry.get("producer")))) not in listed:
            listed.add(clip)
            main_bin.append(ElementTree.Element("entry", entry.attrib))


def _clip_id(producer: ElementTree.Element | None) -> str:
    return "" if producer is None else producer.findtext("property[@name='kdenlive:id']") or ""


def _markers(text: str) -> list[dict[str, Any]]:
    """Those that have a place, each of a kind that the adapter knows."""
    try:
        markers = json.loads(text)
    except ValueError:
        return []
    return [
        {
            "pos": marker["pos"],
            "comment": str(marker.get("comment", "")),
            "type": marker.get("type") if marker.get("type") in _KINDS_OF_MARKERS else 0,
        }
        for marker in (markers if isinstance(markers, list) else [])
        if isinstance(marker, dict) and isinstance(marker.get("pos"), int | float)
    ]


def _mark_speed(
    producer: ElementTree.Element, properties: dict[str | None, ElementTree.Element]
) -> None:
    """A retimed medium becomes a plain one, whose address ends in its speed."""
    speed, _, resource = (properties["resource"].text or "").partition(":")
    properties["mlt_service"].text = "avformat"
    for name in ("resource", "kdenlive:originalurl"):
        _set(producer, name, f"{resource}{_SPEED}{speed}")


def _retime(clip: Any) -> None:
    """Times of a retimed medium count its frames as they are shown; reversed, from its end."""
    reference = clip.media_reference
    url, marked, speed = reference.target_url.partition(_SPEED)
    if not marked:
        return
    scalar = float(Fraction(speed))
    source, available = clip.source_range, reference.available_range
    start = source.start_time
    if scalar < 0:
        start = available.end_time_exclusive() - source.end_time_exclusive()
    start = otio.opentime.RationalTime(start.value * abs(scalar), start.rate)
    clip.source_range = otio.opentime.TimeRange(start, source.duration)
    clip.effects.append(otio.schema.LinearTimeWarp(time_scalar=scalar))
    clip.media_reference = otio.schema.ExternalReference(target_url=url)
