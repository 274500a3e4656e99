"""The overview: shots, energy, mood, cuts, beats, chords, notes and sound on one time axis.

Drawn with matplotlib's Figure alone, never its global state: a server draws in a worker thread.
"""

from __future__ import annotations

from pathlib import Path
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
    css,
)
from diffbgm.writers.pictures.waveform import Sound, columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from diffbgm.video.analysis import VideoAnalysis

WIDTH, HEIGHT = 1600, 1000  # pixels

_DPI = 100
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
_COLUMNS = 1460  # of the plots, in pixels, about
_MOST_BAR_NUMBERS = 40
_MOST_BEAT_LINES = 400
_MOST_STRONG_CUTS = 60
_DIGIT = 9  # pixels of a number in the picture, and of the room around it


def overview(path: Path, analysis: VideoAnalysis, cues: CueSheet, score: Score, mix: Sound) -> None:
    """Write the overview, WIDTH by HEIGHT pixels, to `path` (.png).

    `mix` is (n, 2), as long as the film. StorageError where `path` cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure((WIDTH / _DPI, HEIGHT / _DPI), dpi=_DPI, facecolor=PAPER)
    FigureCanvasAgg(figure)
    rows = _rows(figure, analysis.timeline.seconds, len(track_rows(score)))
    _draw_shots(rows["shots"], analysis)
    _draw_energy(rows["energy"], analysis)
    _draw_mood(rows["mood"], analysis)
    _draw_beats(rows["beats"], cues)
    _draw_chords(rows["chords"], cues)
    _draw_notes(rows["notes"], cues, score, analysis.timeline.seconds)
    _draw_sound(rows["sound"], mix, analysis.timeline.seconds)
    _draw_speech(rows["sound"], cues.dialogue)
    _draw_cuts(rows, (*cues.hits, *cues.asked_hits))
    draw_legends(figure, rows, score, bool(cues.dialogue.spans))
    with replacing(path) as unfinished:
        figure.savefig(unfinished, format="png", pil_kwargs={"compress_level": 4})


def _rows(figure: Figure, seconds: float, legend_rows: int) -> dict[str, Axes]:
    """One plot a row, all with the film's time axis; its numbers stand below the last, and
    `legend_rows` of names above the first."""
    grid = figure.add_gridspec(
        len(_ROWS),
        1,
        height_ratios=list(_ROWS.values()),
        hspace=0.07,
        left=0.066,
        right=0.985,
        top=0.976 - LEGEND_ROW * legend_rows,
        bottom=0.045,
    )
    rows = {name: figure.add_subplot(grid[number]) for number, name in enumerate(_ROWS)}
    for name, axes in rows.items():
        axes.set_facecolor(GROUND_CSS)
        axes.set_xlim(0, seconds)
        axes.set_ylabel(name, color=FAINT, rotation=0, ha="right", va="center")
        axes.yaxis.set_label_coords(-0.028, 0.5)
        axes.tick_params(colors=FAINT, labelsize=8, length=2, labelbottom=name == "sound")
        for spine in axes.spines.values():
            spine.set_color(LINE)
        if name != "sound":
            axes.xaxis.set_visible(False)
    rows["sound"].set_xlabel("seconds", color=FAINT, fontsize=8, labelpad=1)
    return rows


def _draw_shots(axes: Axes, analysis: VideoAnalysis) -> None:
    timeline = analysis.timeline
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    box = axes.get_position()
    width = round(box.width * WIDTH)
    strip = _film_strip(analysis, width, round(box.height * HEIGHT))
    axes.imshow(strip, extent=(0, timeline.seconds, 0, 1), aspect="auto", interpolation="nearest")
    taken = 0.0  # pixels, up to where numbers stand
    for shot in timeline.shots:
        left = shot.start_frame / timeline.frames * width
        right = left + _DIGIT * (len(str(shot.index)) + 1)
        if left < taken or right > width:
            continue
        taken = right
        axes.annotate(
            str(shot.index),
            (timeline.time(shot.start_frame), 1),
            xytext=(4, -4),
            textcoords="offset points",
            va="top",
            fontsize=9,
            color="white",
            fontweight="bold",
            bbox={"facecolor": PAPER, "alpha": 0.65, "edgecolor": "none", "pad": 1.5},
        )


def _film_strip(analysis: VideoAnalysis, width: int, height: int) -> np.ndarray:
    """(height, width, 3): every shot's thumbnail in the middle of its time, cropped to fit."""
    from PIL import Image

    timeline = analysis.timeline
    strip = np.zeros((height, width, 3), np.uint8)
    for shot, pixels in zip(timeline.shots, analysis.thumbnails, strict=True):
        left, right = (
            round(frame / timeline.frames * width) for frame in (shot.start_frame, shot.end_frame)
        )
        strip[:, left:right] = pixels.mean(axis=(0, 1)) * 0.35
        full = Image.fromarray(pixels).resize(
            (round(height * pixels.shape[1] / pixels.shape[0]), height)
        )
        crop = max(0, full.width - (right - left)) // 2
        shown = np.asarray(full)[:, crop : crop + right - left]
        begin = left + (right - left - shown.shape[1]) // 2
        strip[:, begin : begin + shown.shape[1]] = shown
    return strip


def _draw_energy(axes: Axes, analysis: VideoAnalysis) -> None:
    motion = analysis.motion
    per_column = -(-len(motion) // _COLUMNS)
    starts = np.arange(0, len(motion), per_column)
    values = np.maximum.reduceat(motion, starts)
    times = starts / float(analysis.timeline.frame_rate)
    axes.fill_between(times, values, step="post", color=ENERGY_COLOUR, alpha=0.35, linewidth=0)
    axes.step(times, values, where="post", color=ENERGY_COLOUR, linewidth=1)
    axes.set_ylim(0, max(0.05, 1.12 * float(values.max(initial=0.0))))
    axes.locator_params(axis="y", nbins=2)


def _draw_mood(axes: Axes, analysis: VideoAnalysis) -> None:
    times = np.minimum(np.arange(len(analysis.mood)) + 0.5, analysis.timeline.seconds)
    axes.axhline(0, color=LINE, linewidth=0.8)
    for column, (name, colour) in enumerate(MOOD_COLOURS.items()):
        axes.plot(times, analysis.mood[:, column], color=colour, linewidth=1.4, label=name)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, 0, 1])
    axes.set_yticklabels(["-1", "0", "1"])


def _draw_beats(axes: Axes, cues: CueSheet) -> None:
    beats = cues.tempo_map.beat_seconds
    bars = cues.tempo_map.downbeats(cues.first_downbeat)
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    bpm = 60 * cues.tempo_map.beats / cues.tempo_map.duration
    axes.set_ylabel(f"beats\n{bpm:.0f} bpm")
    if len(beats) <= _MOST_BEAT_LINES:
        axes.vlines(beats, 0, 0.28, color=FAINT, linewidth=0.7)
    axes.vlines(beats[bars], 0, 0.5, color=INK, linewidth=1.1)
    # Every bar has its number, or every second, fourth, eighth, … where they are many.
    step = 1
    while len(bars) / step > _MOST_BAR_NUMBERS:
        step *= 2
    for number, beat in list(enumerate(bars, start=1))[::step]:
        room = (1 - beats[beat] / cues.tempo_map.duration) * _COLUMNS
        if room > _DIGIT * (len(str(number)) + 1):
            axes.text(
                float(beats[beat]),
                0.96,
                f" {number}",
                color=INK,
                fontsize=8,
                va="top",
                clip_on=True,
            )


def _draw_chords(axes: Axes, cues: CueSheet) -> None:
    """The plan's chords where they begin, as many as have room to be read."""
    axes.set_yticks([])
    axes.set_ylim(0, 1)
    free = 0.0
    for seconds, name in cues.chord_changes():
        place = seconds / cues.tempo_map.duration * _COLUMNS
        if place < free:
            continue
        free = place + LETTER * (len(name) + 1)
        if free - LETTER < _COLUMNS:
            axes.text(seconds, 0.46, f" {name}", color=INK, fontsize=8, va="center")


def _draw_notes(axes: Axes, cues: CueSheet, score: Score, seconds: float) -> None:
    from matplotlib.collections import PolyCollection

    low, high = pitch_range(score)
    floor = low - 0.5 - (high - low) * 0.09 * has_drums(score)
    axes.set_ylim(floor, high + 0.5)
    for pitch in range(low, high + 1):
        if pitch % 12 in BLACK_KEYS:
            axes.axhspan(pitch - 0.5, pitch + 0.5, color=PAPER, alpha=0.55, linewidth=0, zorder=0)
    octaves = [pitch for pitch in range(low, high + 1) if pitch % 12 == 0]
    axes.set_yticks(octaves)
    axes.set_yticklabels([f"C{pitch // 12 - 1}" for pitch in octaves])
    bars = cues.tempo_map.beat_seconds[cues.tempo_map.downbeats(cues.first_downbeat)]
    axes.vlines(bars, floor, high + 0.5, color=LINE, linewidth=0.7, zorder=0.5)
    colours = track_colours(score)
    notes = sounding(score, cues.tempo_map, (0, seconds))
    drum_lane = (floor, low - 0.5)
    shapes = [_shape(each, drum_lane, seconds) for each in notes]
    faces = [css(shade(colours[each.track.name], each.note.velocity)) for each in notes]
    axes.add_collection(PolyCollection(shapes, facecolors=faces, linewidths=0))


def _shape(
    each: Sounding, drum_lane: tuple[float, float], seconds: float
) -> list[tuple[float, float]]:
    """The rectangle of a note, or the stroke of a drum."""
    if each.track.is_drum:
        middle = sum(drum_lane) / 2
        half = (drum_lane[1] - drum_lane[0]) * (0.1 + 0.3 * each.note.velocity / 127)
        left, right = each.start, each.start + seconds / _COLUMNS
        bottom, top = middle - half, middle + half
    else:
        left, right = (
            each.start,
            max(each.end - seconds / _COLUMNS, each.start + seconds / _COLUMNS),
        )
        bottom, top = each.note.pitch - 0.42, each.note.pitch + 0.42
    return [(left, bottom), (left, top), (right, top), (right, bottom)]


def _draw_sound(axes: Axes, mix: Sound, seconds: float) -> None:
    per_column = max(1, len(mix) // _COLUMNS)
    lowest, highest = columns(mix, per_column)
    times = np.arange(len(lowest)) * per_column * (seconds / max(1, len(mix)))
    axes.fill_between(times, lowest, highest, color=ENERGY_COLOUR, linewidth=0.4)
    axes.set_ylim(-1, 1)
    axes.set_yticks([])


def _draw_speech(axes: Axes, dialogue: Dialogue) -> None:
    """The spans in which the music makes room."""
    for start, end in dialogue.spans:
        axes.axvspan(start, end, color=SPEECH_COLOUR, alpha=0.22, linewidth=0)
        axes.hlines(0.94, start, end, color=SPEECH_COLOUR, linewidth=4)


def _draw_cuts(rows: dict[str, Axes], hits: tuple[Hit, ...]) -> None:
    """A line through all rows at every cut and every hit asked for, in the colour of how the music
    meets it; fainter where there are so many that they would hide the rest. The triangles among
    the beats are not."""
    times = np.array([hit.cut for hit in hits])
    colours = [HIT_COLOURS[hit.kind] for hit in hits]
    for name, axes in rows.items():
        axes.vlines(
            times,
            0,
            1,
            colors=colours,
            transform=axes.get_xaxis_transform(),
            linewidth=1,
            alpha=min(0.8, _MOST_STRONG_CUTS / max(1, len(times))),
        )
        if name == "beats":
            height = np.full(len(times), 0.12)
            axes.scatter(times, height, c=colours, s=26, marker="^", zorder=3, clip_on=False)
