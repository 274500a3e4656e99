"""Rows of plots on one axis of seconds, drawn with Pillow, several times larger and then reduced.

Places are in pixels of the finished picture. Knows no music. It must take no time, and matplotlib
takes seconds to load and to draw: of it only the font is used, which writes more than ASCII.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

from diffbgm.writers.pictures.notes import Colour

Fill = Colour | tuple[int, int, int, int]

LINE_HEIGHT = 14  # pixels of a line of text
_SMOOTH = 2  # drawn so many times larger, then reduced
_FONT = "mpl-data/fonts/ttf/DejaVuSans.ttf"


def colour(css: str, opacity: float = 1.0) -> Fill:
    """A colour as it is drawn; `opacity` of 1 hides what is below."""
    red, green, blue = ImageColor.getrgb(css)[:3]
    return red, green, blue, round(255 * opacity)


class Picture:
    """What is drawn on, `width` by `height` pixels in the end."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        self.width, self.height = width, height
        self.image = Image.new("RGB", (width * _SMOOTH, height * _SMOOTH), ground)
        self._pen = ImageDraw.Draw(self.image, "RGBA")

    def finished(self) -> Image.Image:
        return self.image.reduce(_SMOOTH)

    def box(self, left: float, top: float, right: float, bottom: float, fill: Fill) -> None:
        """A filled rectangle; as thin as it may be, it is seen."""
        x0, y0, x1, y1 = (round(_SMOOTH * place) for place in (left, top, right, bottom))
        self._pen.rectangle((x0, y0, max(x0, x1 - 1), max(y0, y1 - 1)), fill=fill)

    def frame(self, left: float, top: float, right: float, bottom: float, line: Fill) -> None:
        edges = (round(_SMOOTH * place) for place in (left, top, right, bottom))
        self._pen.rectangle(tuple(edges), outline=line, width=_SMOOTH)

    def line(self, points: Iterable[tuple[float, float]], fill: Fill, width: float) -> None:
        places = [(_SMOOTH * x, _SMOOTH * y) for x, y in points]
        self._pen.line(places, fill=fill, width=round(_SMOOTH * width), joint="curve")

    def upright(self, x: float, top: float, bottom: float, fill: Fill, width: float = 1.0) -> None:
        """A vertical line with `x` in its middle."""
        self.box(x - width / 2, top, x + width / 2, bottom, fill)

    def triangle(self, x: float, y: float, side: float, fill: Fill) -> None:
        """One that points upwards, with its middle at (x, y)."""
        half = side / 2
        corners = ((x, y - half), (x - half, y + half), (x + half, y + half))
        self._pen.polygon([(_SMOOTH * a, _SMOOTH * b) for a, b in corners], fill=fill)

    def text(self, x: float, y: float, text: str, size: int, fill: Fill, anchor: str) -> None:
        """`anchor` as Pillow has it: l, m or r, then a, m or s."""
        place = (_SMOOTH * x, _SMOOTH * y)
        font = _font(_SMOOTH * size)
        self._pen.multiline_text(
            place, text, fill, font, anchor, spacing=_SMOOTH * 2, align="right"
        )

    def paste(self, image: Image.Image, left: float, top: float) -> None:
        """An image whose sides are `enlarged`."""
        self.image.paste(image, (round(_SMOOTH * left), round(_SMOOTH * top)))


@dataclass(frozen=True)
class Plot:
    """A row of the picture, from 0 to `seconds`, from the value `low` at its bottom to `high`."""

    picture: Picture
    left: float
    top: float
    right: float
    bottom: float
    seconds: float
    low: float = 0.0
    high: float = 1.0

    def x(self, seconds: float) -> float:
        return self.left + (self.right - self.left) * seconds / self.seconds

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.bottom - (self.bottom - self.top) * share

    def span(self, start: float, end: float, low: float, high: float, fill: Fill) -> None:
        """A rectangle from `start` to `end` seconds, from the value `low` to `high`."""
        self.picture.box(self.x(start), self.y(high), self.x(end), self.y(low), fill)

    def mark(self, seconds: float, low: float, high: float, fill: Fill, width: float = 1.0) -> None:
        """A vertical line at a time, from one value to another."""
        self.picture.upright(self.x(seconds), self.y(high), self.y(low), fill, width)


def text_width(text: str, size: int) -> float:
    return _font(_SMOOTH * size).getlength(text) / _SMOOTH


def enlarged(pixels: float) -> int:
    """The side of an image to `paste` that has so many pixels in the picture in the end."""
    return max(1, round(pixels * _SMOOTH))


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    places = (spec.submodule_search_locations if (spec := find_spec("matplotlib")) else None) or ()
    for place in places:
        if (path := Path(place, _FONT)).exists():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)
