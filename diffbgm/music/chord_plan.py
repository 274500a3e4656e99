"""A plan of harmony: a chord every half bar. Knows no notes and no film."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diffbgm.lead_sheet import NO_CHORD, PlannedChord, parse_bars, parse_chord
from diffbgm.music.chord_rows import CHORD_WIDTH, condition_rows
from diffbgm.music.pianoroll import BEATS_PER_BAR

HALF_BAR_BEATS = BEATS_PER_BAR // 2
MAJOR_SCALE = np.array([0, 2, 4, 5, 7, 9, 11])


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
        return cls(tuple(parse_bars(text)))

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
