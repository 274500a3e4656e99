"""The OpenTimelineIO document of a request: which media it may use. Parses no more than that.

The document itself is read by the library, in the composing process.
"""

import re
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from diffbgm.errors import TimelineError

MEDIA_SCHEME = "diffbgm:media/"
_MEDIA_URL = re.compile(r"diffbgm:media/([0-9a-f]{64})")
# Real edits nest some thirty deep; the reader of OpenTimelineIO recurses without a bound.
_DEEPEST = 200
_REFERENCES = ("target_url", "target_url_base")


def check(document: dict[str, Any], *, may_read_files: bool) -> set[str]:
    """The ids of the uploaded media that the timeline refers to.

    Raises TimelineError where the document is no timeline, or where it refers to a file of this
    machine and `may_read_files` is false, or to anything else that cannot be read.
    """
    if not str(document.get("OTIO_SCHEMA", "")).startswith("Timeline."):
        raise TimelineError("The timeline is no OpenTimelineIO document of schema Timeline.")
    used = set()
    for url in _references(document):
        if match := _MEDIA_URL.fullmatch(url):
            used.add(match[1])
        elif not _is_file(url):
            raise TimelineError(
                f"The timeline refers to {url[:200]!r}: use {MEDIA_SCHEME}ID of an uploaded film, "
                "or an absolute path where the server runs on the same machine."
            )
        elif not may_read_files:
            raise TimelineError(
                f"The timeline refers to {url[:200]!r}, a file of another machine: upload it and "
                f"refer to {MEDIA_SCHEME}ID."
            )
    return used


def resolve(document: Any, paths: dict[str, str]) -> Any:
    """A copy in which uploaded media are local files; `paths` maps ids to them."""
    if isinstance(document, dict):
        return {
            key: paths[value.removeprefix(MEDIA_SCHEME)]
            if key in _REFERENCES and isinstance(value, str) and value.startswith(MEDIA_SCHEME)
            else resolve(value, paths)
            for key, value in document.items()
        }
    if isinstance(document, list):
        return [resolve(value, paths) for value in document]
    return document


def _references(document: dict[str, Any]) -> Iterator[str]:
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise TimelineError(f"The timeline is nested more than {_DEEPEST} deep.")
        if isinstance(value, dict):
            waiting.extend((inner, depth + 1) for inner in value.values())
            yield from (url for key in _REFERENCES if isinstance(url := value.get(key), str))
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _is_file(url: str) -> bool:
    if "\0" in url:
        return False
    if url.startswith("file:"):
        return True
    return PurePosixPath(url).is_absolute() or PureWindowsPath(url).is_absolute()
