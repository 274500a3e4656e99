"""The OpenTimelineIO document of a request: which films it names, and which of them it may open.

The document itself is read by the library, in the composing process, which opens these alone.
"""

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from diffbgm.errors import TimelineError
from diffbgm.readers.otio_documents import check_document, films_named, schema_of

MEDIA_SCHEME = "diffbgm:media/"
_MEDIA_URL = re.compile(r"diffbgm:media/([0-9a-f]{64})")


def check(document: dict[str, Any], films: Mapping[str, str], *, may_read_files: bool) -> set[str]:
    """The ids of the uploaded media that the timeline refers to, by address or by name.

    `films` has the id of each that is named otherwise.

    Raises TimelineError where the document is no timeline, or where it refers to a file of this
    machine and `may_read_files` is false, or to anything else that cannot be read.
    """
    if schema_of(document) != "Timeline":
        raise TimelineError("The timeline is no OpenTimelineIO document of schema Timeline.")
    check_document(document)
    names = films_named(document)
    for name in sorted(names):
        if id_of(name, films) is not None:
            continue
        if not may_read_files:
            raise TimelineError(
                f"The timeline refers to {name[:200]!r}, which was not uploaded: upload the film "
                f"and name it in `films`, or refer to {MEDIA_SCHEME}ID."
            )
        if not _is_file(name):
            raise TimelineError(
                f"The timeline refers to {name[:200]!r}: use {MEDIA_SCHEME}ID of an uploaded "
                "film, or an absolute path where the server runs on the same machine."
            )
    return {known for name in names if (known := id_of(name, films)) is not None}


def id_of(name: str, films: Mapping[str, str]) -> str | None:
    """The id of the uploaded film that a name in a timeline means; None for a file."""
    match = _MEDIA_URL.fullmatch(name)
    return match[1] if match else films.get(name)


def files(
    document: dict[str, Any], films: Mapping[str, str], uploaded: Mapping[str, Path]
) -> dict[str, str]:
    """The file that each name in a checked timeline means; `uploaded` maps ids to files."""
    from diffbgm.readers.edit_films import media_path  # Brings in all of OpenTimelineIO.

    found = {}
    for name in films_named(document):
        known = id_of(name, films)
        found[name] = str(uploaded[known] if known else media_path(Path("/edit"), name))
    return found


def _is_file(url: str) -> bool:
    if url.startswith("file:"):
        return True
    return PurePosixPath(url).is_absolute() or PureWindowsPath(url).is_absolute()
