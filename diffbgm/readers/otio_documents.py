"""OpenTimelineIO documents as JSON: whether one is sound, and which films it names.

OpenTimelineIO's own reader ends the process on malformed documents, so they are checked here
before it sees them. Knows neither files nor shots.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any

from diffbgm.errors import TimelineError
from diffbgm.timeline import MAX_SECONDS

# Real edits nest some thirty deep; OpenTimelineIO's reader recurses without a bound.
_DEEPEST = 200
_LONGEST_NAME = 4096  # characters, as of paths
_HIGHEST_RATE = 1_000_000  # a second; sound is counted in samples
_LATEST_SECONDS = 1_000_000  # of a time code
_REFERENCES = ("target_url", "target_url_base", "name_prefix", "name_suffix")

_Fits = Callable[[Any], bool]


def check_document(document: Any) -> None:
    """Raises TimelineError, which says where, unless OpenTimelineIO can read `document` safely."""
    for value in _objects(document):
        _check_object(value)
    for value in _objects(document):
        if schema_of(value) in _ITEMS and value.get("source_range"):
            _check_length(value["source_range"].get("duration") or {})


def films_named(document: Any) -> set[str]:
    """Every name by which the reader can find a film of a sound document.

    They are the URLs of all media, wherever they are, and the names of clips that have none.
    """
    names = set()
    for value in _objects(document):
        names.update(url for key in _REFERENCES[:2] if (url := value.get(key)))
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
    return active is None or schema_of(active) == "MissingReference"


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
        if field in value:
            _require(_is_name(value[field]), schema, field)
    for field, fits in _FIELDS.get(schema, {}).items():
        if field in value:
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
    """The schema's name without its version; empty for what has none."""
    if not isinstance(value, dict):
        return ""
    return str(value.get("OTIO_SCHEMA", "")).partition(".")[0]


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= _LONGEST_NAME and "\0" not in value


def _is_number(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) < 2**62 and math.isfinite(value)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_object(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and not schema_of(value))


def _one(*schemas: str) -> _Fits:
    return lambda value: value is None or schema_of(value) in schemas


def _all(*schemas: str) -> _Fits:
    return lambda value: isinstance(value, list) and all(schema_of(v) in schemas for v in value)


def _any_of(*schemas: str) -> _Fits:
    return lambda value: (
        isinstance(value, dict) and all(schema_of(v) in schemas for v in value.values())
    )


_FORBIDDEN = ("UnknownSchema", "SerializableObjectRef")
_MEDIA = ("ExternalReference", "GeneratorReference", "ImageSequenceReference", "MissingReference")
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
    "Stack": {**_SHOWN, "children": _all(*_ITEMS[:-1])},
    "Track": {**_SHOWN, "children": _all(*_ITEMS), "kind": _is_text},
    "Gap": _SHOWN,
    "Clip": {
        **_SHOWN,
        "name": lambda value: value is None or _is_name(value),
        "media_reference": _one(*_MEDIA),
        "media_references": _any_of(*_MEDIA),
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
