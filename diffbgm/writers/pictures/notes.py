"""What both pictures know of notes: their colours, pitches and times. Draws nothing."""

from collections.abc import Iterator
from itertools import cycle
from typing import NamedTuple

import numpy as np

from diffbgm.music.score import Note, Score, Track
from diffbgm.music.tempo_map import TempoMap

Colour = tuple[int, int, int]

# Distinct on a dark ground, for colour-blind eyes too; a score with more tracks begins again.
PALETTE: tuple[Colour, ...] = (
    (255, 183, 77),
    (79, 195, 247),
    (174, 213, 129),
    (240, 98, 146),
    (149, 117, 205),
    (77, 208, 190),
    (255, 241, 118),
    (229, 115, 115),
)
DRUM_COLOUR: Colour = (176, 190, 197)
GROUND: Colour = (24, 26, 32)
BLACK_KEYS = frozenset((1, 3, 6, 8, 10))  # pitch classes

_FEWEST_PITCHES = 24  # a lone note does not fill the picture


class Sounding(NamedTuple):
    """A note of a track, from `start` to `end` seconds."""

    track: Track
    note: Note
    start: float
    end: float


class TimedNotes:
    """The notes of a score, with their times; knows quickly which of them sound when."""

    def __init__(self, score: Score, tempo_map: TempoMap) -> None:
        self._tracks = [
            (track, tempo_map.seconds([(n.start_beats, n.end_beats) for n in track.notes]))
            for track in score.tracks
            if track.notes
        ]

    def within(self, span: tuple[float, float]) -> list[Sounding]:
        """Notes that sound within `span` (seconds), the longest first: short ones lie on top."""
        notes = [each for track, times in self._tracks for each in _within(track, times, span)]
        return sorted(notes, key=lambda each: each.start - each.end)


def sounding(score: Score, tempo_map: TempoMap, span: tuple[float, float]) -> list[Sounding]:
    """Notes that sound within `span` (seconds), the longest first: short ones lie on top."""
    return TimedNotes(score, tempo_map).within(span)


def track_colours(score: Score) -> dict[str, Colour]:
    """A colour for every track by its name, drums always grey."""
    melodic = [track for track in score.tracks if not track.is_drum]
    colours = {track.name: colour for track, colour in zip(melodic, cycle(PALETTE), strict=False)}
    return colours | {track.name: DRUM_COLOUR for track in score.tracks if track.is_drum}


def shade(colour: Colour, velocity: int) -> Colour:
    """`colour`, darker for a softer note."""
    share = 0.45 + 0.55 * min(velocity, 127) / 127
    red, green, blue = (
        round(ground + share * (full - ground)) for full, ground in zip(colour, GROUND, strict=True)
    )
    return red, green, blue


def pitch_range(score: Score) -> tuple[int, int]:
    """Lowest and highest pitch that a roll of `score` shows, with a margin; drums do not count."""
    tracks = [track for track in score.tracks if not track.is_drum]
    pitches = [note.pitch for track in tracks for note in track.notes] or [60]
    low, high = min(pitches) - 2, max(pitches) + 2
    missing = max(0, _FEWEST_PITCHES - (high - low + 1))
    return low - missing // 2, high + (missing + 1) // 2


def has_drums(score: Score) -> bool:
    return any(track.is_drum and track.notes for track in score.tracks)


def _within(track: Track, times: np.ndarray, span: tuple[float, float]) -> Iterator[Sounding]:
    """Of a track's notes, which begin and end at `times` (notes, 2)."""
    for index in np.flatnonzero((times[:, 0] < span[1]) & (times[:, 1] > span[0])):
        yield Sounding(track, track.notes[index], *times[index].tolist())
