"""Which SoundFont plays the music. Knows neither synthesizers nor notes."""

import os
import struct
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from diffbgm.errors import SoundFontError

_CHUNK = struct.Struct("<4sI4s")  # name, length of what follows it, kind of a RIFF or LIST
# Where systems keep General MIDI SoundFonts, the best first.
_INSTALLED = (
    "/usr/share/sounds/sf2/FluidR3_GM.sf2",
    "/usr/share/soundfonts/FluidR3_GM.sf2",
    "/usr/local/share/soundfonts/FluidR3_GM.sf2",
    "/opt/homebrew/share/soundfonts/FluidR3_GM.sf2",
    "/usr/share/sounds/sf2/default-GM.sf2",
    "/usr/share/soundfonts/default.sf2",
)


def find_soundfont(path: Path | None = None) -> Path:
    """The SoundFont at `path`; else an installed FluidR3 or default; else the small TimGM6mb.

    SoundFontError if `path` is no SoundFont, or if none at all is found.
    """
    if path is not None:
        return _checked(path)
    for candidate in map(Path, _INSTALLED):
        if candidate.is_file():
            return _checked(candidate)
    return _checked(_bundled())


def _bundled() -> Path:
    """The SoundFont inside the pretty_midi package, found without importing it."""
    spec = find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        raise SoundFontError("no SoundFont was found: install fluid-soundfont-gm or name one")
    return Path(spec.origin).with_name("TimGM6mb.sf2")


def _checked(path: Path) -> Path:
    """`path`, if it is a whole SoundFont by its outer structure (SoundFont 2.04, section 4)."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            riff, length, form = _CHUNK.unpack(file.read(_CHUNK.size).ljust(_CHUNK.size))
            lists = _lists(file, size) if (riff, form) == (b"RIFF", b"sfbk") else set()
    except OSError as exc:
        raise SoundFontError(
            f"{path}: the SoundFont cannot be read ({exc.strerror}); name an .sf2 file"
        ) from exc
    if (riff, form) == (b"RIFF", b"sfbk") and size < length + 8:
        raise SoundFontError(f"{path}: the SoundFont is cut short; copy or download it again")
    if lists != {b"INFO", b"sdta", b"pdta"}:
        raise SoundFontError(f"{path}: is no SoundFont; name an .sf2 file")
    return path


def _lists(file: BinaryIO, size: int) -> set[bytes]:
    """The kinds of the LIST chunks from where `file` stands to its end."""
    kinds = set()
    while file.tell() + _CHUNK.size <= size:
        name, length, kind = _CHUNK.unpack(file.read(_CHUNK.size))
        if name == b"LIST":
            kinds.add(kind)
        file.seek(length - 4 + length % 2, os.SEEK_CUR)
    return kinds
