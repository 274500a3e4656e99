"""A plan of harmony: a chord every half bar, as musicians write them. Knows no notes and no film.

A chord is written as in a lead sheet, `Am7`, `F#dim`, `C/E`, and a plan bar by bar: `C | Am F |
G`; one chord fills its bar, and `N` is no chord.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diffbgm.errors import OptionError
from diffbgm.music.chord_rows import CHORD_WIDTH, condition_rows
from diffbgm.music.pianoroll import BEATS_PER_BAR

HALF_BAR_BEATS = BEATS_PER_BAR // 2
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
MAJOR_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ROOT = "([A-G])([#b]?)"
_NAME = re.compile(f"{_ROOT}(.*?)(?:/{_ROOT})?")


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


@dataclass(frozen=True)
class ChordPlan:
    """The chord of every half bar from a downbeat on; None where there is none."""

    chords: tuple[PlannedChord | None, ...]

    @classmethod
    def from_names(cls, names: Sequence[str]) -> "ChordPlan":
        """The plan of one name each half bar; OptionError names what is no chord."""
        return cls(tuple(parse_chord(name) for name in names))

    @classmethod
    def from_text(cls, text: str) -> "ChordPlan":
        """The plan of bars divided by `|` or lines; OptionError if a bar has over two chords."""
        bars = [bar.split() for bar in re.split(r"[|\n]", text) if bar.strip()]
        crowded = next((bar for bar in bars if len(bar) > 2), None)
        if crowded or not bars:
            found = f"{' '.join(crowded)!r} in one bar" if crowded else "nothing"
            raise OptionError(f"found {found}: write one or two chords a bar, as in C | Am F | G")
        return cls.from_names([name for bar in bars for name in (bar[0], bar[-1])])

    @property
    def names(self) -> list[str]:
        """One name each half bar, as `from_names` takes them."""
        return [NO_CHORD if chord is None else chord.name for chord in self.chords]

    def to_text(self) -> str:
        """Bars as `from_text` takes them, four a line."""
        names = [*self.names, *self.names[-1:]][: len(self.chords) + len(self.chords) % 2]
        halves = zip(names[::2], names[1::2], strict=True)
        bars = [first if first == second else f"{first} {second}" for first, second in halves]
        lines = [" | ".join(bars[first : first + 4]) for first in range(0, len(bars), 4)]
        return "\n".join(lines) + "\n"

    def key_signature(self, default: int) -> int:
        """The major scale (its tonic, 0..11) that holds most of the chords' tones; `default` wins
        a tie, and without any chord."""
        tones = np.zeros(12, int)
        for chord in self.chords:
            if chord is not None:
                tones[[(chord.root + interval) % 12 for interval in chord.intervals]] += 1
        fits = [int(tones[(tonic + MAJOR_SCALE) % 12].sum()) for tonic in range(12)]
        return default if fits[default] == max(fits) else int(np.argmax(fits))

    def rows(self, beats: int) -> np.ndarray:
        """Condition rows (beats, 37) as `chord_rows` has them; nothing is known after the end."""
        rows = [_row(chord) for chord in self.chords]
        by_beat = np.repeat(np.stack(rows), HALF_BAR_BEATS, axis=0)[:beats] if rows else _NOTHING
        return np.pad(by_beat, [(0, beats - len(by_beat)), (0, 0)])

    def at(self, beat: float) -> PlannedChord | None:
        """The chord at a beat from the plan's start on; beyond its ends that of the end."""
        if not self.chords:
            return None
        half = int(beat // HALF_BAR_BEATS)
        return self.chords[min(max(half, 0), len(self.chords) - 1)]


_NOTHING = np.zeros((0, CHORD_WIDTH), np.float32)


def _row(chord: PlannedChord | None) -> np.ndarray:
    members = np.zeros(12, int)
    if chord is None:
        return condition_rows(np.array([[-1, *members, -1]]))[0]
    members[[(chord.root + interval) % 12 for interval in chord.intervals]] = 1
    return condition_rows(np.array([[chord.root, *members, chord.bass]]))[0]
