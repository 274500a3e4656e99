"""The form of a piece: which phrases come again. Knows no notes and no picture.

Four phrases make a section: theme, theme, contrast, theme. Two sections take turns, so that in a
long piece the first theme comes back after another one. A phrase comes again where its mood and its
density do; where they have changed, it is another phrase.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

# The letters of a section of so many phrases; a longer piece has several of four.
SECTIONS = {1: (0,), 2: (0, 0), 3: (0, 1, 0), 4: (0, 0, 1, 0)}
# The bars of a long phrase's first half; the second begins as the first with this chance.
HALF_PHRASE = 4
PERIOD_CHANCE = 0.4
# Levels (mood and density, each 0..1) that differ by less than this are the same.
SAME_LEVEL = 0.25


@dataclass(frozen=True)
class Form:
    """`starts`: bars at which parts begin, rising from 0; `letters`: one each, the same where a
    part comes again; `bars` in all. What comes before the first phrase is a part of its own."""

    starts: tuple[int, ...]
    letters: tuple[int, ...]
    bars: int

    @property
    def spans(self) -> list[range]:
        """The bars of each part."""
        return [range(start, end) for start, end in pairwise([*self.starts, self.bars])]

    def shown(self) -> np.ndarray:
        """Which bar of the piece each bar shows, (bars,): the first of its like, -1 if alone.

        Labels are numbered from 0. The last bar of a part that comes again goes its own way.
        """
        first: dict[int, range] = {}
        source = np.arange(self.bars)
        for letter, span in zip(self.letters, self.spans, strict=True):
            shared = first.setdefault(letter, span)
            length = min(len(shared), len(span)) - (shared is not span)
            source[span.start : span.start + length] = shared[:length]
        _, label, times = np.unique(source, return_inverse=True, return_counts=True)
        numbered = np.cumsum(times > 1) - 1
        return np.where(times > 1, numbered, -1)[label]


def find_form(starts: Sequence[int], levels: np.ndarray, rng: np.random.Generator) -> Form:
    """The form of phrases that begin at bars `starts`, rising, at levels (bars, L)."""
    spans = [range(start, end) for start, end in pairwise([*starts, len(levels)])]
    letters = _letters([levels[span.start : span.stop].mean(axis=0) for span in spans])
    has_period = dict(zip(letters, rng.random(len(letters)) < PERIOD_CHANCE, strict=True))
    parts: list[tuple[int, tuple[int, int]]] = []
    if not starts or starts[0]:
        parts.append((0, (-1, 0)))
    for span, letter in zip(spans, letters, strict=True):
        parts.append((span.start, (letter, 0)))
        if len(span) >= 2 * HALF_PHRASE:
            half = 0 if has_period[letter] else 1
            parts.append((span.start + HALF_PHRASE, (letter, half)))
    names = {name: number for number, name in enumerate(dict.fromkeys(name for _, name in parts))}
    return Form(
        tuple(bar for bar, _ in parts), tuple(names[name] for _, name in parts), len(levels)
    )


def _letters(levels: Sequence[np.ndarray]) -> list[int]:
    """A letter a phrase: the section's where its levels are those of the first with this letter,
    else one of its own."""
    planned = _planned(len(levels))
    letters: list[int] = []
    first: dict[tuple[int, int], tuple[int, np.ndarray]] = {}
    for wanted, level in zip(planned, levels, strict=True):
        variants = [key for key in first if key[0] == wanted]
        like = [key for key in variants if np.abs(first[key][1] - level).max() < SAME_LEVEL]
        key = like[0] if like else (wanted, len(variants))
        first.setdefault(key, (len(first), level))
        letters.append(first[key][0])
    return letters


def _planned(phrases: int) -> list[int]:
    """Letters of the sections one after another, the first and the second in turns."""
    letters = []
    for section, begin in enumerate(range(0, phrases, 4)):
        own = SECTIONS[min(4, phrases - begin)]
        letters += [2 * (section % 2) + letter for letter in own]
    return letters
