"""Opens edit files by OpenTimelineIO's adapters, and chooses the edit in them. Knows no media."""

import contextlib
import io
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.errors import TimelineError

FORMATS = (".otio", ".edl", ".fcpxml", ".xml", ".kdenlive")

_TIMECODE = re.compile(r"\b\d\d:\d\d:\d\d([:;])(\d\d)\b")
_NOMINAL_RATES = (24, 25, 30, 50)
_DROP_FRAME_RATES = (Fraction(30000, 1001), Fraction(60000, 1001))


def open_edit(path: Path, name: str | None = None, rate: Fraction | None = None) -> Any:
    """An OTIO timeline, stack or track: the edit called `name`, or the first in the file.

    `rate` is that of an EDL's timecodes; other formats name theirs. TimelineError where the file
    cannot be read, or holds no edit of that name.
    """
    edits = _all_edits(path, rate)
    if name is None:
        return edits[0]
    for edit in edits:
        if edit.name == name:
            return edit
    names = ", ".join(repr(edit.name) for edit in edits)
    raise TimelineError(f"{path}: holds no edit named {name!r}; there are: {names}")


def edit_names(path: Path | str) -> tuple[str, ...]:
    """Of all edits in a file; the first is the one that is read unless another is named."""
    return tuple(edit.name for edit in _all_edits(Path(path), None))


def _all_edits(path: Path, rate: Fraction | None) -> list[Any]:
    if path.suffix.lower() not in FORMATS:
        raise TimelineError(f"{path}: not an edit that can be read; use {', '.join(FORMATS)}")
    if not path.is_file():
        raise TimelineError(f"{path}: no such file")
    try:
        # The Kdenlive adapter prints, where a program may be reading our output.
        with contextlib.redirect_stdout(io.StringIO()):
            edits = list(_edits(_document(path, rate)))
    except OSError as exc:
        raise TimelineError(f"{path}: cannot be read ({exc.strerror})") from exc
    # Adapters let through whatever a malformed file makes them stumble over.
    except Exception as exc:
        reason = " ".join(str(exc).split())[:200] or type(exc).__name__
        raise TimelineError(f"{path}: not a valid {path.suffix} file ({reason})") from exc
    if not edits:
        raise TimelineError(f"{path}: holds no edit; export a sequence or timeline")
    return edits


def edl_rates(path: Path) -> tuple[Fraction, ...]:
    """The rates that the timecodes of an EDL, which names none, may have; the likeliest first."""
    text = path.read_text("utf-8", errors="replace")
    codes = _TIMECODE.findall(text)
    if re.search(r"^FCM:\s*DROP", text, re.MULTILINE | re.IGNORECASE) or any(
        separator == ";" for separator, _ in codes
    ):
        return _DROP_FRAME_RATES
    highest = max((int(frame) for _, frame in codes), default=0)
    rates = [Fraction(rate) for rate in (*_NOMINAL_RATES, 60) if highest < rate]
    ntsc = [Fraction(rate * 1000, 1001) for rate in (24, 30, 60) if highest < rate]
    return (*rates, *ntsc)


def _document(path: Path, rate: Fraction | None) -> Any:
    suffix = path.suffix.lower()
    if suffix == ".edl":
        document = otio.adapters.read_from_file(str(path), rate=float(rate or edl_rates(path)[0]))
        # The adapter makes the record timecode a source range, which it is not.
        for track in document.tracks:
            track.source_range = None
        return document
    if suffix == ".fcpxml":
        return _final_cut(path)
    return otio.adapters.read_from_file(str(path))


def _final_cut(path: Path) -> Any:
    """Every project of the file: the adapter reads those of the first event alone."""
    text = path.read_bytes()
    root = ElementTree.fromstring(text)
    projects = list(root.iter("project"))
    if not projects:
        return otio.adapters.read_from_string(text.decode(), "fcpx_xml")
    collection = otio.schema.SerializableCollection()
    for project in projects:
        _drop_generators(project, {effect.get("id") for effect in root.iter("effect")})
        alone = ElementTree.Element("fcpxml", root.attrib)
        alone.extend([*root.findall("resources"), project])
        edit = otio.adapters.read_from_string(ElementTree.tostring(alone, "unicode"), "fcpx_xml")
        collection.append(edit)
    return collection


def _drop_generators(project: ElementTree.Element, effects: set[str | None]) -> None:
    """What is generated leaves a gap: the adapter knows clips of media alone."""
    for parent in list(project.iter()):
        for child in list(parent):
            if child.tag == "video" and child.get("ref") in effects:
                parent.remove(child)


def _edits(document: Any) -> Iterator[Any]:
    """All edits of a document, in their order, from whatever containers they lie in."""
    if isinstance(document, otio.schema.Timeline | otio.schema.Stack | otio.schema.Track):
        yield document
    elif isinstance(document, otio.schema.SerializableCollection):
        for child in document:
            yield from _edits(child)
