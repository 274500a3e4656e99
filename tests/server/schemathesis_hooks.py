"""For schemathesis: what JSON Schema cannot say of a request.

Pairs rise, a cut is not both pinned and ignored, the same notes make one take, and of a style that
waits nobody sees the end.
"""

from typing import Any

import schemathesis

WORKING = "cinematic"
# Styles of the tests' composer that wait, fail or end their process.
UNFIT = {"patient", "unusable", "full", "buggy", "deadly", "greedy", "deaf", "looks"}


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    if isinstance(body, dict):
        options = body.get("options", body)
        if isinstance(options, dict):
            _settle(options)
    return body


def _is_sound(value: Any) -> bool:
    """False for spans that are no pairs: they are to be refused."""
    spans = [each for each in value if isinstance(each, list)] if isinstance(value, list) else []
    return all(len(span) == 2 for span in spans)


def _settle(options: dict[str, Any]) -> None:
    for name in ("bpm", "dialogue", "ignored", "chords", "notes", "octave"):
        if options.get(name) is not None and _is_sound(options[name]):
            options[name] = None
    if isinstance(options.get("style"), str) and options["style"] in UNFIT:
        options["style"] = WORKING
