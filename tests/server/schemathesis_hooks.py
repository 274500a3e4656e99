"""For schemathesis: what JSON Schema cannot say of a request.

Pairs rise, a cut is not both pinned and ignored, the same notes make one take, and of a style that
waits nobody sees the end.
"""

from typing import Any

import schemathesis

# Options of which a schema cannot say all, by what they are written as.
KINDS = {"bpm": list, "dialogue": list, "ignored": list, "chords": str, "notes": str, "octave": int}
# Styles of the tests' composer that wait, fail or end their process.
UNFIT = {"patient", "unusable", "full", "buggy", "deadly", "greedy", "deaf", "looks"}


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    for schema in raw_schema["components"]["schemas"].values():
        style = schema.get("properties", {}).get("style", {})
        if "enum" in style:
            style["enum"] = [each for each in style["enum"] if each not in UNFIT]


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    if isinstance(body, dict):
        options = body.get("options", body)
        if isinstance(options, dict):
            _settle(options)
    return body


def _is_sound(name: str, value: Any) -> bool:
    """False for what is of another kind, and for pairs that are none: they are to be refused."""
    pairs = [value] if name == "bpm" else value if isinstance(value, list) else []
    is_kind = isinstance(value, KINDS[name])
    return is_kind and all(len(pair) == 2 for pair in pairs if isinstance(pair, list))


def _settle(options: dict[str, Any]) -> None:
    for name in KINDS:
        if options.get(name) is not None and _is_sound(name, options[name]):
            options[name] = None
