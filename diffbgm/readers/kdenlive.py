"""Reads Kdenlive's projects by OpenTimelineIO's adapter, which knows no titles and no speeds."""

from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

_SPEED = "#diffbgm-speed="  # after the address of a medium


def read_kdenlive(path: Path) -> Any:
    """An OTIO timeline; raises anything where the file is malformed."""
    root = ElementTree.fromstring(path.read_bytes())
    for producer in (*root.iter("producer"), *root.iter("chain")):
        properties = {one.get("name"): one for one in producer.iter("property")}
        service = properties.get("mlt_service")
        if service is not None and service.text == "timewarp":
            _mark_speed(producer, properties)
    document = otio.adapters.read_from_string(ElementTree.tostring(root, "unicode"), "kdenlive")
    for clip in document.find_clips():
        if isinstance(clip.media_reference, otio.schema.MissingReference):
            clip.media_reference = otio.schema.GeneratorReference(generator_kind="title")
        elif isinstance(clip.media_reference, otio.schema.ExternalReference):
            _retime(clip)
    return document


def _mark_speed(
    producer: ElementTree.Element, properties: dict[str | None, ElementTree.Element]
) -> None:
    """A retimed medium becomes a plain one, whose address ends in its speed."""
    speed, _, resource = (properties["resource"].text or "").partition(":")
    properties["mlt_service"].text = "avformat"
    for name in ("resource", "kdenlive:originalurl"):
        if name not in properties:
            properties[name] = ElementTree.SubElement(producer, "property", {"name": name})
        properties[name].text = f"{resource}{_SPEED}{speed}"


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
