"""Keys, chords and voicings of notes in beats. Knows no instruments and no picture."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

import numpy as np

from diffbgm.lead_sheet import PlannedChord
from diffbgm.music.conditions import MAJOR, MINOR, SCALE
from diffbgm.music.score import Note, Score
from diffbgm.music.tempo_map import BEATS_PER_BAR

HALF_BAR = BEATS_PER_BAR / 2
# Intervals above the root; the simpler comes first and wins a tie.
QUALITIES = (
    (0, 4, 7),
    (0, 3, 7),
    (0, 3, 6),
    (0, 5, 7),
    (0, 4, 7, 10),
    (0, 4, 7, 11),
    (0, 3, 7, 10),
)
# In shares of the sounding time: what a seventh or a suspension must explain before it counts,
# what a pitch class of the chord costs that is outside the key or does not sound at all, and what
# speaks for a root: that it sounds long, and that it is the lowest note.
ODDITY_COST = 0.06
OUTSIDE_KEY_COST = 0.08
MISSING_COST = 0.05
ROOT_BONUS = 0.3
BASS_BONUS = 0.15
# By how much more another chord must explain to be played instead of the one that is planned.
PLAN_MARGIN = 0.45


@dataclass(frozen=True)
class Key:
    """`tonic` is a pitch class, 0 for C."""

    tonic: int
    minor: bool

    @property
    def triad(self) -> tuple[int, int, int]:
        """Pitch classes of the tonic chord: root, third, fifth."""
        third = 3 if self.minor else 4
        return self.tonic, (self.tonic + third) % 12, (self.tonic + 7) % 12

    @property
    def scale(self) -> frozenset[int]:
        """Pitch classes of the (natural) scale."""
        major = (self.tonic + 3) % 12 if self.minor else self.tonic
        return frozenset((major + degree) % 12 for degree in range(12) if SCALE[degree])


@dataclass(frozen=True)
class Chord:
    """What sounds between two beats: the root, the intervals above it, and what lies below."""

    start_beats: float
    end_beats: float
    root: int
    intervals: tuple[int, ...]
    bass: int

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        return tuple((self.root + interval) % 12 for interval in self.intervals)


def estimate_key(score: Score) -> Key:
    """The key whose profile fits the sounding time of the pitch classes (Krumhansl 1990).

    A score without notes is in C major.
    """
    weights = _weights([note for track in score.tracks for note in track.notes])
    if weights.std() == 0:
        return Key(0, minor=False)
    fits = {
        Key(tonic, minor): np.corrcoef(weights, np.roll(profile, tonic))[0, 1]
        for minor, profile in ((False, MAJOR), (True, MINOR))
        for tonic in range(12)
    }
    return max(fits, key=lambda key: fits[key])


def half_bars(start: float, end: float, first_downbeat: int) -> list[tuple[float, float]]:
    """The half bars between two beats; the first and the last may be shorter."""
    inner = np.arange(first_downbeat - BEATS_PER_BAR, end, HALF_BAR)
    edges = [start, *(float(edge) for edge in inner if start < edge < end), end]
    return list(pairwise(edges))


def estimate_chords(
    notes: Sequence[Note],
    spans: Iterable[tuple[float, float]],
    key: Key,
    planned: Sequence[PlannedChord | None] = (),
) -> tuple[Chord, ...]:
    """The chord of each span; one in which nothing sounds keeps the chord before it.

    Spans before the first note take the first chord; without any note there are no chords. The
    chord that is `planned` for a span is taken unless the notes clearly play another.
    """
    spans = list(spans)
    plan = planned or [None] * len(spans)
    found = [
        _estimate(_sounding(notes, *span), span, key, chord)
        for span, chord in zip(spans, plan, strict=True)
    ]
    known = next((chord for chord in found if chord), None)
    chords = []
    for span, chord in zip(spans, found, strict=True):
        known = chord or known
        if known:
            chords.append(Chord(*span, known.root, known.intervals, known.bass))
    return tuple(chords)


def chord_at(chords: Sequence[Chord], beat: float) -> Chord:
    """The chord that sounds at `beat`, or the last before it."""
    return next((chord for chord in reversed(chords) if chord.start_beats <= beat), chords[0])


def voice_chord(
    pitch_classes: Sequence[int], limits: tuple[int, int], count: int, near: Sequence[float]
) -> tuple[int, ...]:
    """Up to `count` pitches, rising, that move as little as possible from the voices `near`.

    The first pitch classes are the most important ones; with more voices than pitch classes the
    first are doubled. Voices keep at least a minor third between them below middle C, and two
    voices never share a pitch.
    """
    voices: list[int] = []
    wanted = [pitch_classes[i % len(pitch_classes)] for i in range(count)]
    for pitch_class, target in zip(_assign(wanted, near), sorted(near), strict=True):
        choices = [
            pitch
            for pitch in range(limits[0], limits[1] + 1)
            if pitch % 12 == pitch_class and not any(_crowds(pitch, voice) for voice in voices)
        ]
        if choices:
            voices.append(min(choices, key=lambda pitch: abs(pitch - target)))
    return tuple(sorted(voices))


def _assign(pitch_classes: list[int], near: Sequence[float]) -> list[int]:
    """The pitch classes in the order that brings each next to its voice, by small steps."""
    from scipy.optimize import linear_sum_assignment

    cost = [[abs((pc - voice + 6) % 12 - 6) for pc in pitch_classes] for voice in sorted(near)]
    return [pitch_classes[column] for column in linear_sum_assignment(np.array(cost))[1]]


def _crowds(pitch: int, other: int) -> bool:
    return abs(pitch - other) < (3 if min(pitch, other) < 60 else 1)


def _sounding(notes: Sequence[Note], start: float, end: float) -> list[Note]:
    """The parts of notes that sound between two beats."""
    sounding = []
    for note in notes:
        begin, stop = max(note.start_beats, start), min(note.end_beats, end)
        if begin < stop:
            sounding.append(replace(note, start_beats=begin, duration_beats=stop - begin))
    return sounding


def _estimate(
    notes: list[Note], span: tuple[float, float], key: Key, planned: PlannedChord | None
) -> Chord | None:
    """The best of 12 roots with each quality: the sound explained, less what speaks against it;
    or what is planned, if that explains nearly as much."""
    if not notes:
        return None if planned is None else _as_planned(planned, span)
    weights = _weights(notes)
    weights /= weights.sum()
    lowest = min(note.pitch for note in notes) % 12
    outside_key = np.array([pitch_class not in key.scale for pitch_class in range(12)])
    inside = _templates()  # (qualities * 12, 12)
    roots = np.tile(np.arange(12), len(QUALITIES))
    fit = (
        inside @ (weights - OUTSIDE_KEY_COST * outside_key - MISSING_COST * (weights == 0))
        + ROOT_BONUS * weights[roots]
        + BASS_BONUS * (roots == lowest)
        - np.repeat([_oddity(intervals) for intervals in QUALITIES], 12)
    )
    if planned is not None and _fits_plan(planned, fit):
        return _as_planned(planned, span)
    quality, root = divmod(int(np.argmax(fit)), 12)
    intervals = QUALITIES[quality]
    in_chord = (lowest - root) % 12 in intervals
    return Chord(*span, root, intervals, lowest if in_chord else root)


def _fits_plan(planned: PlannedChord, fit: np.ndarray) -> bool:
    """Whether a quality on the root that is planned fits nearly as well as the best chord.

    A plan knows qualities that are not told apart here: the nearest of those counts.
    """
    nearest = min(range(len(QUALITIES)), key=lambda i: len({*QUALITIES[i]} ^ {*planned.intervals}))
    return bool(fit[12 * nearest + planned.root] >= fit.max() - PLAN_MARGIN)


def _as_planned(planned: PlannedChord, span: tuple[float, float]) -> Chord:
    return Chord(*span, planned.root, planned.intervals, planned.bass)


@cache
def _templates() -> np.ndarray:
    """Whether a pitch class (last axis) belongs to the chord, by quality and root."""
    rows = [
        np.roll(np.isin(np.arange(12), intervals), root)
        for intervals in QUALITIES
        for root in range(12)
    ]
    return np.array(rows, float)


def _oddity(intervals: tuple[int, ...]) -> float:
    return ODDITY_COST * (len(intervals) - 3 + (intervals[1] == 5))


def _weights(notes: Iterable[Note]) -> np.ndarray:
    """(12,) sounding beats of the pitch classes."""
    weights = np.zeros(12)
    for note in notes:
        weights[note.pitch % 12] += note.duration_beats
    return weights
