"""Which SoundFont plays the music. Knows neither synthesizers nor notes."""

import struct
from importlib.util import find_spec
from pathlib import Path

from diffbgm.errors import SoundFontError

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
    """`path`, if its header says RIFF sfbk and the file is as long as it says (SoundFont 2.04)."""
    try:
        with path.open("rb") as file:
            header = file.read(12)
        size = path.stat().st_size
    except OSError as exc:
        raise SoundFontError(
            f"{path}: the SoundFont cannot be read ({exc.strerror}); name an .sf2 file"
        ) from exc
    if len(header) < 12 or header[:4] != b"RIFF" or header[8:] != b"sfbk":
        raise SoundFontError(f"{path}: is no SoundFont; name an .sf2 file")
    if size < struct.unpack("<I", header[4:8])[0] + 8:
        raise SoundFontError(f"{path}: the SoundFont is cut short; copy or download it again")
    return path
