"""Chords that a person wrote into a text file: bars as in a lead sheet, `C | Am F | G`."""

from pathlib import Path

from diffbgm.errors import OptionError
from diffbgm.music.chord_plan import ChordPlan


def read_chords(path: Path) -> str:
    """The text of a file of chords; OptionError if it cannot be read or holds something else.

    Lines that begin with # are left out.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as exc:
        raise OptionError(f"{path} cannot be read as text: {exc}") from exc
    text = "\n".join(line for line in lines if not line.startswith("#"))
    try:
        ChordPlan.from_text(text)
    except OptionError as exc:
        raise OptionError(f"{path}: {exc}") from exc
    return text
