"""Which strips show a film as it is, so that nothing need be rendered. Changes nothing."""

import bpy

from . import compat
from .cuts import Film

_COVERING = frozenset({"REPLACE", "ALPHA_OVER", "CROSS"})  # opaque, they show the film alone
_NEUTRAL = {
    "blend_alpha": 1.0,
    "use_flip_x": False,
    "use_flip_y": False,
    "use_reverse_frames": False,
    "color_multiply": 1.0,
    "color_saturation": 1.0,
    "stream_index": 0,
    "speed_factor": 1.0,
}
_SAME_RATE = 1e-4
_FITTING = 0.99  # of the picture's width or height that a film must fill


class Films:
    """The films of a scene's strips. Opens none of them: `has_rate_of` does."""

    def __init__(self, scene) -> None:
        self._render = scene.render
        self._animated = compat.animated_strips(scene)
        self._neutral: dict[str, dict[str, object]] = {}  # by the type of strip

    def film_of(self, strip) -> Film | None:
        """What a movie strip shows at its first frame, unless it changes the film's picture."""
        if strip.type != "MOVIE" or self.is_changed(strip) or not self._fits(strip):
            return None
        start, end = compat.span(strip)
        content = compat.content_start(strip)
        frame = start - content + strip.animation_offset_start
        if frame < 0 or end - content > strip.frame_duration:
            return None  # It holds its first or its last picture.
        return Film(bpy.path.abspath(strip.filepath), frame, strip.name)

    def is_transparent(self, strip) -> bool:
        """Whether nothing of a strip is ever seen."""
        return strip.blend_alpha == 0 and strip.name not in self._animated

    def is_changed(self, strip) -> bool:
        """Whether a strip shows what is in it otherwise than it is."""
        crop, transform = strip.crop, strip.transform
        is_cropped = any((crop.min_x, crop.max_x, crop.min_y, crop.max_y))
        is_moved = any((transform.offset_x, transform.offset_y, transform.rotation))
        return (
            any(getattr(strip, name) != value for name, value in self._neutral_of(strip).items())
            or is_cropped
            or is_moved
            or strip.strobe > 1
            or strip.blend_type not in _COVERING
            or len(strip.modifiers) > 0
            or _is_retimed(strip)
            or strip.name in self._animated
        )

    def _neutral_of(self, strip) -> dict[str, object]:
        """Values of an unchanged strip, of the properties that its type has in this Blender."""
        kind = strip.type
        if kind not in self._neutral:
            known = strip.bl_rna.properties
            self._neutral[kind] = {name: _NEUTRAL[name] for name in _NEUTRAL if name in known}
        return self._neutral[kind]

    def _fits(self, strip) -> bool:
        """Whether a film fills the picture."""
        if not strip.elements:
            return False
        shown = strip.elements[0]
        wide = shown.orig_width * strip.transform.scale_x / self._render.resolution_x
        high = shown.orig_height * strip.transform.scale_y / self._render.resolution_y
        return max(wide, high) >= _FITTING


def _is_retimed(strip) -> bool:
    return "retiming_keys" in strip.bl_rna.properties and len(strip.retiming_keys) > 0


def has_rate_of(scene, name: str) -> bool:
    """Whether the film of a strip has the scene's rate; opens it. False if the strip is gone."""
    strip = compat.all_strips_of(scene.sequence_editor).get(name)
    return (
        strip is not None
        and strip.type == "MOVIE"
        and is_same_rate(strip.fps, scene.render.fps / scene.render.fps_base)
    )


def is_same_rate(rate: float, other: float) -> bool:
    return abs(rate - other) <= _SAME_RATE * other
