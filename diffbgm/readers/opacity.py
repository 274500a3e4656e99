"""Whether a clip hides what lies below it. Knows the metadata of editors, opens no file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import opentimelineio as otio

# Words in the names of generators that fill the picture; titles and unknown ones lie over it.
_FILLING = ("black", "white", "solid", "color", "colour", "bars", "slug", "noise", "gradient")
_FULL_ZOOM, _FULL_OPACITY = 0.9, 0.95  # from which a picture counts as filling, as opaque
# Resolve's zoom is that of the fitted picture; Final Cut 7's scale, of its pixels, says nothing.
_ZOOMS = ("transformationzoomx", "transformationzoomy")


def fills_picture(clip: Any) -> bool:
    """False for titles and unknown generators, scaled-down insets and what is not opaque.

    By what the edit says of the clip: whether its medium has an alpha channel is not known here.
    """
    reference = clip.media_reference
    if isinstance(reference, otio.schema.GeneratorReference):
        kind = f"{reference.generator_kind} {reference.name}".casefold()
        return any(word in kind for word in _FILLING)
    return not _is_inset(clip)


def may_be_adjustment(clip: Any) -> bool:
    """Whether the clip, if it has no medium, is an effect on the shot below."""
    if isinstance(clip.media_reference, otio.schema.ExternalReference):
        return False
    effects = [e for e in clip.effects if not isinstance(e, otio.schema.TimeEffect)]
    return bool(effects) or clip.name.casefold().startswith("adjustment")


def _is_inset(clip: Any) -> bool:
    zoom, opacity = 1.0, 1.0
    for holder in (clip, *clip.effects):
        for name, value in _parameters(holder.metadata):
            if name in _ZOOMS:
                zoom = min(zoom, value)
            elif name == "opacity":
                opacity = min(opacity, value / 100 if value > 1 else value)
    return zoom < _FULL_ZOOM or opacity < _FULL_OPACITY


def _parameters(metadata: Any) -> Iterator[tuple[str, float]]:
    """Names and values of the effects' parameters, as Resolve and Final Cut 7 write them."""
    if isinstance(metadata, Mapping):
        fields = {str(key).casefold().replace(" ", ""): value for key, value in metadata.items()}
        value = _number(fields.get("parametervalue", fields.get("value")))
        if "parameterid" in fields and value is not None:
            yield str(fields["parameterid"]).casefold(), value
        for entry in fields.values():
            yield from _parameters(entry)
    elif isinstance(metadata, Sequence) and not isinstance(metadata, str):
        for entry in metadata:
            yield from _parameters(entry)


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
