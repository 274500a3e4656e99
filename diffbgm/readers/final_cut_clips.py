"""FCPXML with clips and no project, as Final Cut exports what is marked in the browser: each clip
is an edit. Works on the elements of either library."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

_CLIPS = ("asset-clip", "clip", "ref-clip", "sync-clip", "mc-clip")


def loose_clips(root: Any) -> list[Any]:
    """The clips of a document's events; none where it has a project."""
    if next(root.iter("project"), None) is not None:
        return []
    holders = [root, *root.iter("library"), *root.iter("event")]
    return [each for holder in holders for each in holder if each.tag in _CLIPS]


def as_project(clip: Any, root: Any) -> Any:
    """A project, in no document, whose storyline shows that clip alone."""
    inside = deepcopy(clip)
    inside.tail = None
    inside.attrib.pop("lane", None)
    inside.set("offset", "0s")
    resources = {each.get("id"): each for each in root.iterfind("resources/*")}
    shown = resources.get(clip.get("ref"))
    described = {"tcStart": "0s", "tcFormat": "NDF"}
    formats = (each.get("format") for each in _with_format(clip, shown))
    if (shape := next(filter(None, formats), None)) is not None:
        described["format"] = shape
    if clip.get("duration"):
        described["duration"] = clip.get("duration")
    project = clip.makeelement("project", {"name": clip.get("name") or "clip"})
    sequence = clip.makeelement("sequence", described)
    spine = clip.makeelement("spine", {})
    spine.append(inside)
    sequence.append(spine)
    project.append(sequence)
    return project


def _with_format(clip: Any, shown: Any) -> Iterator[Any]:
    """What may name the format of a clip: itself, its medium, what the medium holds."""
    yield clip
    if shown is not None:
        yield shown
        yield from shown
