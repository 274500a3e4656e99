"""A long piece in sections, one sampled after the other, so that memory does not grow with it.

A section begins with bars of the one before, which it knows, and themes of earlier sections come
back in it. A piece that fits into one section is sampled as if there were none.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from diffbgm.model.piece_conditions import PieceConditions
from diffbgm.music.pianoroll import BEATS_PER_BAR, KEYS, SIXTEENTHS_PER_BAR, TRACKS
from diffbgm.options import Sampling
from diffbgm.progress import Advance, no_advance, part_of

MOST_BARS = 160
# Bars of the section before that a section knows.
CONTEXT_BARS = 8

Sample = Callable[..., np.ndarray]
"""As `model.sampling.sample`, of a network that is there already."""


def sample_in_sections(
    sample: Sample,
    piece: PieceConditions,
    starts: Sequence[int],
    seed: int,
    options: Sampling,
    progress: Advance = no_advance,
    most_bars: int = MOST_BARS,
) -> np.ndarray:
    """The roll (4 B, 3, 88) of a piece whose parts begin at the bars `starts`."""
    bars = len(piece.dynamic) // BEATS_PER_BAR
    roll = np.zeros((bars, SIXTEENTHS_PER_BAR, len(TRACKS), KEYS), np.uint8)
    for number, span in enumerate(sections(starts, bars, most_bars)):
        first = max(0, span.start - CONTEXT_BARS)
        section = _section(piece, roll, first, span)
        given, known = _known(roll[first : span.stop], span.start - first)
        share = part_of(progress, span.start / bars, span.stop / bars)
        (sampled,) = sample(section, [_seed(seed, number)], options, given, known, share)
        roll[first : span.stop] = sampled.reshape(-1, *roll.shape[1:])
    return roll.reshape(-1, len(TRACKS), KEYS)


def sections(starts: Sequence[int], bars: int, most_bars: int = MOST_BARS) -> list[range]:
    """Spans of at most so many bars, about equally long, which begin where parts do if they can."""
    spans, first = [], 0
    while first < bars:
        left = bars - first
        wanted = first + left / -(-left // most_bars)
        edges = [bar for bar in starts if first < bar <= first + most_bars and bar < bars]
        end = (
            bars if left <= most_bars else min(edges, key=lambda bar: abs(bar - wanted), default=0)
        )
        spans.append(range(first, end or int(wanted)))
        first = spans[-1].stop
    return spans


def _section(piece: PieceConditions, roll: np.ndarray, first: int, span: range) -> PieceConditions:
    """The conditions from bar `first` to the end of `span`, bars before which are known."""
    section = piece.between(slice(first * BEATS_PER_BAR, span.stop * BEATS_PER_BAR))
    if piece.theme is None:
        return section
    own = piece.theme[span.start : span.stop]
    before = piece.theme[: span.start]
    shown = [bar for bar in np.unique(own) if bar >= 0]
    theme = np.full(span.stop - first, -1)
    for number, bar in enumerate(shown):
        theme[span.start - first :][own == bar] = number
    recalled = {
        number: roll[np.flatnonzero(before == bar)[0]]
        for number, bar in enumerate(shown)
        if bar in before
    }
    return replace(section, theme=theme, recalled=recalled)


def _known(bars: np.ndarray, known_bars: int) -> tuple[np.ndarray | None, np.ndarray | None]:
    """What is given (T, 3, 88) of bars (., 16, 3, 88), and where (3, T) it is known: the first."""
    if not known_bars:
        return None, None
    known = np.zeros((len(TRACKS), len(bars) * SIXTEENTHS_PER_BAR), bool)
    known[:, : known_bars * SIXTEENTHS_PER_BAR] = True
    return bars.reshape(-1, len(TRACKS), KEYS), known


def _seed(seed: int, number: int) -> int:
    """A seed of its own for every section, the piece's for the first."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0]) if number else seed
