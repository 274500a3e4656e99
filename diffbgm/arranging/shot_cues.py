"""What the arranger goes by in one shot, read from the cue sheet once. Knows no notes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import ceil

import numpy as np

from diffbgm.lead_sheet import PlannedChord
from diffbgm.music.conditions import DYNAMIC, SEMANTIC
from diffbgm.music.tempo_map import BEATS_PER_BAR
from diffbgm.spotting.cue_sheet import CueSheet

SIXTEENTH = 0.25
SPOKEN_SHARE = 0.25  # of a beat: with less speech the music goes on over it


@dataclass(frozen=True)
class ShotCues:
    """The cues of one shot, whose own beats are `beats`, from the first to before the last.

    The shot sounds from `start` to `end`: where a cut falls between beats, the old shot's notes
    ring until the first sixteenth of the new picture, and none of them is struck in it, that is
    from `onsets_end` on.

    `density` and `accent` hold one value a beat; `energy` (the mean density), `valence` and
    `tension` are means over the shot, `cut_strength` is what its first beat marks; all 0..1.
    `exact_beats` are those that players keep to: where the music meets a cut, the start, the last
    chord. `bpm` is the tempo at the start. `spoken` are the beats over which somebody speaks.
    `planned` holds, by beat, the chord of the piece's plan, if there is one.
    `pickup_to` is the piece's first hit where this shot ends with it, else None. The last two are
    facts of the piece: `final_beat`, on which its last chord is struck, and its `last_end`, the
    beat at which the picture ends.
    """

    beats: tuple[int, int]
    start: float
    onsets_end: float
    end: float
    first_downbeat: int
    bpm: float
    spoken: frozenset[int]
    density: tuple[float, ...]
    accent: tuple[float, ...]
    energy: float
    valence: float
    tension: float
    cut_strength: float
    exact_beats: frozenset[float]
    pickup_to: float | None
    final_beat: int
    last_end: int
    planned: Mapping[int, PlannedChord] = field(default_factory=dict)

    @classmethod
    def of_shot(cls, cues: CueSheet, shot: int) -> "ShotCues | None":
        """The cues of that shot; None if it is too short to have a beat of its own."""
        beats = np.flatnonzero(cues.shot_of_beat == shot)
        if not len(beats):
            return None
        first, last = int(beats[0]), int(beats[-1]) + 1
        start = max(first, _picture_start(cues, first))
        end = max(last, _picture_start(cues, last))
        close = final_beat(cues.tempo_map.beats, cues.first_downbeat)
        met = [hit.beat for hit in cues.hits if hit.kind != "none"]
        onsets_end = min(last, _picture_start(cues, last))
        dynamic = {name: cues.dynamic[beats, i].tolist() for i, name in enumerate(DYNAMIC)}
        mood = dict(zip(SEMANTIC, cues.semantic[beats].mean(axis=0).tolist(), strict=True))
        return cls(
            beats=(first, last),
            start=start,
            onsets_end=onsets_end,
            end=end,
            first_downbeat=cues.first_downbeat,
            bpm=cues.tempo_map.bpm(first),
            spoken=_spoken(cues, range(first, min(ceil(end), cues.tempo_map.beats))),
            density=tuple(dynamic["density"]),
            accent=tuple(dynamic["accent"]),
            energy=float(np.mean(dynamic["density"])),
            valence=mood["valence"],
            tension=mood["tension"],
            cut_strength=dynamic["boundary"][0],
            exact_beats=frozenset({*met, start, close}),
            pickup_to=onsets_end if met and min(met) == onsets_end <= close else None,
            final_beat=close,
            last_end=cues.tempo_map.beats,
            planned={
                beat: chord
                for beat in range(first, ceil(end))
                if (chord := cues.planned_chord(beat)) is not None
            },
        )

    @property
    def body_end(self) -> float:
        """Where the piece's close begins in this shot; the shot's end if it does not."""
        return min(max(self.final_beat, self.start), self.end)

    def is_spoken(self, beat: float) -> bool:
        """Whether somebody speaks over the beat that `beat` lies in."""
        return int(beat) in self.spoken

    def at(self, values: tuple[float, ...], beat: float) -> float:
        """The value of `density` or `accent` at a beat of the shot."""
        return values[min(max(int(beat) - self.beats[0], 0), len(values) - 1)]

    def beat_in_bar(self, beat: float) -> float:
        """0 on a downbeat."""
        return (beat - self.first_downbeat) % BEATS_PER_BAR


def _spoken(cues: CueSheet, beats: range) -> frozenset[int]:
    """Those of the beats of which a good part is spoken in."""
    times = cues.tempo_map.beat_seconds
    return frozenset(
        beat
        for beat in beats
        if cues.dialogue.overlap(times[beat], times[beat + 1])
        > SPOKEN_SHARE * (times[beat + 1] - times[beat])
    )


def _picture_start(cues: CueSheet, beat: int) -> float:
    """The first sixteenth of the picture of the shot that owns `beat`, its first."""
    if beat == 0 or beat >= cues.tempo_map.beats or not cues.hits:
        return beat
    hit = cues.hits[cues.shot_of_beat[beat] - 1]  # one a cut
    if hit.kind != "none":
        return hit.beat
    return float(np.ceil(cues.tempo_map.beat(hit.cut) / SIXTEENTH)) * SIXTEENTH


def final_beat(beats: int, first_downbeat: int) -> int:
    """The beat of the last chord: the last downbeat before the end.

    A piece that has no downbeat but the one it starts with gets its chord in the middle, so that
    something leads to it.
    """
    last = (beats - 1 - first_downbeat) // BEATS_PER_BAR * BEATS_PER_BAR + first_downbeat
    return last if last > 0 else beats // 2
