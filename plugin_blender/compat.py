"""What differs between Blender 3.4 and 5.x, by probing. The one place that knows of versions."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

import bpy

_STRIP = getattr(bpy.types, "Strip" if hasattr(bpy.types, "Strip") else "Sequence")  # from 4.4 on
# What a strip's first frame is called, and the first frame after it (new names from 5.1 on).
SPAN = (
    ("left_handle", "right_handle")
    if "left_handle" in _STRIP.bl_rna.properties
    else ("frame_final_start", "frame_final_end")
)


def strips_of(owner):
    """The strips directly inside a sequence editor or a meta strip ("strips" from 4.4 on)."""
    return owner.strips if hasattr(owner, "strips") else owner.sequences


def all_strips_of(editor):
    """All strips of a sequence editor by name, those within meta strips too."""
    return editor.strips_all if hasattr(editor, "strips_all") else editor.sequences_all


def edited_scene(context):
    """The scene that the sequencer shows; from 5.0 on that may be another one, or None.

    Without a window there is no sequencer to choose one in: a script means the current scene.
    """
    chosen = getattr(context, "sequencer_scene", context.scene)
    return context.scene if chosen is None and bpy.app.background else chosen


def span(strip) -> tuple[int, int]:
    """First frame of a strip, and the first frame after it."""
    first, after = SPAN
    return int(getattr(strip, first)), int(getattr(strip, after))


def content_start(strip) -> int:
    """The frame at which a strip would begin were it not trimmed (a new name from 5.1 on)."""
    return int(strip.content_start if hasattr(strip, "content_start") else strip.frame_start)


def set_start(strip, frame: int) -> None:
    """Make a strip begin at `frame`, its content staying where it is."""
    setattr(strip, SPAN[0], frame)


def set_end(strip, frame: int) -> None:
    """Make a strip end just before `frame`; it holds its last picture, or silence, if need be."""
    setattr(strip, SPAN[1], frame)


def animated_strips(scene) -> set[str]:
    """Names of the strips that have keyframes or drivers (actions have layers from 4.4 on).

    Keyframes of a multicam's angle do not count: they change what is shown, not how.
    """
    data = scene.animation_data
    if data is None:
        return set()
    curves = [*data.drivers, *(_curves(data.action) if data.action else ())]
    paths = (curve.data_path for curve in curves)
    return {
        path.split('"')[1]
        for path in paths
        if 'all["' in path and not path.endswith(".multicam_source")
    }


class Curve(NamedTuple):
    """A keyframed property: the frames of its keys, and what Blender reads its values from."""

    frames: Sequence[int]
    curve: Any

    def value(self, frame: int) -> float:
        return self.curve.evaluate(frame)


def keyed(scene, name: str) -> dict[str, Curve]:
    """Where a property of strips has keyframes, by the strip's name."""
    action = scene.animation_data.action if scene.animation_data else None
    curves = _curves(action) if action else ()
    return {
        curve.data_path.split('"')[1]: Curve(
            [round(key.co.x) for key in curve.keyframe_points], curve
        )
        for curve in curves
        if 'all["' in curve.data_path and curve.data_path.endswith(f".{name}")
    }


def all_keys(scene) -> dict[str, list[tuple[str, float, float]]]:
    """Property, frame and value of every keyframe of strips, by the strip's name."""
    action = scene.animation_data.action if scene.animation_data else None
    found: dict[str, list[tuple[str, float, float]]] = defaultdict(list)
    for curve in _curves(action) if action else ():
        _, *strip = curve.data_path.split('all["', 1)
        if strip:
            name, path = strip[0].split('"', 1)
            found[name] += [(path, *key.co) for key in curve.keyframe_points]
    return found


def set_keys(scene, strip, name: str, keys: Sequence[tuple[float, float]]) -> None:
    """Gives a property of a strip keyframes (frame, value), with straight lines between them."""
    for frame, value in keys:
        setattr(strip, name, value)
        strip.keyframe_insert(name, frame=frame)
    for key in keyed(scene, name)[strip.name].curve.keyframe_points if keys else ():
        key.interpolation = "LINEAR"


def _curves(action) -> list:
    if hasattr(action, "fcurves"):
        return list(action.fcurves)
    bags = (bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags)
    return [curve for bag in bags for curve in bag.fcurves]


def set_video_output(settings) -> None:
    """Make a render write a movie; from 5.0 on the kind of medium is chosen before the format."""
    if hasattr(settings, "media_type"):
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"


def user_folder(package: str | None) -> str:
    """A folder of the user's for our files: the extension's own from 4.2 on, made if missing."""
    if package and package.startswith("bl_ext."):
        return bpy.utils.extension_path_user(package, create=True)
    return bpy.utils.user_resource("DATAFILES", path="diffbgm", create=True)


def is_rendering() -> bool:
    """Whether Blender renders beside the window, when nothing that it reads may change."""
    return bpy.app.is_job_running("RENDER")


def online_access() -> bool:
    """Whether the user lets add-ons reach other machines; a setting from 4.2 on."""
    return getattr(bpy.app, "online_access", True)


def draw_progress(layout, fraction: float, text: str) -> None:
    """A progress bar, from 4.0 on; a line of text before."""
    if hasattr(layout, "progress"):
        layout.progress(factor=fraction, text=text)
    else:
        layout.label(text=f"{text}  {fraction:.0%}", icon="SORTTIME")


def suggestions(search) -> dict:
    """Keywords that make a `StringProperty` suggest values but still take any text."""
    return {"search": search, "search_options": {"SUGGESTION"}}


def script_command(script: str, *arguments: str) -> list[str]:
    """A command that runs a script in another Blender, without a window or the user's settings.

    Where Blender is the `bpy` module, another Python with that module stands for it.
    """
    if bpy.app.binary_path:
        blender = [bpy.app.binary_path, "--background", "--factory-startup"]
        return [*blender, "--python-exit-code", "1", "--python", script, "--", *arguments]
    return [sys.executable, script, "--", *arguments]
