"""The legends of the overview: which colour is which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from diffbgm.music.score import Score
from diffbgm.writers.pictures.notes import track_colours
from diffbgm.writers.pictures.palette import (
    HIT_COLOURS,
    HIT_NAMES,
    INK,
    MOOD_COLOURS,
    PAPER,
    SPEECH_COLOUR,
    css,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND_ROW = 0.018  # of the picture's height
LETTER = 7.2  # pixels of a letter

_TRACKS_WIDTH = 930  # pixels beside the kinds of hits, for the names of the tracks
_ENTRY = 42  # pixels of an entry without its name


def draw_legends(figure: Figure, rows: dict[str, Axes], score: Score, has_speech: bool) -> None:
    """Name the colours of tracks, kinds of hits, mood and speech."""
    kinds = {f"cut {name}": HIT_COLOURS[kind] for kind, name in HIT_NAMES.items()}
    shots, mood, sound = (rows[name].get_position() for name in ("shots", "mood", "sound"))
    for number, tracks in enumerate(track_rows(score)):
        _legend(figure, tracks, (shots.x0, 0.998 - number * LEGEND_ROW), "upper left")
    _legend(figure, kinds, (shots.x1, 0.998), "upper right")
    _legend(figure, MOOD_COLOURS, (mood.x1, mood.y1), "upper right")
    if has_speech:
        _legend(figure, {"speech": SPEECH_COLOUR}, (sound.x1, sound.y1 - 0.006), "upper right")


def track_rows(score: Score) -> list[dict[str, str]]:
    """The tracks' colours by name, in the rows in which the legend has room for them."""
    rows: list[dict[str, str]] = [{}]
    used = 0.0
    for name, colour in track_colours(score).items():
        width = _ENTRY + LETTER * len(name)
        if rows[-1] and used + width > _TRACKS_WIDTH:
            rows.append({})
            used = 0.0
        rows[-1][name] = css(colour)
        used += width
    return rows


def _legend(
    figure: Figure,
    colours: dict[str, str],
    corner: tuple[float, float],
    at: Literal["upper left", "upper right"],
) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linewidth=5, label=name) for name, colour in colours.items()
    ]
    figure.legend(
        handles=handles,
        loc=at,
        bbox_to_anchor=corner,
        ncols=max(1, len(handles)),
        facecolor=PAPER,
        edgecolor="none",
        framealpha=0.6,
        borderpad=0.2,
        labelcolor=INK,
        fontsize=9,
        handlelength=0.9,
        columnspacing=1.3,
    )
