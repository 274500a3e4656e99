"""A plan of harmony for a whole film: chords as songs have them, led by phrases and mood.

A chain over half bars, counted on POP909's hand-made chords (`chord_statistics.json`, made by
`data.chord_statistics`): what follows a chord inside a bar, over a bar line and where a phrase
begins, and how a phrase ends. Among what songs do, the mood of each half bar chooses. Chords
that are given stay, and all others are drawn given them. Knows no notes and no network.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np

from diffbgm.lead_sheet import PlannedChord, parse_chord
from diffbgm.music.chord_plan import ChordPlan

# So many chords of the mean distribution are added to what was counted after a chord.
SMOOTHING = 2.0
# How much a mood decides. Neighbours share their mood, so that 1 would count it several times; at
# this weight chords depend on it as much as those of songs do.
MOOD_WEIGHT = 0.7
# Half bars at the end of a phrase that comes again: there it may close another way.
FREE_CADENCE = 2
TONICS = ("C", "Am")
_MOOD_COLUMNS = {"valence": 0, "tension": 2}
_MOOD_BINS = 4


@dataclass(frozen=True)
class HarmonyBrief:
    """What is known before there is a plan, by half bar (H in all).

    `mood` (H, 3): valence, arousal, tension, 0..1. `starts`: half bars at which phrases begin,
    rising from 0; `letters`: one a phrase, the same where one returns. `turns`: half bars at which
    the root must change. `given`: what stays, by half bar, None being no chord. `key_signature`
    0..11. `ends`: whether the last half bar is the end of the piece.
    """

    mood: np.ndarray
    starts: Sequence[int]
    letters: Sequence[int]
    turns: Sequence[int] = ()
    given: Mapping[int, PlannedChord | None] = field(default_factory=dict)
    key_signature: int = 0
    ends: bool = True

    @property
    def spans(self) -> list[range]:
        """The half bars of each phrase."""
        ends = [*self.starts[1:], len(self.mood)]
        return [range(start, end) for start, end in zip(self.starts, ends, strict=True)]


def plan_harmony(brief: HarmonyBrief, rng: np.random.Generator) -> ChordPlan:
    """A plan for every half bar: first all is drawn, then again around what returns of it."""
    if not len(brief.mood):
        return ChordPlan(())
    fixed = {
        half: _nearest_state(chord.transposed(-brief.key_signature))
        for half, chord in brief.given.items()
        if chord is not None
    }
    likely, links = _evidence(brief), _links(brief)
    first = _draw(_pinned(likely, fixed), links, rng)
    path = _draw(_pinned(likely, _returning(brief, first) | fixed), links, rng)
    chords = [_chord(_states()[state]).transposed(brief.key_signature) for state in path]
    return ChordPlan(tuple(brief.given.get(half, chord) for half, chord in enumerate(chords)))


def _nearest_state(chord: PlannedChord) -> int:
    """The state most like a chord in C major: as many tones in common, the root counting most."""

    def difference(name: str) -> int:
        other = _chord(name)
        members = [{(one.root + tone) % 12 for tone in one.intervals} for one in (chord, other)]
        return len(members[0] ^ members[1]) + 2 * (chord.root != other.root)

    return min(range(len(_states())), key=lambda state: difference(_states()[state]))


def _returning(brief: HarmonyBrief, path: np.ndarray) -> dict[int, int]:
    """The states of phrases that come again, as they first come, but for their last half bars."""
    fixed: dict[int, int] = {}
    known: dict[int, range] = {}
    for letter, span in zip(brief.letters, brief.spans, strict=True):
        first = known.setdefault(letter, span)
        if first is span:
            continue
        shared = max(0, min(len(first), len(span)) - FREE_CADENCE)
        for theirs, own in zip(first[:shared], span[:shared], strict=True):
            fixed |= {theirs: int(path[theirs]), own: int(path[theirs])}
    return fixed


def _evidence(brief: HarmonyBrief) -> np.ndarray:
    """How likely each state is by itself, (H, S): where phrases and the film end."""
    table, marginal = _statistics(), _shares(_statistics()["chords"])
    likely = np.ones((len(brief.mood), len(marginal)))
    for span in brief.spans:
        likely[span.stop - 1] = _shares(table["phrase_end"]) / marginal
    if brief.ends:
        likely[-1] = _shares(table["song_end"]) * np.isin(_states(), TONICS) + 1e-9
        likely[-1] *= _mood_ratio(brief.mood[-1:])[0]
    return likely


def _links(brief: HarmonyBrief) -> np.ndarray:
    """How likely each state (column) follows each (row): (H - 1, S, S), rows adding up to 1."""
    first_in_phrase = set(brief.starts)
    kinds = [
        "to_next_phrase" if half in first_in_phrase else "in_bar" if half % 2 else "over_bar_line"
        for half in range(1, len(brief.mood))
    ]
    empty = np.zeros((0, len(_states()), len(_states())))
    links = np.concatenate([empty, *(_follows(kind)[None] for kind in kinds)])
    links = links * _mood_ratio(brief.mood[1:])[:, None, :]
    for half in brief.turns:
        if half:
            links[half - 1][_same_root()] *= 1e-6
    return links / links.sum(axis=2, keepdims=True)


def _mood_ratio(mood: np.ndarray) -> np.ndarray:
    """How much more often each chord is played in a mood than in all: (H, S)."""
    bins = np.minimum((mood * _MOOD_BINS).astype(int), _MOOD_BINS - 1)
    ratio = np.ones((len(mood), len(_states())))
    for name, column in _MOOD_COLUMNS.items():
        ratio *= _ratios(name)[bins[:, column]]
    return ratio**MOOD_WEIGHT


def _pinned(likely: np.ndarray, fixed: Mapping[int, int]) -> np.ndarray:
    """The evidence with nothing but the fixed state possible where there is one."""
    likely = likely.copy()
    for half, state in fixed.items():
        likely[half] = np.arange(likely.shape[1]) == state
    return likely


def _draw(likely: np.ndarray, links: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One path (H,) drawn from the chain, exactly: messages back from the end, then forward."""
    ahead = np.ones_like(likely)
    for half in range(len(links) - 1, -1, -1):
        message = links[half] @ (likely[half + 1] * ahead[half + 1])
        ahead[half] = message / message.sum()
    path = np.zeros(len(likely), int)
    before = _shares(_statistics()["chords"])
    for half in range(len(likely)):
        weight = before * likely[half] * ahead[half]
        path[half] = rng.choice(len(weight), p=weight / weight.sum())
        before = links[half][path[half]] if half < len(links) else before
    return path


def _chord(name: str) -> PlannedChord:
    chord = parse_chord(name)
    assert chord is not None
    return chord


@cache
def _statistics() -> dict[str, dict]:
    return json.loads(files("diffbgm.spotting").joinpath("chord_statistics.json").read_text())


@cache
def _states() -> list[str]:
    """The chords that songs play, as in C major."""
    return list(_statistics()["chords"])


def _shares(counts: Mapping[str, int]) -> np.ndarray:
    """Shares (S,) of the states, each counted half once more."""
    found = np.array([counts.get(name, 0) for name in _states()]) + 0.5
    return found / found.sum()


@cache
def _follows(kind: str) -> np.ndarray:
    """How likely each state follows each, (S, S)."""
    table, names = _statistics()[kind], _states()
    counts = np.array([[table.get(one, {}).get(other, 0) for other in names] for one in names])
    smoothed = counts + SMOOTHING * _shares(_statistics()["chords"])
    return smoothed / smoothed.sum(axis=1, keepdims=True)


@cache
def _ratios(mood: str) -> np.ndarray:
    """Share of each chord in each part of a mood's range, over its share in all: (bins, S)."""
    table, names = _statistics()[mood], _states()
    counts = np.array(
        [[table[name].get(str(part), 0) for name in names] for part in range(_MOOD_BINS)]
    )
    counts = counts + 2 * _shares(_statistics()["chords"])
    return counts / counts.sum(axis=1, keepdims=True) / _shares(_statistics()["chords"])


@cache
def _same_root() -> np.ndarray:
    """Whether two states have the same root, (S, S)."""
    roots = np.array([_chord(name).root for name in _states()])
    return roots[:, None] == roots[None, :]
