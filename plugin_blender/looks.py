"""What a stretch that only Blender can make looks like, so that it is known again. Changes nothing.

A name of a stretch is the same as long as all strips in it, and how they lie beside each other, are
the same, wherever they are. What a scene or a file that they show contains is not looked into.
"""

import hashlib
import re
from bisect import bisect
from collections.abc import Sequence
from functools import cache
from typing import Any

import bpy

from . import compat, strip_table
from .changes import Stretch
from .cuts import Edit
from .tags import is_ours

# When and where a strip lies, what it is called, and how the sequencer shows it.
_NO_LOOK = re.compile(
    "frame_|select|left_handle|right_handle|content_|duration|name|channel|lock|mute|show_|color_tag"
    "|use_proxy|use_cache|override_cache|type"
)
_VALUES = frozenset({"BOOLEAN", "INT", "FLOAT", "ENUM", "STRING"})
_PARTS, _SHOWN = ("transform", "crop"), ("scene", "clip", "mask")
_STILL = frozenset({"COLOR", "TEXT", "ADJUSTMENT"})


def stretches(scene, edit: Edit) -> list[Stretch]:
    """All stretches of an edit, with their film or, where that is none, the name of their look."""
    looks = iter(composited(scene, edit))
    return [
        Stretch(*stretch, film.path, film.frame) if film else next(looks)
        for stretch, film in zip(edit.stretches, edit.films, strict=True)
    ]


def composited(scene, edit: Edit) -> list[Stretch]:
    """The stretches of an edit that only Blender can make."""
    at = [(edit.start + start, edit.start + end) for start, end in edit.composited]
    looks, present = _Looks(scene), _present(scene.sequence_editor, at)
    return [
        Stretch(*stretch, *looks.name(first, strips))
        for stretch, (first, _), strips in zip(edit.composited, at, present, strict=True)
    ]


def _present(editor, spans: Sequence[tuple[int, int]]) -> list[list]:
    """For each of the spans, which follow each other, the strips in it that may be seen, the lowest
    first."""
    strips = compat.strips_of(editor)
    table, muted = strip_table.read(strips), strip_table.muted_channels(editor)
    found: list[list] = [[] for _ in spans]
    ends = [end for _, end in spans]
    for row in sorted(range(len(table.start)), key=lambda row: table.channel[row]):
        if table.mute[row] or muted[table.channel[row]]:
            continue
        strip = strips[row]
        if strip.type == "SOUND" or is_ours(strip):
            continue
        for number in range(bisect(ends, table.start[row]), len(spans)):
            if spans[number][0] >= table.end[row]:
                break
            found[number].append(strip)
    return found


class _Looks:
    """What the strips of a scene look like; each is looked at once."""

    def __init__(self, scene) -> None:
        self._keys = compat.all_keys(scene)
        self._looks: dict[str, tuple] = {}

    def name(self, first: int, strips: Sequence) -> tuple[str, int]:
        """Of what strips show together, and which of its frames they show at frame `first`."""
        moving = [compat.content_start(strip) for strip in strips if not self._is_still(strip)]
        begin = min(moving, default=first)
        seen = [(self._look(strip), self._phase(strip, begin)) for strip in strips]
        return hashlib.sha256(repr(seen).encode()).hexdigest(), first - begin

    def _is_still(self, strip) -> bool:
        """Whether all frames of a strip are the same."""
        is_one = strip.type == "IMAGE" and len(strip.elements) == 1
        return (is_one or strip.type in _STILL) and not self._keys[strip.name]

    def _phase(self, strip, begin: int) -> int:
        return 0 if self._is_still(strip) else compat.content_start(strip) - begin

    def _look(self, strip) -> tuple:
        if strip.name not in self._looks:
            begin = compat.content_start(strip)
            inner = compat.strips_of(strip) if strip.type == "META" else ()
            self._looks[strip.name] = (
                strip.type,
                _values(strip),
                [_values(modifier) for modifier in strip.modifiers],
                [each.filename for each in strip.elements] if strip.type == "IMAGE" else [],
                [(path, frame - begin, value) for path, frame, value in self._keys[strip.name]],
                [(self._look(s), s.channel, s.mute, self._phase(s, begin)) for s in inner],
            )
        return self._looks[strip.name]


def _values(thing) -> list[Any]:
    """All that may be set of a strip, or of a part of it."""
    return [_plain(getattr(thing, name)) for name in _names(type(thing))]


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, bpy.types.ID):
        return value.name
    return _values(value) if isinstance(value, bpy.types.bpy_struct) else list(value)


@cache
def _names(kind: type) -> list[str]:
    return [
        each.identifier
        for each in kind.bl_rna.properties
        if each.identifier in (*_PARTS, *_SHOWN)
        or (each.type in _VALUES and not each.is_readonly and not _NO_LOOK.match(each.identifier))
    ]
