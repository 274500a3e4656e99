"""OpenTimelineIO documents as JSON: whether one is sound, and which films it names.

OpenTimelineIO's own reader ends the process on malformed documents, so they are checked here
before it sees them; and it refuses a whole document for a value that no edit hangs on, such as a
marker's colour, or for a newer version of a schema, so those are mended. Knows neither files nor
shots.
"""

import json
import math
import re
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

from diffbgm.errors import TimelineError
from diffbgm.timeline import MAX_SECONDS

# Real edits nest some thirty deep; OpenTimelineIO's reader recurses without a bound.
_DEEPEST = 200
_LONGEST_NAME = 4096  # characters, as of paths
_HIGHEST_RATE = 1_000_000  # a second; sound is counted in samples
_LATEST_SECONDS = 1_000_000  # of a time code
_REFERENCES = ("target_url", "target_url_base", "name_prefix", "name_suffix")
_STRING_OR_INFINITY = re.compile(r'"(?:[^"\\]|\\.)*"|\bInf\b')
_OLD_NAMES = {
    "Sequence": "Track",
    "Filler": "Gap",
    "SerializeableCollection": "SerializableCollection",
}
_VERSIONS = {"Clip": 2, "Marker": 2}  # that documents are mended to; of all other schemas, 1

_Fits = Callable[[Any], bool]


def parsed(text: bytes) -> Any:
    """The JSON, with `Inf`, which OpenTimelineIO writes too; ValueError where it is none."""
    decoded = text.decode(json.detect_encoding(text))
    try:
        return json.loads(decoded)
    except json.JSONDecodeError:
        return json.loads(_STRING_OR_INFINITY.sub(_spelt_out, decoded))


def _spelt_out(found: re.Match[str]) -> str:
    return "Infinity" if found[0] == "Inf" else found[0]


def check_document(document: Any) -> None:
    """Raises TimelineError, which says where, unless OpenTimelineIO can read `document` safely."""
    for value in _objects(document):
        _check_object(value)
    for value in _objects(document):
        if schema_of(value) in _ITEMS and value.get("source_range"):
            _check_length(value["source_range"].get("duration") or {})


def mend(document: Any) -> None:
    """Change a checked document in place, so that OpenTimelineIO's reader takes all of it.

    What describes and cannot be read is dropped. Effects and media of unknown schemas become
    plain ones, everything else of an unknown schema plain data.
    """
    for value in _objects(document):
        schema = schema_of(value)
        if schema not in _FIELDS:
            value.pop("OTIO_SCHEMA", None)
            continue
        value["OTIO_SCHEMA"] = f"{schema}.{_version(value)}"
        for field in _UNUSED:
            if field in value and field not in _FIELDS[schema]:
                del value[field]
        _mend_parts(value)
        for field in value.keys() & _DESCRIPTIVE & _FIELDS[schema].keys():
            if not _FIELDS[schema][field](value[field]):
                del value[field]
        for field in _REQUIRED.keys() & _FIELDS[schema].keys():
            value.setdefault(field, copy(_REQUIRED[field]))


def _version(value: dict[str, Any]) -> int:
    schema, _, version = value["OTIO_SCHEMA"].partition(".")
    known = _VERSIONS.get(schema, 1)
    return min(int(version), known) if version.isascii() and version.isdigit() else known


def _mend_parts(value: dict[str, Any]) -> None:
    """The colour of a marker, and what an item may hold of unknown schemas."""
    parts = {field: value[field] for field in value.keys() & _FIELDS[schema_of(value)].keys()}
    if (color := parts.get("color")) and schema_of(color) == "Color":
        value["color"] = color.get("name")
    if isinstance(effects := parts.get("effects"), list):
        value["effects"] = [_effect(effect) for effect in effects if schema_of(effect)]
    if isinstance(markers := parts.get("markers"), list):
        value["markers"] = [marker for marker in markers if _is_marker(marker)]
    if "media_reference" in parts:
        value["media_reference"] = _medium(parts["media_reference"])
    if "media_references" in parts:
        several = parts["media_references"]
        value["media_references"] = {key: _medium(one) for key, one in several.items()}


def _is_marker(value: Any) -> bool:
    """With a place; the first version of markers called it so."""
    if schema_of(value) != "Marker":
        return False
    return schema_of(value.get("marked_range", value.get("range"))) == "TimeRange"


def _effect(effect: dict[str, Any]) -> dict[str, Any]:
    return effect if schema_of(effect) in _EFFECTS else {**effect, "OTIO_SCHEMA": "Effect.1"}


def _medium(reference: Any) -> Any:
    """One of a kind that is not known is a file, if it has an address."""
    if reference is None or schema_of(reference) in _MEDIA:
        return reference
    kept = {key: reference[key] for key in reference.keys() & _REFERENCE.keys()}
    if not _REFERENCE["available_range"](kept.get("available_range")):
        del kept["available_range"]
    if not _is_name(url := reference.get("target_url")):
        return {**kept, "OTIO_SCHEMA": "MissingReference.1"}
    return {**kept, "OTIO_SCHEMA": "ExternalReference.1", "target_url": url}


def films_named(document: Any) -> set[str]:
    """Every name by which the reader can find a film of a sound document.

    They are the URLs of all media, wherever they are, and the names of clips that have none.
    """
    names = set()
    for value in _objects(document):
        names.update(url for key in _REFERENCES[:2] if _is_name(url := value.get(key)) and url)
        if schema_of(value) == "Clip" and _is_offline(value) and value.get("name"):
            names.add(value["name"])
    return names


def _is_offline(clip: dict[str, Any]) -> bool:
    """Whether the reader would look for the film by the clip's name."""
    many = clip.get("media_references")
    if many is None:
        active = clip.get("media_reference")
    else:
        active = many.get(clip.get("active_media_reference_key", "DEFAULT_MEDIA"))
    return active is None or schema_of(_medium(active)) == "MissingReference"


def _objects(document: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object in it, however deep; TimelineError where that is too deep."""
    waiting: list[tuple[Any, int]] = [(document, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > _DEEPEST:
            raise TimelineError(f"The timeline is nested more than {_DEEPEST} deep.")
        if isinstance(value, dict):
            yield value
            value = list(value.values())
        if isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)


def _check_object(value: dict[str, Any]) -> None:
    schema = schema_of(value)
    if "OTIO_REF_ID" in value or schema in _FORBIDDEN:
        raise TimelineError("The timeline refers to parts of itself; save it by OpenTimelineIO.")
    for field in _REFERENCES:
        address = value.get(field)
        if isinstance(address, str) or (address is not None and schema in _MEDIA):
            _require(_is_name(address), schema, field)
    for field, fits in _FIELDS.get(schema, {}).items():
        if field in value and (field not in _DESCRIPTIVE or fits is _is_film_name):
            _require(fits(value[field]), schema, field)
    if value.get("OTIO_SCHEMA") == "Clip.1":
        _require("media_references" not in value, schema, "media_references")
    if schema == "RationalTime":
        _check_time(value.get("value", 0), value.get("rate", 1))


def _require(is_sound: bool, schema: str, field: str) -> None:
    if not is_sound:
        raise TimelineError(f"The timeline's {schema[:80] or 'metadata'}.{field} is not usable.")


def _check_time(value: float, rate: float) -> None:
    if not 0 < rate <= _HIGHEST_RATE:
        raise TimelineError(f"The timeline counts with a rate of {rate:.6g} a second.")
    if abs(value) > _LATEST_SECONDS * rate:
        raise TimelineError(
            f"The timeline has a time of {value:.6g} frames at {rate:.6g} a second; "
            f"an edit may last {MAX_SECONDS // 3600} hours."
        )


def _check_length(shown: dict[str, float]) -> None:
    seconds = shown.get("value", 0) / shown.get("rate", 1)
    if seconds > MAX_SECONDS:
        raise TimelineError(
            f"The timeline shows something for {seconds / 3600:.3g} hours, more than "
            f"{MAX_SECONDS // 3600}; score it in parts."
        )


def schema_of(value: Any) -> str:
    """The schema's present name without its version; empty for what has none."""
    if not isinstance(value, dict):
        return ""
    name = str(value.get("OTIO_SCHEMA", "")).partition(".")[0]
    return _OLD_NAMES.get(name, name)


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME and "\0" not in value


def _is_film_name(value: Any) -> bool:
    """Of a clip: where it names no medium, it is that of its film."""
    return value is None or _is_name(value)


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < 2**62 and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_object(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and not schema_of(value))


def _one(*schemas: str) -> _Fits:
    return lambda value: value is None or schema_of(value) in schemas


def _is_medium(value: Any) -> bool:
    schema = schema_of(value)
    return value is None or schema in _MEDIA or bool(schema and schema not in _FIELDS)


def _all(*schemas: str) -> _Fits:
    return lambda value: isinstance(value, list) and all(schema_of(v) in schemas for v in value)


_FORBIDDEN = ("UnknownSchema", "SerializableObjectRef")
_MEDIA = ("ExternalReference", "GeneratorReference", "ImageSequenceReference", "MissingReference")
# What says something of an edit, and shows nothing: where it cannot be read, it is passed over.
_DESCRIPTIVE = {
    *("name", "metadata", "effects", "markers", "color", "comment"),
    *("effect_name", "transition_type", "generator_kind", "parameters"),
}
_REQUIRED = {
    **{"kind": "Video", "transition_type": "SMPTE_Dissolve", "effect_name": ""},
    **{"generator_kind": "", "parameters": {}},
}
_UNUSED = ("color", "available_image_bounds")
_EFFECTS = ("Effect", "TimeEffect", "LinearTimeWarp", "FreezeFrame")
_SHOWN: dict[str, _Fits] = {
    "name": _is_text,
    "metadata": _is_object,
    "source_range": _one("TimeRange"),
    "effects": _all(*_EFFECTS),
    "markers": _all("Marker"),
    "enabled": lambda value: isinstance(value, bool),
}
_REFERENCE: dict[str, _Fits] = {
    "name": _is_text,
    "metadata": _is_object,
    "available_range": _one("TimeRange"),
}
_EFFECT: dict[str, _Fits] = {"name": _is_text, "metadata": _is_object, "effect_name": _is_text}
_ITEMS = ("Clip", "Gap", "Stack", "Track", "Transition")
_FIELDS: dict[str, dict[str, _Fits]] = {
    "Timeline": {
        "name": _is_text,
        "metadata": _is_object,
        "global_start_time": _one("RationalTime"),
        "tracks": lambda value: schema_of(value) == "Stack",
    },
    "SerializableCollection": {"name": _is_text, "metadata": _is_object},
    "Stack": {**_SHOWN, "children": _all(*_ITEMS[:-1])},
    "Track": {**_SHOWN, "children": _all(*_ITEMS), "kind": _is_text},
    "Gap": _SHOWN,
    "Clip": {
        **_SHOWN,
        "name": _is_film_name,
        "media_reference": _is_medium,
        "media_references": lambda value: (
            isinstance(value, dict) and all(map(_is_medium, value.values()))
        ),
        "active_media_reference_key": lambda value: isinstance(value, str),
    },
    "Transition": {
        "name": _is_text,
        "metadata": _is_object,
        "transition_type": _is_text,
        "in_offset": _one("RationalTime"),
        "out_offset": _one("RationalTime"),
    },
    "ExternalReference": _REFERENCE,
    "MissingReference": _REFERENCE,
    "GeneratorReference": {**_REFERENCE, "generator_kind": _is_text, "parameters": _is_object},
    "ImageSequenceReference": {
        **_REFERENCE,
        **dict.fromkeys(("start_frame", "frame_step", "frame_zero_padding", "rate"), _is_number),
    },
    "Marker": {
        "name": _is_text,
        "metadata": _is_object,
        "marked_range": _one("TimeRange"),
        "color": _is_text,
        "comment": _is_text,
    },
    "Effect": _EFFECT,
    "TimeEffect": _EFFECT,
    "LinearTimeWarp": {**_EFFECT, "time_scalar": _is_number},
    "FreezeFrame": {**_EFFECT, "time_scalar": _is_number},
    "TimeRange": {"start_time": _one("RationalTime"), "duration": _one("RationalTime")},
    "RationalTime": {"value": _is_number, "rate": _is_number},
}
