"""Finds the media of an edit's clips, also where they were moved. Opens no file."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from diffbgm.errors import TimelineError
from diffbgm.readers.edit_films import FilmName, media_path

# The likeliest first: of two files with one stem a copy for viewing comes last.
_SUFFIXES = (
    *(".mov", ".mxf", ".mp4", ".m4v", ".mkv", ".avi", ".mts", ".m2ts", ".ts", ".mpg", ".mpeg"),
    *(".webm", ".dv", ".wmv", ".flv", ".3gp", ".ogv", ".gif", ".webp"),
    *(".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp"),
)


@dataclass(frozen=True)
class Wanted:
    """What an edit says of a clip's medium: its address, what else it is called, its reel."""

    film: FilmName
    names: tuple[str, ...] = ()
    reel: str = ""


@dataclass(frozen=True)
class MediaFiles:
    """Where media are looked up: where the edit says, beside it, then in `folders` and below."""

    edit: Path
    folders: tuple[Path, ...] = ()
    _found: dict[Wanted, Path | None] = field(default_factory=dict)

    def find(self, wanted: Wanted) -> Path | None:
        """By its address, else by name, by name without suffix, then by reel; None if nowhere.

        Of several files of that name the one whose folders are called most alike is taken.
        """
        if wanted not in self._found:
            self._found[wanted] = self._find(wanted)
        return self._found[wanted]

    def _find(self, wanted: Wanted) -> Path | None:
        named = self._as_named(wanted.film)
        if named is not None and named.is_file():
            return named
        parts = _parts(wanted.film)
        names = [name for name in (*parts[-1:], *wanted.names) if name]
        for files in (self._beside, self._below):
            for found in _candidates(files, names, wanted.reel):
                return max(found, key=lambda path: _rank(path, parts))
        return None

    def _as_named(self, film: FilmName) -> Path | None:
        """None for the address of another machine."""
        if not film.is_url:
            return self.edit.parent / film.text
        try:
            return media_path(self.edit, film.text)
        except TimelineError:
            return None

    @cached_property
    def _beside(self) -> list[Path]:
        return sorted(path for path in self.edit.parent.iterdir() if path.is_file())

    @cached_property
    def _below(self) -> list[Path]:
        return [path for folder in self.folders for path in _files_below(folder)]


def is_film_name(name: str) -> bool:
    """Whether a name ends as those of film files do."""
    return PurePosixPath(name.casefold()).suffix in _SUFFIXES


def _parts(film: FilmName) -> tuple[str, ...]:
    """The folders and the name in an address of any kind."""
    is_quoted = film.is_url and "\\" not in film.text
    path = unquote(urlsplit(film.text).path) if is_quoted else film.text
    return PurePosixPath(path.replace("\\", "/")).parts


def _files_below(folder: Path) -> Iterator[Path]:
    """All but hidden ones, in the order of their names."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith("."))


def _candidates(files: Sequence[Path], names: Sequence[str], reel: str) -> Iterator[list[Path]]:
    """The files of each name, then of each stem, then of the reel; empty lists left out."""
    films = [path for path in files if path.suffix.casefold() in _SUFFIXES]
    stems = [_stem(name) for name in names]
    found = [[path for path in files if path.name.casefold() == name.casefold()] for name in names]
    found += [[path for path in films if path.stem.casefold() == stem] for stem in stems]
    if reel:
        found.append([path for path in films if _is_of_reel(path.stem.casefold(), reel.casefold())])
    yield from filter(None, found)


def _stem(name: str) -> str:
    """Without the suffix of a film: what else follows a dot belongs to the name."""
    path = PurePosixPath(name.casefold())
    return path.stem if path.suffix in _SUFFIXES else path.name


def _is_of_reel(stem: str, reel: str) -> bool:
    """Cameras call their files by the reel, and something after it."""
    return stem == reel or stem.startswith((f"{reel}_", f"{reel}-", f"{reel}."))


def _rank(path: Path, parts: Sequence[str]) -> tuple[int, int]:
    """The higher the likelier: folders called alike, then the kind of file."""
    suffix = path.suffix.casefold()
    kind = -_SUFFIXES.index(suffix) if suffix in _SUFFIXES else -len(_SUFFIXES)
    return _common_end(path.parts, parts), kind


def _common_end(one: Sequence[str], other: Sequence[str]) -> int:
    """How many names at the end are the same."""
    same = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a.casefold() != b.casefold():
            break
        same += 1
    return same
