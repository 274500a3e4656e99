"""The legends of the overview: which colour is which."""

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
from diffbgm.writers.pictures.plot import Picture, Plot, colour, text_width

LEGEND_ROW = 18  # pixels
LETTER = 7.2  # pixels of a letter

_TRACKS_WIDTH = 930  # pixels beside the kinds of hits, for the names of the tracks
_SWATCH, _GAP, _BETWEEN = 18, 6, 16  # pixels: of the colour, to its name, to the next
_SIZE = 12


def draw_legends(picture: Picture, plots: dict[str, Plot], score: Score, has_speech: bool) -> None:
    """Name the colours of tracks, kinds of hits, mood and speech."""
    kinds = {f"cut {name}": HIT_COLOURS[kind] for kind, name in HIT_NAMES.items()}
    shots, mood, sound = (plots[name] for name in ("shots", "mood", "sound"))
    first = LEGEND_ROW / 2 + 4
    for number, tracks in enumerate(track_rows(score)):
        _entries(picture, tracks, shots.left + 4, first + number * LEGEND_ROW)
    _entries(picture, kinds, shots.right - 4 - _width(kinds), first)
    _on_plot(picture, mood, MOOD_COLOURS)
    if has_speech:
        _on_plot(picture, sound, {"speech": SPEECH_COLOUR})


def track_rows(score: Score) -> list[dict[str, str]]:
    """The tracks' colours by name, in the rows in which the legend has room for them."""
    rows: list[dict[str, str]] = [{}]
    for name, drawn in track_colours(score).items():
        if rows[-1] and _width({**rows[-1], name: ""}) > _TRACKS_WIDTH:
            rows.append({})
        rows[-1][name] = css(drawn)
    return rows


def _on_plot(picture: Picture, plot: Plot, colours: dict[str, str]) -> None:
    """In the upper right corner of a plot, on a ground of its own."""
    left, middle = plot.right - 8 - _width(colours), plot.top + 16
    ground = colour(PAPER, 0.6)
    picture.box(left - 6, middle - 10, plot.right - 4, middle + 10, ground)
    _entries(picture, colours, left, middle)


def _entries(picture: Picture, colours: dict[str, str], left: float, middle: float) -> None:
    for name, drawn in colours.items():
        picture.box(left, middle - 3, left + _SWATCH, middle + 4, colour(drawn))
        picture.text(left + _SWATCH + _GAP, middle, name, _SIZE, colour(INK), "lm")
        left += _entry(name)


def _width(colours: dict[str, str]) -> float:
    return sum(map(_entry, colours)) - _BETWEEN


def _entry(name: str) -> float:
    return _SWATCH + _GAP + text_width(name, _SIZE) + _BETWEEN
