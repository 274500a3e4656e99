"""Small OpenTimelineIO documents, sound ones and damaged ones."""

import copy
import json
import random
from typing import Any

ODD: list[Any] = [None, True, 0, -1, 1e300, -1e300, 10**9, 2**70, "", "/etc/passwd", "x" * 5000]
ODD += ["\0", [], {}, 1.5, "DEFAULT_MEDIA", "../../film.mp4", "file:///etc/passwd"]
SCHEMAS = ["Timeline.1", "Clip.1", "Clip.2", "Clip.9", "Stack.1", "Track.1", "Gap.1", "Marker.2"]
SCHEMAS += ["ExternalReference.1", "MissingReference.1", "GeneratorReference.1", "Effect.1"]
SCHEMAS += ["ImageSequenceReference.1", "RationalTime.1", "TimeRange.1", "UnknownSchema.1"]
SCHEMAS += ["SerializableObjectRef.1", "SerializableCollection.1", "FreezeFrame.1", "Ours.1"]
KEYS = ["OTIO_REF_ID", "children", "media_reference", "metadata", "target_url", "name", "effects"]


def time(value: float, rate: float = 24) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": value, "rate": rate}


def span(start: float, frames: float) -> dict[str, Any]:
    schema = {"OTIO_SCHEMA": "TimeRange.1"}
    return {**schema, "start_time": time(start), "duration": time(frames)}


def external(url: str) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "ExternalReference.1", "target_url": url}


def clip(name: str, reference: Any, frames: float = 24, **more: Any) -> dict[str, Any]:
    shown = {"source_range": span(0, frames), "media_reference": reference}
    return {"OTIO_SCHEMA": "Clip.1", "name": name, **shown, **more}


def with_several(name: str, active: str, **references: Any) -> dict[str, Any]:
    """A clip of the newer kind, with several media, one of which is active."""
    media = {"media_references": references, "active_media_reference_key": active}
    return {"OTIO_SCHEMA": "Clip.2", "name": name, "source_range": span(0, 24), **media}


def track(*items: Any, kind: str = "Video") -> dict[str, Any]:
    return {"OTIO_SCHEMA": "Track.1", "kind": kind, "children": list(items)}


def timeline(*items: Any, **more: Any) -> dict[str, Any]:
    stack = {"OTIO_SCHEMA": "Stack.1", "children": [track(*items)]}
    return {"OTIO_SCHEMA": "Timeline.1", "name": "edit", "tracks": stack, **more}


def rich(url: str) -> dict[str, Any]:
    """A timeline with a little of everything."""
    gap = {"OTIO_SCHEMA": "Gap.1", "source_range": span(0, 5)}
    fade = {"OTIO_SCHEMA": "Transition.1", "transition_type": "SMPTE_Dissolve"}
    fade |= {"in_offset": time(2), "out_offset": time(2)}
    fast = {"OTIO_SCHEMA": "LinearTimeWarp.1", "effect_name": "fast", "time_scalar": 2.0}
    mark = {"OTIO_SCHEMA": "Marker.2", "marked_range": span(0, 1), "color": "RED"}
    nested = {"OTIO_SCHEMA": "Stack.1", "children": [track(clip("in", external(url)))]}
    first = clip("a", external(url), effects=[fast], markers=[mark], metadata={"b": {"c": 1}})
    missing = {"OTIO_SCHEMA": "MissingReference.1"}
    several = with_several("b", "high", high=external(url), low=missing)
    return timeline(first, fade, several, gap, nested, global_start_time=time(0))


def damaged(document: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """A copy with one to three things changed, taken away or put elsewhere."""
    document = copy.deepcopy(document)
    for _ in range(chance.randrange(1, 4)):
        places = list(_places(document))
        holder, key = chance.choice(places)
        kind = chance.random()
        if key == "OTIO_SCHEMA" and kind < 0.7:
            holder[key] = chance.choice(SCHEMAS)
        elif kind < 0.4:
            holder[key] = chance.choice(ODD)
        elif kind < 0.5 and isinstance(holder, dict):
            del holder[key]
        elif kind < 0.8:
            other, from_ = chance.choice(places)
            holder[key] = copy.deepcopy(other[from_])
        elif isinstance(holder, dict):
            holder[chance.choice(KEYS)] = chance.choice(ODD)
    return json.loads(json.dumps(document))


def _places(value: Any) -> Any:
    inner: Any = value.items() if isinstance(value, dict) else enumerate(value)
    for key, content in list(inner):
        yield value, key
        if isinstance(content, dict | list):
            yield from _places(content)
