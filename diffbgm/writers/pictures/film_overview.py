"""The overview: shots, energy, mood, cuts, beats, chords, notes and sound on one time axis."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from diffbgm.dialogue import Dialogue
from diffbgm.files import replacing
from diffbgm.music.score import Score
from diffbgm.spotting.cue_sheet import CueSheet, Hit
from diffbgm.writers.pictures.legends import LEGEND_ROW, LETTER, draw_legends, track_rows
from diffbgm.writers.pictures.notes import (
    BLACK_KEYS,
    Sounding,
    has_drums,
    pitch_range,
    shade,
    sounding,
    track_colours,
)
from diffbgm.writers.pictures.palette import (
    ENERGY_COLOUR,
    FAINT,
    GROUND_CSS,
    HIT_COLOURS,
    INK,
    LINE,
    MOOD_COLOURS,
    PAPER,
    SPEECH_COLOUR,
)
from diffbgm.writers.pictures.plot import LINE_HEIGHT, Fill, Picture, Plot, colour, enlarged
from diffbgm.writers.pictures.waveform import Sound, columns

if TYPE_CHECKING:
    from pathlib import Path

    from diffbgm.video.analysis import VideoAnalysis

WIDTH, HEIGHT = 1600, 1000  # pixels

# Rows from top to bottom, with their heights' shares.
_ROWS = {
    "shots": 1.35,
    "energy": 0.75,
    "mood": 0.95,
    "beats": 0.5,
    "chords": 0.27,
    "notes": 4.0,
    "sound": 1.15,
}
_LEFT, _RIGHT, _TOP, _BOTTOM, _BETWEEN = 106, 1576, 24, 955, 9  # pixels
_COLUMNS = _RIGHT - _LEFT
_MOST_BAR_NUMBERS = 40
_MOST_BEAT_LINES = 400
_MOST_STRONG_CUTS = 60
_MOST_SECONDS = 8  # numbers below the last row
_DIGIT = 9  # pixels of a number in the picture, and of the room around it
_SMALL, _NAME = 11, 14  # sizes of letters
_DRUM_LANE = 0.08  # of the height of the notes, at the bottom, where there are drums


def overview(path: Path, analysis: VideoAnalysis, cues: CueSheet, score: Score, mix: Sound) -> None:
    """Write the overview, WIDTH by HEIGHT pixels, to `path` (.png).

    `mix` is (n, 2), as long as the film. StorageError where `path` cannot be written.
    """
    seconds = analysis.timeline.seconds
    picture = Picture(WIDTH, HEIGHT, PAPER)
    plots = _plots(picture, seconds, len(track_rows(score)))
    _draw_shots(plots["shots"], analysis)
    _draw_energy(plots["energy"], analysis)
    _draw_mood(plots["mood"], analysis)
    _draw_beats(plots["beats"], cues)
    _draw_chords(plots["chords"], cues)
    _draw_notes(plots["notes"], cues, score)
    _draw_sound(plots["sound"], mix)
    _draw_speech(plots["sound"], cues.dialogue)
    _draw_cuts(plots, (*cues.hits, *cues.asked_hits))
    _draw_frames(plots)
    _draw_seconds(plots["sound"])
    draw_legends(picture, plots, score, bool(cues.dialogue.spans))
    with replacing(path) as unfinished:
        picture.finished().save(unfinished, format="PNG", compress_level=4)


def _plots(picture: Picture, seconds: float, legend_rows: int) -> dict[str, Plot]:
    """One plot a row, all with the film's time axis, and `legend_rows` of names above the first."""
    top = float(_TOP + LEGEND_ROW * legend_rows)
    room = _BOTTOM - top - _BETWEEN * (len(_ROWS) - 1)
    plots = {}
    for name, share in _ROWS.items():
        bottom = top + room * share / sum(_ROWS.values())
        plots[name] = Plot(picture, _LEFT, round(top), _RIGHT, round(bottom), seconds)
        picture.box(_LEFT, round(top), _RIGHT, round(bottom), colour(GROUND_CSS))
        top = bottom + _BETWEEN
    return plots


def _draw_frames(plots: dict[str, Plot]) -> None:
    """The edges of the rows, and their names; that of the beats has its tempo with it."""
    for name, plot in plots.items():
        picture = plot.picture
        picture.frame(plot.left, plot.top, plot.right, plot.bottom, colour(LINE))
        middle = (plot.top + plot.bottom) / 2
        if name != "beats":
            picture.text(plot.left - 41, middle, name, _NAME, colour(FAINT), "rm")


def _draw_seconds(plot: Plot) -> None:
    """The numbers of the time axis below the last row."""
    step = _round_step(plot.seconds / _MOST_SECONDS)
    for number in range(int(plot.seconds / step) + 1):
        x = plot.x(number * step)
        plot.picture.upright(x, plot.bottom, plot.bottom + 4, colour(FAINT))
        place = plot.bottom + 6
        plot.picture.text(x, place, f"{number * step:g}", _SMALL, colour(FAINT), "ma")
    middle = (plot.left + plot.right) / 2
    plot.picture.text(middle, plot.bottom + 20, "seconds", _SMALL, colour(FAINT), "ma")


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, 20, … (and 0.5, 0.2, …) that is not below `least`."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * each for each in (1, 2, 5, 10) if power * each >= least))


def _draw_value(plot: Plot, value: float) -> None:
    """A number of the vertical axis."""
    y = plot.y(value)
    plot.picture.box(plot.left - 4, y - 0.5, plot.left, y + 0.5, colour(FAINT))
    plot.picture.text(plot.left - 8, y, f"{value:g}", _SMALL, colour(FAINT), "rm")


def _draw_shots(plot: Plot, analysis: VideoAnalysis) -> None:
    timeline, picture = analysis.timeline, plot.picture
    _draw_film_strip(plot, analysis)
    taken = 0.0  # pixels, up to where numbers stand
    for shot in timeline.shots:
        number = str(shot.index)
        left = plot.x(timeline.time(shot.start_frame))
        right = left + _DIGIT * (len(number) + 1)
        if left < taken or right > plot.right:
            continue
        taken = right
        picture.box(left + 2, plot.top + 2, right - 2, plot.top + 18, colour(PAPER, 0.65))
        picture.text(left + 5, plot.top + 10, number, 12, colour("#ffffff"), "lm")


def _draw_film_strip(plot: Plot, analysis: VideoAnalysis) -> None:
    """Every shot's thumbnail in the middle of its time, cropped to fit."""
    from PIL import Image

    timeline = analysis.timeline
    height = enlarged(plot.bottom - plot.top)
    for shot, pixels in zip(timeline.shots, analysis.thumbnails, strict=True):
        left, right = (plot.x(timeline.time(frame)) for frame in (shot.start_frame, shot.end_frame))
        dark = (pixels.mean(axis=(0, 1)) * 0.35).astype(int).tolist()
        plot.picture.box(left, plot.top, right, plot.bottom, (dark[0], dark[1], dark[2]))
        full = Image.fromarray(pixels).resize(
            (max(1, round(height * pixels.shape[1] / pixels.shape[0])), height)
        )
        shown = min(full.width, enlarged(right - left))
        begin = (full.width - shown) // 2
        middle = (left + right) / 2 - (right - left) * shown / enlarged(right - left) / 2
        plot.picture.paste(full.crop((begin, 0, begin + shown, height)), middle, plot.top)


def _draw_energy(plot: Plot, analysis: VideoAnalysis) -> None:
    """How much moves: the most of each column of frames, as steps."""
    motion = analysis.motion
    per_column = -(-len(motion) // _COLUMNS)
    starts = np.arange(0, len(motion), per_column)
    values = np.maximum.reduceat(motion, starts).tolist()
    times = (np.append(starts, len(motion)) / float(analysis.timeline.frame_rate)).tolist()
    top = max(0.05, 1.12 * max(values, default=0.0))
    plot = replace(plot, high=top)
    corners = []
    for start, end, value in zip(times, times[1:], values, strict=False):
        plot.span(start, end, 0.0, value, colour(ENERGY_COLOUR, 0.35))
        corners += [(plot.x(start), plot.y(value)), (plot.x(end), plot.y(value))]
    plot.picture.line(corners, colour(ENERGY_COLOUR), 1)
    _draw_value(plot, 0.0)
    _draw_value(plot, _round_step(top / 1.12 / 2.01))


def _draw_mood(plot: Plot, analysis: VideoAnalysis) -> None:
    plot = replace(plot, low=-1.05, high=1.05)
    times = np.minimum(np.arange(len(analysis.mood)) + 0.5, plot.seconds).tolist()
    plot.span(0.0, plot.seconds, 0.0, 0.0, colour(LINE))
    for column, drawn in enumerate(MOOD_COLOURS.values()):
        values = analysis.mood[:, column].tolist()
        points = [(plot.x(at), plot.y(value)) for at, value in zip(times, values, strict=True)]
        plot.picture.line(points, colour(drawn), 2)
    for value in (-1.0, 0.0, 1.0):
        _draw_value(plot, value)


def _draw_beats(plot: Plot, cues: CueSheet) -> None:
    tempo, picture = cues.tempo_map, plot.picture
    beats, bars = tempo.beat_seconds.tolist(), tempo.downbeats(cues.first_downbeat)
    name = f"beats\n{60 * tempo.beats / tempo.duration:.0f} bpm"
    middle = (plot.top + plot.bottom) / 2 - LINE_HEIGHT - 2
    picture.text(plot.left - 12, middle, name, _NAME, colour(FAINT), "ra")
    if len(beats) <= _MOST_BEAT_LINES:
        for beat in beats:
            plot.mark(beat, 0.0, 0.28, colour(FAINT))
    for beat in bars:
        plot.mark(beats[beat], 0.0, 0.5, colour(INK), 1.5)
    # Every bar has its number, or every second, fourth, eighth, … where they are many.
    step = 1
    while len(bars) / step > _MOST_BAR_NUMBERS:
        step *= 2
    for number, beat in list(enumerate(bars, start=1))[::step]:
        x = plot.x(beats[beat])
        if plot.right - x > _DIGIT * (len(str(number)) + 1):
            picture.text(x + 4, plot.top + 3, str(number), _SMALL, colour(INK), "la")


def _draw_chords(plot: Plot, cues: CueSheet) -> None:
    """The plan's chords where they begin, as many as have room to be read."""
    free, middle = plot.left, (plot.top + plot.bottom) / 2
    for seconds, name in cues.chord_changes():
        place = plot.x(seconds)
        if place < free:
            continue
        free = place + LETTER * (len(name) + 1)
        if free - LETTER < plot.right:
            plot.picture.text(place + 4, middle, name, _SMALL, colour(INK), "lm")


def _draw_notes(plot: Plot, cues: CueSheet, score: Score) -> None:
    low, high = pitch_range(score)
    lane = _DRUM_LANE / (1 - _DRUM_LANE) * has_drums(score)
    floor = low - 0.5 - (high - low + 1) * lane
    plot = replace(plot, low=floor, high=high + 0.5)
    for pitch in range(low, high + 1):
        if pitch % 12 in BLACK_KEYS:
            plot.span(0, plot.seconds, pitch - 0.5, pitch + 0.5, colour(PAPER, 0.55))
        if pitch % 12 == 0:
            y = plot.y(pitch)
            name = f"C{pitch // 12 - 1}"
            plot.picture.text(plot.left - 8, y, name, _SMALL, colour(FAINT), "rm")
    bars = cues.tempo_map.beat_seconds[cues.tempo_map.downbeats(cues.first_downbeat)]
    for seconds in bars.tolist():
        plot.mark(seconds, floor, high + 0.5, colour(LINE))
    colours = track_colours(score)
    for each in sounding(score, cues.tempo_map, (0, plot.seconds)):
        draw = _draw_hit if each.track.is_drum else _draw_note
        draw(plot, each, shade(colours[each.track.name], each.note.velocity))


def _draw_note(plot: Plot, each: Sounding, fill: Fill) -> None:
    """A gap of a pixel shows where a repeated note begins again."""
    left, right = plot.x(each.start), plot.x(min(each.end, plot.seconds))
    top, bottom = plot.y(each.note.pitch + 0.42), plot.y(each.note.pitch - 0.42)
    plot.picture.box(left, top, max(right - 1, left + 1), bottom, fill)


def _draw_hit(plot: Plot, each: Sounding, fill: Fill) -> None:
    """A stroke in the lane of the drums, as long as it is loud."""
    middle = plot.low + _DRUM_LANE / 2 * (plot.high - plot.low)
    half = _DRUM_LANE * (plot.high - plot.low) * (0.1 + 0.3 * each.note.velocity / 127)
    plot.mark(each.start, middle - half, middle + half, fill)


def _draw_sound(plot: Plot, mix: Sound) -> None:
    plot = replace(plot, low=-1.0)
    per_column = max(1, len(mix) // _COLUMNS)
    lowest, highest = (each.tolist() for each in columns(mix, per_column))
    wide = per_column * plot.seconds / max(1, len(mix))
    for number, (low, high) in enumerate(zip(lowest, highest, strict=True)):
        start = number * wide
        end = min(start + wide, plot.seconds)
        plot.span(start, end, max(low, -1.0), min(high, 1.0), colour(ENERGY_COLOUR))


def _draw_speech(plot: Plot, dialogue: Dialogue) -> None:
    """The spans in which the music makes room."""
    for start, end in dialogue.spans:
        plot.span(start, end, 0.0, 1.0, colour(SPEECH_COLOUR, 0.22))
        plot.span(start, end, 0.95, 0.99, colour(SPEECH_COLOUR))


def _draw_cuts(plots: dict[str, Plot], hits: tuple[Hit, ...]) -> None:
    """A line through all rows at every cut and every hit asked for, in the colour of how the music
    meets it; fainter where there are so many that they would hide the rest. The triangles among
    the beats are not."""
    opacity = min(0.8, _MOST_STRONG_CUTS / max(1, len(hits)))
    for plot in plots.values():
        for hit in hits:
            plot.mark(hit.cut, 0.0, 1.0, colour(HIT_COLOURS[hit.kind], opacity))
    beats = plots["beats"]
    for hit in hits:
        x, y = beats.x(hit.cut), beats.y(0.12)
        beats.picture.triangle(x, y, 9, colour(HIT_COLOURS[hit.kind]))
