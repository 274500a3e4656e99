"""Reads FCPXML, the format of Final Cut Pro X, by OpenTimelineIO's adapter."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import opentimelineio as otio

_ADAPTER = "fcpx_xml"


def read_fcpxml(path: Path) -> Any:
    """An OTIO document with every project of the file; raises anything where it is malformed.

    The adapter reads the projects of the first event alone, and stumbles over what is generated:
    that is left out, as a gap.
    """
    text = path.read_bytes()
    root = ElementTree.fromstring(text)
    effects = {effect.get("id") for effect in root.iter("effect")}
    projects = [_without_generators(project, effects) for project in root.iter("project")]
    if not projects:
        return otio.adapters.read_from_string(text.decode(), _ADAPTER)
    return otio.schema.SerializableCollection(
        children=[_read_alone(root, project) for project in projects]
    )


def _without_generators(
    project: ElementTree.Element, effects: set[str | None]
) -> ElementTree.Element:
    for parent in list(project.iter()):
        for child in list(parent):
            if child.tag == "video" and child.get("ref") in effects:
                parent.remove(child)
    return project


def _read_alone(root: ElementTree.Element, project: ElementTree.Element) -> Any:
    alone = ElementTree.Element("fcpxml", root.attrib)
    alone.extend([*root.findall("resources"), project])
    return otio.adapters.read_from_string(ElementTree.tostring(alone, "unicode"), _ADAPTER)
