"""From the definition of options to properties, a layout and a request. Names no single option.

The definition is the library's; `package.py` puts it beside this file as `options.json`.
"""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bpy.props import (
    BoolProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    StringProperty,
)

from . import compat, suggestions

Option = dict[str, Any]


class FormError(ValueError):
    """A text that says nothing; the message names the option, and how to write it."""


_WORDS = {"as measured": "Automatic", "as it is": "As It Is"}
HIGHEST = 2**31 - 1  # of Blender's whole numbers
DEFINITION = json.loads(Path(__file__).with_name("options.json").read_text("utf-8"))
suggestions.learn(DEFINITION)  # what a server of this version has, until one was asked


def options(of: str, group: str = "") -> list[Option]:
    """The options "compose" or "take" that make sense for an edit and have a property here."""
    return [
        option
        for option in DEFINITION["options"][of]
        if option["kind"] in _PROPERTIES
        and not option["film_only"]
        and group in ("", option["group"])
    ]


def descriptions() -> list[str]:
    """What the options say of themselves."""
    return [option["description"] for of in ("compose", "take") for option in options(of)]


def properties(of: str, changed: Callable[[Any], None] = lambda context: None) -> dict[str, Any]:
    """The annotations of a group of properties, one or two for every option.

    `changed(context)` is called whenever the user has changed one of them.
    """
    result: dict[str, Any] = {}
    for option in options(of):
        if _is_optional(option):
            result[_switch(option)] = BoolProperty(
                name=_label(option),
                description=option["description"],
                update=lambda values, context: changed(context),
            )
        update = _updater(option, changed)
        result[option["name"]] = _PROPERTIES[option["kind"]](option, update=update)
    return result


def draw(layout, values, of: str, group: str) -> None:
    """The options of a group, one a row; those that may be left out with a tick before them."""
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    for option in options(of, group):
        if not _is_optional(option):
            column.prop(values, option["name"])
            continue
        row = column.row(heading=_label(option))
        row.prop(values, _switch(option), text="")
        value = row.row()
        value.active = getattr(values, _switch(option))
        value.prop(values, option["name"], text="")


def request(values, of: str) -> dict[str, Any]:
    """What a request says: only what differs from the defaults, and a seed in any case.

    FormError where a text is not as its option wants it.
    """
    result = {}
    for option in options(of):
        value = _value(option, values)
        if value not in (None, "", option["default"]) or option["kind"] == "seed":
            result[option["name"]] = value
    return result


def _updater(option: Option, changed: Callable[[Any], None]):
    """What Blender calls with a changed option; an emptied text says what holds then."""
    name, word = option["name"], word_for_none(option)

    def update(values, context) -> None:
        if word and not getattr(values, name).strip():
            setattr(values, name, word)  # calls this again
        else:
            changed(context)

    return update


def word_for_none(option: Option) -> str:
    """What a mood reads that is left to the program; empty for other options."""
    return _WORDS.get(option["absent"], "") if option["kind"] == "mood" else ""


def _value(option: Option, values) -> Any:
    if _is_optional(option) and not getattr(values, _switch(option)):
        return random.randrange(HIGHEST) if option["kind"] == "seed" else None
    value = getattr(values, option["name"])
    if option["kind"] == "range":
        return sorted(round(number, 2) for number in value)
    if option["kind"] == "number":
        return round(value, 3)  # Blender's numbers are floats of 32 bits.
    if option["kind"] in _READ:
        return _READ[option["kind"]](value, _label(option))
    if isinstance(value, str):
        return "" if value.strip() == word_for_none(option) else value.strip()
    return value


def _read_spans(text: str, label: str) -> list[list[float]] | None:
    """Spans of seconds, such as `2.5-4, 10-12`."""
    try:
        spans = [[float(end) for end in span.split("-")] for span in _read_words(text, label)]
    except ValueError:
        spans = [[]]
    if any(len(span) != 2 for span in spans):
        raise FormError(f"{label}: write spans of seconds like 2.5-4, 10-12")
    return spans or None


def _read_words(text: str, label: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


_READ = {"spans": _read_spans, "moments": _read_words}


def _is_optional(option: Option) -> bool:
    """Whether it has a tick of its own; an empty text needs none."""
    is_text = option["kind"] in ("style", "mood", "chords", *_READ)
    return option["kind"] == "seed" or (option["default"] is None and not is_text)


def _switch(option: Option) -> str:
    return f"use_{option['name']}"


def _label(option: Option) -> str:
    return option["name"].replace("_", " ").title()


def _shown(option: Option) -> dict[str, Any]:
    begin = option["initial"] if option["default"] is None else option["default"]
    keywords = {"name": _label(option), "description": option["description"]}
    return keywords if begin is None else {**keywords, "default": begin}


def _bounds(option: Option) -> dict[str, Any]:
    return {"min": option["low"], "max": min(option["high"], HIGHEST)}


def _style(option: Option, **more: Any):
    names = compat.suggestions(lambda self, context, text: suggestions.styles)
    return StringProperty(**_shown(option), **names, **more)


def _mood(option: Option, **more: Any):
    word = word_for_none(option)
    names = compat.suggestions(lambda self, context, text: [word, *suggestions.moods])
    return StringProperty(**{**_shown(option), "default": word}, **names, **more)


def _text(option: Option, **more: Any):
    return StringProperty(**_shown(option), **more)


def _list(option: Option, **more: Any):
    return StringProperty(**{**_shown(option), "default": ""}, **more)


def _number(option: Option, **more: Any):
    return FloatProperty(**_shown(option), **_bounds(option), **more)


def _integer(option: Option, **more: Any):
    return IntProperty(**_shown(option), **_bounds(option), **more)


def _range(option: Option, **more: Any):
    return FloatVectorProperty(**_shown(option), **_bounds(option), size=2, **more)


def _boolean(option: Option, **more: Any):
    return BoolProperty(**_shown(option), **more)


def _choice(option: Option, **more: Any):
    items = [(name, name.title(), option["description"]) for name in option["choices"]]
    return EnumProperty(**_shown(option), items=items, **more)


_PROPERTIES = {
    "style": _style,
    "mood": _mood,
    "number": _number,
    "integer": _integer,
    "seed": _integer,
    "switch": _boolean,
    "choice": _choice,
    "name": _choice,
    "range": _range,
    "chords": _text,
    "spans": _list,
    "moments": _list,
}
