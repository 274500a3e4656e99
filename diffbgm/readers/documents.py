"""Opens edit files by OpenTimelineIO's adapters, and chooses the edit in them. Knows no media."""

import contextlib
import io
import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio

from diffbgm.errors import TimelineError
from diffbgm.readers.aaf import read_aaf
from diffbgm.readers.edl import possible_rates, read_edl
from diffbgm.readers.final_cut import read_fcpxml
from diffbgm.readers.final_cut_7 import read_final_cut_7
from diffbgm.readers.kdenlive import read_kdenlive
from diffbgm.readers.malformed import malformed
from diffbgm.readers.mlt import read_mlt
from diffbgm.readers.otio_documents import check_document, mend, parsed

FORMATS = (".otio", ".edl", ".fcpxml", ".fcpxmld", ".xml", ".kdenlive", ".mlt", ".aaf")


def document_file(path: Path) -> Path:
    """The file of an edit: Final Cut's bundles are folders with the document in them."""
    inside = path / "Info.fcpxml"
    return inside if path.suffix.lower() == ".fcpxmld" and inside.is_file() else path


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
    path = document_file(path)
    if path.suffix.lower() not in FORMATS:
        raise TimelineError(f"{path}: not an edit that can be read; use {', '.join(FORMATS)}")
    if not path.is_file():
        raise TimelineError(
            f"{path}: is a folder without an Info.fcpxml; export it again"
            if path.is_dir()
            else f"{path}: no such file"
        )
    try:
        # The Kdenlive adapter prints, where a program may be reading our output.
        with contextlib.redirect_stdout(io.StringIO()):
            edits = list(_edits(_document(path, rate)))
    except OSError as exc:
        raise TimelineError(f"{path}: cannot be read ({exc.strerror})") from exc
    except TimelineError as exc:
        raise TimelineError(f"{path}: {exc}") from exc
    # Adapters let through whatever a malformed file makes them stumble over.
    except Exception as exc:
        raise malformed(path, exc) from exc
    if not edits:
        raise TimelineError(f"{path}: holds no edit; export a sequence or timeline")
    return edits


def _document(path: Path, rate: Fraction | None) -> Any:
    match path.suffix.lower():
        case ".aaf":
            return read_aaf(path)
        case ".edl":
            return read_edl(path, rate or possible_rates(path)[0])
        case ".fcpxml":
            return read_fcpxml(path)
        case ".kdenlive":
            return read_kdenlive(path)
        case ".mlt":
            return read_mlt(path)
        case ".otio":
            # OpenTimelineIO's own reader ends the process on documents that are not sound.
            document = parsed(path.read_bytes())
            check_document(document)
            mend(document)
            return otio.adapters.read_from_string(json.dumps(document), "otio_json")
        case _:
            return read_final_cut_7(path)


def _edits(document: Any) -> Iterator[Any]:
    """All edits of a document, in their order, from whatever containers they lie in."""
    if isinstance(document, otio.schema.Timeline | otio.schema.Stack | otio.schema.Track):
        yield document
    elif isinstance(document, otio.schema.SerializableCollection):
        for child in document:
            yield from _edits(child)
