"""The piano roll of one shot, as a strip for an editor's timeline. Knows no films.

Drawn with Pillow: there is one a shot, and it must take no time.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from diffbgm.files import replacing
from diffbgm.music.score import Score
from diffbgm.music.tempo_map import BEATS_PER_BAR, TempoMap
from diffbgm.writers.pictures.notes import (
    BLACK_KEYS,
    GROUND,
    Colour,
    Sounding,
    TimedNotes,
    has_drums,
    pitch_range,
    shade,
    track_colours,
)

ROLL_SIZE = (640, 180)

_BLACK_KEY_ROW: Colour = (20, 22, 27)
_BEAT_LINE: Colour = (44, 48, 58)
_BAR_LINE: Colour = (82, 88, 104)
_KEY_LINE: Colour = (36, 39, 48)  # below every C
_SMOOTH = 2  # drawn so many times larger, then reduced
_DRUM_SHARE = 0.16  # of the height, at the bottom, where there are drums


class PianoRolls:
    """Piano rolls of ROLL_SIZE of the shots of one score.

    Colours and pitches are those of the whole score, so that the pictures go together.
    """

    def __init__(self, score: Score, tempo_map: TempoMap, first_downbeat: int = 0) -> None:
        self._notes = TimedNotes(score, tempo_map)
        self._look = _Look.of(score)
        self._tempo_map, self._first_downbeat = tempo_map, first_downbeat

    def draw(self, span: tuple[float, float], path: Path) -> None:
        """Draw the notes that sound within `span` (seconds). StorageError where `path` cannot be
        written."""
        canvas = _Canvas(self._look, span)
        canvas.draw_keys()
        canvas.draw_beats(self._tempo_map, self._first_downbeat)
        for each in self._notes.within(span):
            canvas.draw_note(each)
        with replacing(path) as unfinished:
            canvas.image.reduce(_SMOOTH).save(unfinished, format="PNG", compress_level=4)


def draw_piano_roll(
    score: Score,
    tempo_map: TempoMap,
    span: tuple[float, float],
    path: Path,
    first_downbeat: int = 0,
) -> None:
    """Draw one of the `PianoRolls`."""
    PianoRolls(score, tempo_map, first_downbeat).draw(span, path)


@dataclass(frozen=True)
class _Look:
    """What all pictures of one score share."""

    colours: dict[str, Colour]
    pitches: tuple[int, int]
    has_drums: bool

    @classmethod
    def of(cls, score: Score) -> "_Look":
        return cls(track_colours(score), pitch_range(score), has_drums(score))


class _Canvas:
    """The enlarged picture, and where seconds and pitches lie on it."""

    def __init__(self, look: _Look, span: tuple[float, float]) -> None:
        self.width, self.height = (side * _SMOOTH for side in ROLL_SIZE)
        self.span = span
        self.colours = look.colours
        self.low, self.high = look.pitches
        self.roll_height = self.height * (1 - _DRUM_SHARE * look.has_drums)
        self.row = self.roll_height / (self.high - self.low + 1)
        self.image = Image.new("RGB", (self.width, self.height), GROUND)
        self.pen = ImageDraw.Draw(self.image)

    def x(self, seconds: float) -> float:
        start, end = self.span
        return (seconds - start) / (end - start) * self.width

    def y(self, pitch: int) -> float:
        """The upper edge of a pitch's row."""
        return (self.high - pitch) * self.row

    def draw_keys(self) -> None:
        for pitch in range(self.low, self.high + 1):
            top, bottom = self.y(pitch), self.y(pitch - 1)
            if pitch % 12 in BLACK_KEYS:
                self.pen.rectangle((0, top, self.width, bottom), fill=_BLACK_KEY_ROW)
            if pitch % 12 == 0:
                self.pen.line((0, bottom, self.width, bottom), fill=_KEY_LINE, width=_SMOOTH)

    def draw_beats(self, tempo_map: TempoMap, first_downbeat: int) -> None:
        first, last = (int(np.floor(tempo_map.beat(time))) for time in self.span)
        beats = range(first, last + 2)
        for colour, is_bar in ((_BEAT_LINE, False), (_BAR_LINE, True)):
            for beat in beats:
                if ((beat - first_downbeat) % BEATS_PER_BAR == 0) == is_bar:
                    x = self.x(tempo_map.seconds(beat))
                    self.pen.line((x, 0, x, self.height), fill=colour, width=_SMOOTH)

    def draw_note(self, each: Sounding) -> None:
        draw = self._draw_hit if each.track.is_drum else self._draw_bar
        draw(each, shade(self.colours[each.track.name], each.note.velocity))

    def _draw_bar(self, each: Sounding, colour: Colour) -> None:
        left = self.x(each.start)
        # A gap of a pixel shows where a repeated note begins again.
        right = max(self.x(each.end) - _SMOOTH, left + 2 * _SMOOTH)
        top = self.y(each.note.pitch)
        bottom = top + self.row - 1
        radius = min(3 * _SMOOTH, (bottom - top) / 2, (right - left) / 2)
        self.pen.rounded_rectangle((left, top, right, bottom), radius, fill=colour)

    def _draw_hit(self, each: Sounding, colour: Colour) -> None:
        x, middle = self.x(each.start), (self.roll_height + self.height) / 2
        half = (self.height - self.roll_height) / 2 * (0.25 + 0.6 * each.note.velocity / 127)
        self.pen.rectangle((x, middle - half, x + 1.5 * _SMOOTH, middle + half), fill=colour)
