"""The form of a piece: which phrases come again. Knows no notes and no picture.

Four phrases make a section: theme, theme, contrast, theme. Two sections take turns, so that in a
long piece the first theme comes back after another one. A phrase comes again where its mood and its
density do; where they have changed, it is another phrase. A piece that begins with a quiet phrase
has an introduction, which its end comes back to if it is quiet, too. Where the picture returns to
a place, the phrase that sounded there returns.
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
# What belongs to a place may differ more: it comes back in another mood.
SAME_LEVEL_AT_A_PLACE = 0.5
# From so many phrases on there may be an introduction: one that is quieter (0..1) than the next.
LEAST_PHRASES = 5
QUIETER = 0.12
_FRAME = -1


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


def find_form(
    starts: Sequence[int],
    levels: np.ndarray,
    rng: np.random.Generator,
    places: np.ndarray | None = None,
) -> Form:
    """The form of phrases that begin at bars `starts`, rising, at levels (bars, L), density last.

    `places` (bars,) numbers what the picture shows, where that is known.
    """
    spans = [range(start, end) for start, end in pairwise([*starts, len(levels)])]
    means = [levels[span.start : span.stop].mean(axis=0) for span in spans]
    shown = None if places is None else [_most(places[span.start : span.stop]) for span in spans]
    letters = _letters(means, _bound(_planned(means), shown))
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


@dataclass(frozen=True)
class _Wanted:
    """The letter that a phrase is to have if its levels allow, and how much they may differ."""

    letter: int
    tolerance: float = SAME_LEVEL


def _letters(levels: Sequence[np.ndarray], wanted: Sequence[_Wanted]) -> list[int]:
    """A letter a phrase: the wanted one where its levels are those of the first with this letter,
    else one of its own."""
    letters: list[int] = []
    first: dict[tuple[int, int], tuple[int, np.ndarray]] = {}
    for want, level in zip(wanted, levels, strict=True):
        variants = [key for key in first if key[0] == want.letter]
        like = [key for key in variants if np.abs(first[key][1] - level).max() < want.tolerance]
        key = like[0] if like else (want.letter, len(variants))
        first.setdefault(key, (len(first), level))
        letters.append(first[key][0])
    return letters


def _planned(levels: Sequence[np.ndarray]) -> list[int]:
    """Letters of the sections one after another, the first and the second in turns, between a
    quiet beginning and a quiet end if there are any."""
    density = [float(level[-1]) for level in levels]
    is_long = len(density) >= LEAST_PHRASES
    intro = is_long and density[0] < density[1] - QUIETER
    outro = intro and density[-1] < density[-2] - QUIETER
    phrases = len(density) - intro - outro
    letters = [_FRAME] * intro
    for section, begin in enumerate(range(0, phrases, 4)):
        own = SECTIONS[min(4, phrases - begin)]
        letters += [2 * (section % 2) + letter for letter in own]
    return letters + [_FRAME] * outro


def _bound(letters: Sequence[int], places: Sequence[int] | None) -> list[_Wanted]:
    """The letters, but where the picture returns to a place that of the place: it is the letter of
    its first phrase, or a new one if another such place has it already."""
    if places is None:
        return [_Wanted(letter) for letter in letters]
    coming_back, wanted = _coming_back(places), []
    own: dict[int, int] = {}
    for letter, place in zip(letters, places, strict=True):
        if place not in coming_back:
            wanted.append(_Wanted(letter))
            continue
        is_free = letter not in own.values()
        own.setdefault(place, letter if is_free else max(*letters, *own.values()) + 1)
        wanted.append(_Wanted(own[place], SAME_LEVEL_AT_A_PLACE))
    return wanted


def _coming_back(places: Sequence[int]) -> set[int]:
    """The places that are left and shown again."""
    visits = [
        place for place, before in zip(places, [None, *places], strict=False) if place != before
    ]
    return {place for place in visits if visits.count(place) > 1}


def _most(places: np.ndarray) -> int:
    """What most of some bars show; the first of several."""
    values, first, times = np.unique(places, return_index=True, return_counts=True)
    return int(values[np.lexsort((first, -times))[0]])
