"""Chords as musicians write them. Knows no notes and no film.

A chord is written as in a lead sheet, `Am7`, `F#dim`, `C/E`, and a plan bar by bar: `C | Am F |
G`; one chord fills its bar, and `N` is no chord.
"""

import re
from dataclasses import dataclass

from diffbgm.errors import OptionError

NO_CHORD = "N"

# How a quality is written, and its intervals above the root.
QUALITIES = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "sus4": (0, 5, 7),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "7": (0, 4, 7, 10),
    "sus2": (0, 2, 7),
    "aug": (0, 4, 8),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "7sus4": (0, 5, 7, 10),
}
ROOTS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ROOT = "([A-G])([#b]?)"
_NAME = re.compile(f"{_ROOT}(.*?)(?:/{_ROOT})?")

# A text that `parse_bars` takes, for JSON Schema.
_WRITTEN = f"(?:{NO_CHORD}|[A-G][#b]?(?:{'|'.join(QUALITIES)})(?:/[A-G][#b]?)?)"
_BAR = rf"{_WRITTEN}(?:[^\S\n]+{_WRITTEN})?"
BARS_PATTERN = rf"^[\s|]*{_BAR}(?:\s*[|\n][\s|]*{_BAR})*[\s|]*$"


@dataclass(frozen=True)
class PlannedChord:
    """`root` and `bass` are pitch classes (0 is C), `quality` a key of QUALITIES."""

    root: int
    quality: str
    bass: int

    @property
    def intervals(self) -> tuple[int, ...]:
        """Semitones above the root."""
        return QUALITIES[self.quality]

    @property
    def name(self) -> str:
        """As in a lead sheet: `Am7`, `C/E`."""
        below = "" if self.bass == self.root else f"/{ROOTS[self.bass]}"
        return ROOTS[self.root] + self.quality + below

    def transposed(self, semitones: int) -> "PlannedChord":
        root, bass = (self.root + semitones) % 12, (self.bass + semitones) % 12
        return PlannedChord(root, self.quality, bass)


def parse_chord(name: str) -> PlannedChord | None:
    """The chord that a name means, None for `N`; OptionError if it means none."""
    if name == NO_CHORD:
        return None
    match = _NAME.fullmatch(name)
    if match is None or match[3] not in QUALITIES:
        known = ", ".join(quality for quality in QUALITIES if quality)
        raise OptionError(
            f"{name!r} is no chord: write a root (A to G, with # or b), a quality (none for major, "
            f"{known}), and if wanted a bass, as in Am7, Bb or C/E; {NO_CHORD} is no chord"
        )
    root = _pitch_class(match[1], match[2])
    bass = root if match[4] is None else _pitch_class(match[4], match[5])
    return PlannedChord(root, match[3], bass)


def _pitch_class(letter: str, accidental: str) -> int:
    return (_NATURAL[letter] + {"": 0, "#": 1, "b": -1}[accidental]) % 12


def parse_bars(text: str) -> list[PlannedChord | None]:
    """The chord of each half bar; OptionError names what is no chord, or a bar with over two."""
    bars = [bar.split() for bar in re.split(r"[|\n]", text) if bar.strip()]
    crowded = next((bar for bar in bars if len(bar) > 2), None)
    if crowded or not bars:
        found = f"{' '.join(crowded)!r} in one bar" if crowded else "nothing"
        raise OptionError(f"found {found}: write one or two chords a bar, as in C | Am F | G")
    return [parse_chord(name) for bar in bars for name in (bar[0], bar[-1])]
