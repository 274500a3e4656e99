"""A message of the add-on in the user's language, by Blender's own translations.

Blender translates what it is given to show, but not what values were filled into: it has
`Shot {} has a new take`, and is shown `Shot 3 has a new take`.
"""

import re
from functools import lru_cache

import bpy

from . import translations

# The longest first: one that is part of another must not take its place.
_TEMPLATES = {
    template: re.compile("(.+)".join(map(re.escape, template.split("{}"))), re.DOTALL)
    for template in sorted(translations.CHINESE, key=len, reverse=True)
    if "{}" in template
}


def translated(text: str) -> str:
    """The message, and the values in it that are messages; as it is where there is no other."""
    return _translated(text, str(bpy.app.translations.locale))


@lru_cache(maxsize=1000)
def _translated(text: str, language: str) -> str:
    if (whole := _known(text)) != text:
        return whole
    for template, pattern in _TEMPLATES.items():
        if found := pattern.fullmatch(text):
            return _known(template).format(
                *(_translated(value, language) for value in found.groups())
            )
    return text


def _known(text: str) -> str:
    """As our own table has it: Blender means other things by words such as "Diffusion"."""
    spoken = bpy.app.translations.pgettext_iface
    ours = spoken(text, translations.CONTEXT)
    return spoken(text) if ours == text else ours
