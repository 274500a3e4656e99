"""Which SoundFont plays the music. Knows neither synthesizers nor notes."""

import os
import struct
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from diffbgm.errors import SoundFontError

_CHUNK = struct.Struct("<4sI4s")  # name, length of what follows it, kind of a RIFF or LIST
_TEXT = struct.Struct("<4sI")  # name, length of a chunk
_LONGEST_TEXT = 65536  # bytes of a text of INFO, by the standard
# Copyright and licence of fonts that are found by themselves, where the file does not say them in
# a word: as the packages that bring them do.
_MUSESCORE = ("Frank Wen, Michael Cowgill, S. Christian Collins and others", "MIT, parts CC0")
_KNOWN = {
    "MuseScore_General_Full.sf3 (MuseScore_General_HQ v0.2.1)": _MUSESCORE,
    "MuseScore_General_Lite.sf3 (MuseScore_General v0.2.1)": _MUSESCORE,
    "Fluid R3 GM": ("Frank Wen 2000-2002, 2008; Toby Smithe 2008", "MIT"),
    "TimGM6mb": ("Tim Brechbill 2004", "GPL-2.0"),
}
# General MIDI SoundFonts, the best first: MuseScore General in its two sizes, FluidR3, and what
# else the system plays with.
_NAMES = (
    "MuseScore_General_Full.sf3",
    "MuseScore_General_Full.sf2",
    "MuseScore_General.sf3",
    "MuseScore_General_Lite.sf3",
    "FluidR3_GM.sf2",
    "default-GM.sf2",
    "default.sf2",
)
_SYSTEM_FOLDERS = (
    "/usr/share/sounds/sf3",
    "/usr/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/opt/homebrew/share/soundfonts",
)


def find_soundfont(path: Path | None = None) -> Path:
    """The SoundFont at `path`; else the best that is installed; else the small TimGM6mb.

    SoundFontError if `path` is no SoundFont, or if none at all is found.
    """
    if path is not None:
        return _checked(path)
    folders = (own_soundfonts(), *map(Path, _SYSTEM_FOLDERS))
    for name in _NAMES:
        for folder in folders:
            if (folder / name).is_file():
                return _checked(folder / name)
    return _checked(_bundled())


def describe_soundfont(path: Path) -> dict[str, str | None]:
    """What a SoundFont says of itself: `file`, `name`, `copyright`, `licence`; None for nothing.

    The licence is that of a font known here by name, else what the file says of licences.
    """
    told = _information(path)
    copyright_, licence = _KNOWN.get(told.get(b"INAM", ""), (None, None))
    remarks = [told.get(kind, "") for kind in (b"ICMT", b"ICOP")]
    said = next((remark for remark in remarks if "licen" in remark.lower()), None)
    return {
        "file": path.name,
        "name": told.get(b"INAM") or None,
        "copyright": told.get(b"ICOP") or copyright_,
        "licence": licence or said,
    }


def _information(path: Path) -> dict[bytes, str]:
    """The texts of INFO, the first list (SoundFont 2.04, section 5); none if it is unreadable."""
    texts: dict[bytes, str] = {}
    try:
        with path.open("rb") as file:
            file.seek(_CHUNK.size)
            _, length, _ = _CHUNK.unpack(file.read(_CHUNK.size))
            end = file.tell() + length - 4
            while file.tell() + _TEXT.size < end:
                name, size = _TEXT.unpack(file.read(_TEXT.size))
                text = file.read(min(size + size % 2, _LONGEST_TEXT))
                texts[name] = text.split(b"\0")[0].decode("latin-1").strip()
    except (OSError, struct.error):
        return {}
    return texts


def own_soundfonts() -> Path:
    """The folder of a user's own SoundFonts, into which `install.py` puts one without root."""
    from platformdirs import user_data_path

    return user_data_path("diffbgm", appauthor=False) / "soundfonts"


def _bundled() -> Path:
    """The SoundFont inside the pretty_midi package, found without importing it."""
    spec = find_spec("pretty_midi")
    if spec is None or spec.origin is None:
        raise SoundFontError(
            "no SoundFont was found: install musescore-general-soundfont or name one"
        )
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
            f"{path}: the SoundFont cannot be read ({exc.strerror}); name an .sf2 or .sf3 file"
        ) from exc
    if (riff, form) == (b"RIFF", b"sfbk") and size < length + 8:
        raise SoundFontError(f"{path}: the SoundFont is cut short; copy or download it again")
    if lists != {b"INFO", b"sdta", b"pdta"}:
        raise SoundFontError(f"{path}: is no SoundFont; name an .sf2 or .sf3 file")
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
