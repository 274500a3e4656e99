"""Addresses of media in an editor's document, which is written to another folder."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True)
class Relinked:
    """A document that lay in `source` and goes to `target`."""

    source: Path
    target: Path


def relinked_path(path: str, relinked: Relinked) -> str:
    """A relative path to what lies there, as seen from the new folder; any other as it is.

    That of a folder ends with a slash.
    """
    if not path or re.match(r"[A-Za-z]:", path) or path.startswith(("/", "\\")):
        return path
    file = relinked.source / path
    if not (file.is_dir() if path.endswith("/") else file.is_file()):
        return path
    moved = Path(os.path.relpath(file.resolve(), relinked.target.resolve())).as_posix()
    return moved + "/" * path.endswith("/")


def relinked_url(url: str, relinked: Relinked) -> str:
    """The same of an address, which may be quoted."""
    if urlsplit(url).scheme:
        return url
    moved = relinked_path(url, relinked)
    if moved != url:
        return quoted(moved)
    plain = unquote(url)
    moved = relinked_path(plain, relinked)
    return quoted(moved) if moved != plain else url


def quoted(path: str) -> str:
    """A relative path with slashes as an address."""
    return quote(path)
