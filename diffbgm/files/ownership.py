"""Which files are ours: a record of what was written, by name and by what is in it.

A file that only has the name of one of ours is somebody else's.
"""

import hashlib
import stat
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from diffbgm.errors import StorageError


@dataclass(frozen=True)
class Identity:
    """What tells a file: its size, when it was written (nanoseconds), and the hash of it all."""

    bytes: int
    modified: int
    sha256: str


# The files of a folder by their relative paths, with slashes.
Record = dict[str, Identity]


def identify(path: Path) -> Identity:
    """The identity of a file that is there."""
    found = path.stat()
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Identity(found.st_size, found.st_mtime_ns, digest)


def record_of(folder: Path, known: Mapping[str, Identity] | None = None) -> Record:
    """All files in `folder`; those that are as `known` are not read again."""
    known = known or {}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = [path.relative_to(folder).as_posix() for path in paths]

    def identity(path: Path, name: str) -> Identity:
        before = known.get(name)
        return before if before and _is_untouched(path, before) else identify(path)

    with ThreadPoolExecutor() as pool:  # hashing needs no interpreter
        return dict(zip(names, pool.map(identity, paths, names), strict=True))


def is_ours(path: Path, identity: Identity | None) -> bool:
    """Whether the file at `path` is the one that was recorded; a link never is."""
    if identity is None or not _is_plain_file(path):
        return False
    if _is_untouched(path, identity):
        return True
    return path.stat().st_size == identity.bytes and identify(path).sha256 == identity.sha256


def foreign(folder: Path, record: Record, entries: Iterable[str]) -> list[str]:
    """Those of the `entries` of `folder` to be written that hold something that is not ours.

    A folder among them is ours if a recorded file lies in it; what else lies there is left alone.
    """
    names = set(entries)
    written = {name for name in record if name.split("/")[0] in names}
    changed = [name for name in written if exists(folder / name)]
    changed = [name for name in changed if not is_ours(folder / name, record[name])]
    taken = names - {name.split("/")[0] for name in written}
    taken = {name for name in taken if not _is_free(folder / name)}
    links = {name for name in names if (folder / name).is_symlink()}
    return sorted({*changed, *taken, *links})


def refuse_foreign(folder: Path, names: list[str]) -> None:
    """StorageError that names what is in the way, if anything is."""
    if names:
        shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
        raise StorageError(
            f"{folder} holds files that diffbgm did not write, or that were changed since: "
            f"{shown}. Move them away, or choose another folder; nothing was changed"
        )


def set_aside(path: Path) -> Path:
    """Give what lies at `path` a free name beside it; the new path."""
    stem, suffix = path.stem, path.suffix
    number = 1
    while exists(kept := path.with_name(f"{stem} (kept {number}){suffix}")):
        number += 1
    path.rename(kept)
    return kept


def to_json(record: Record) -> dict[str, Any]:
    return {name: asdict(identity) for name, identity in record.items()}


def from_json(content: dict[str, Any]) -> Record:
    """The record whose `to_json` this is; ValueError for paths that lead out of the folder."""
    for name in content:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
            raise ValueError(f"{name!r} leads out of the folder")
    return {name: Identity(**entry) for name, entry in content.items()}


def exists(path: Path) -> bool:
    """Whether anything lies there, a dangling link included."""
    return path.is_symlink() or path.exists()


def _is_plain_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _is_untouched(path: Path, identity: Identity) -> bool:
    found = path.stat()
    return (found.st_size, found.st_mtime_ns) == (identity.bytes, identity.modified)


def _is_free(path: Path) -> bool:
    """Whether nothing lies there, or a folder in which there is nothing."""
    if path.is_symlink() or not path.is_dir():
        return not exists(path)
    return not any(path.iterdir())
