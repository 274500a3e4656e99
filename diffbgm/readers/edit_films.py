"""Which film a clip shows: the one place where words of an edit become files.

Knows nothing of shots. The reader opens what `Locate` makes of these names, and nothing else.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path, PureWindowsPath
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

from diffbgm.errors import TimelineError


class FilmName(NamedTuple):
    """What a clip calls its film: the URL of its media, or its own name where it has none."""

    text: str
    is_url: bool


_LONGEST = 4096  # characters of a name, as of paths

Locate = Callable[[FilmName], Path]
"""The file that a name means. Raises TimelineError where it means none that may be opened."""


def film_of(clip: Any) -> FilmName | None:
    """The film that a clip shows; None for what the editor generates (colour, bars).

    TimelineError where the clip names none that could be opened.
    """
    reference, name = clip.media_reference, clip.name
    if isinstance(reference, otio.schema.GeneratorReference):
        return None
    if isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
        return _checked(FilmName(reference.target_url, is_url=True))
    if isinstance(reference, otio.schema.MissingReference) and name:
        return _checked(FilmName(name, is_url=False))  # EDLs name their clips, often by file.
    kind = type(reference).__name__
    raise TimelineError(f"clip {name[:80]!r} has no film file ({kind}); relink or render it")


def _checked(film: FilmName) -> FilmName:
    if len(film.text) > _LONGEST or "\0" in film.text:
        raise TimelineError(f"the film {film.text[:80]!r}… has a name that no file has; relink it")
    return film


def listed(files: Mapping[str, str]) -> Locate:
    """Only the files of a list, by their names."""

    def locate(film: FilmName) -> Path:
        if film.text not in files:
            raise TimelineError(f"the film {film.text[:200]!r} was not handed in; upload it")
        return Path(files[film.text])

    return locate


def media_path(edit: Path, url: str) -> Path:
    """The file that a media URL means: file URLs, plain and Windows paths, relative to the edit."""
    if re.match(r"[A-Za-z]:[\\/]", url) or "\\" in url:
        url = PureWindowsPath(url).as_posix()
        return edit.parent / url
    parts = urlsplit(url)
    if parts.scheme not in ("", "file"):
        raise TimelineError(f"{edit}: the media {url} is not a local file; download and relink it")
    # Plain paths are often written unquoted: what is there as it stands is meant.
    if not parts.scheme and (edit.parent / url).is_file():
        return edit.parent / url
    local = unquote(parts.path)
    if re.match(r"/[A-Za-z]:/", local):
        local = local[1:]
    if parts.netloc not in ("", "localhost"):
        local = f"//{parts.netloc}{local}"
    return edit.parent / local
