"""What FCPXML says of titles, of pictures that an effect draws, and of markers."""

from typing import Any
from xml.etree.ElementTree import Element

import opentimelineio as otio

# Parts of the addresses of Final Cut's own generators that fill the picture.
_FILLING = ("/Solids.localized/", "/Backgrounds.localized/", "/Textures.localized/")


def title(element: Element) -> Any:
    """A generator with the words of a title, a line for each of its texts; captions are none."""
    lines = ("".join(each.itertext()).strip() for each in element.findall("text"))
    text = "\n".join(line for line in lines if line)
    parameters = {"text": text} if text else {}
    return otio.schema.GeneratorReference(generator_kind="title", parameters=parameters)


def drawn(element: Element, effect: Element | None) -> Any:
    """A generator named as its effect is, with its colour; solid, where it fills the picture."""
    said = {} if effect is None else effect.attrib
    kind = said.get("name") or "generator"
    if any(part in said.get("uid", "") for part in _FILLING):
        kind = f"solid {kind}"
    own = (each for outer in element.findall("param") for each in outer.iter("param"))
    colors = (_color(each.get("value") or "") for each in own if each.get("name") == "Color")
    color = next(filter(None, colors), None)
    parameters = {"color": color} if color else {}
    return otio.schema.GeneratorReference(generator_kind=kind, parameters=parameters)


def _color(text: str) -> str | None:
    """Of red, green and blue, 0 to 1 each, as #rrggbb; transparency may follow."""
    try:
        channels = [min(max(float(part), 0.0), 1.0) for part in text.split()[:3]]
    except ValueError:
        return None
    return "#" + "".join(f"{round(c * 255):02x}" for c in channels) if len(channels) == 3 else None


def color_of(marker: Element) -> str:
    """The colour in which Final Cut shows a marker: of a chapter, of what is to do, or is done."""
    colors = otio.schema.MarkerColor
    if marker.tag == "chapter-marker":
        return colors.ORANGE
    is_done = marker.get("completed")
    return colors.PURPLE if is_done is None else colors.GREEN if is_done == "1" else colors.RED
