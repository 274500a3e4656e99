"""What editors make themselves, without a file: titles and colours. Knows no format of ours."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import opentimelineio as otio

from diffbgm.readers.opacity import fills_picture


@dataclass(frozen=True)
class Generated:
    """A `title` with `text`, a picture of one `color` (#rrggbb), or colour bars."""

    kind: Literal["title", "color", "bars"]
    text: str = ""
    color: str = "#000000"

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Each 0 to 255."""
        red, green, blue = bytes.fromhex(self.color[1:])
        return red, green, blue


def generated_of(clip: otio.schema.Clip) -> Generated:
    """What a clip with a generator shows; a title whose words are not known has its own name."""
    reference = clip.media_reference
    if not fills_picture(clip):
        return Generated("title", _text_of(reference) or clip.name)
    if "bars" in f"{reference.generator_kind} {reference.name}".casefold():
        return Generated("bars")
    return Generated("color", color=_color_of(f"{reference.generator_kind} {clip.name}", reference))


def _text_of(reference: Any) -> str:
    for name, value in _parameters(reference):
        if name in ("text", "str") and isinstance(value, str):
            return value.strip()
    return ""


def _color_of(names: str, reference: Any) -> str:
    """Black where nothing is said, or nothing that is understood."""
    for name, value in _parameters(reference):
        if name in ("color", "fillcolor", "resource") and (color := _hex(value)):
            return color
    return "#ffffff" if "white" in names.casefold() else "#000000"


def _hex(value: Any) -> str | None:
    """Of Final Cut 7's red, green and blue, and of MLT's words, with transparency first."""
    if isinstance(value, Mapping):
        channels = [value.get(name) for name in ("red", "green", "blue")]
        if all(str(channel).isdigit() for channel in channels):
            return "#" + "".join(f"{min(int(str(channel)), 255):02x}" for channel in channels)
        return None
    text = str(value).strip().casefold()
    if found := re.fullmatch(r"#(?:[0-9a-f]{2})?([0-9a-f]{6})", text):
        return f"#{found[1]}"
    if found := re.fullmatch(r"0x([0-9a-f]{6})[0-9a-f]{2}", text):
        return f"#{found[1]}"
    return {"black": "#000000", "white": "#ffffff"}.get(text)


def _parameters(reference: Any) -> Iterator[tuple[str, Any]]:
    """As OpenTimelineIO keeps them, and as Final Cut 7 does."""
    for name, value in reference.parameters.items():
        yield str(name).casefold(), value
    listed = reference.metadata.get("fcp_xml", {}).get("parameter", ())
    for each in [listed] if isinstance(listed, Mapping) else listed:
        if isinstance(each, Mapping):
            yield str(each.get("parameterid", "")).casefold(), each.get("value")
