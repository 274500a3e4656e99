"""A score: tracks of notes in beats. Knows neither seconds nor samples."""

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Note:
    """`start_beats` and `duration_beats` in beats, `pitch` a MIDI number, `velocity` 1-127."""

    start_beats: float
    pitch: int
    duration_beats: float
    velocity: int

    @property
    def end_beats(self) -> float:
        return self.start_beats + self.duration_beats


@dataclass(frozen=True)
class Track:
    """One instrument's notes, sorted; `program` is General MIDI, 0-127."""

    name: str
    program: int
    notes: tuple[Note, ...]
    is_drum: bool = False


@dataclass(frozen=True)
class Score:
    """Tracks side by side."""

    tracks: tuple[Track, ...]

    def track(self, name: str) -> Track:
        """The track of that name; KeyError if there is none."""
        for track in self.tracks:
            if track.name == name:
                return track
        raise KeyError(name)
