"""Generate BGM: background music that fits the cuts, as strips in Blender's video sequencer."""

import bpy

from . import jobs, operators, panels, preferences

bl_info = {
    "name": "Generate BGM",
    "author": "The diffbgm authors",
    "version": (0, 1, 0),
    "blender": (3, 4, 0),
    "location": "Video Sequencer > Sidebar > BGM",
    "description": "Background music that fits the cuts of your edit",
    "category": "Sequencer",
}

PROPERTY = "diffbgm"  # of every scene: its options

_CLASSES = (
    preferences.DIFFBGM_Preferences,
    preferences.DIFFBGM_Options,
    operators.DIFFBGM_OT_generate,
    operators.DIFFBGM_OT_regenerate_shot,
    operators.DIFFBGM_OT_cancel,
    operators.DIFFBGM_OT_start_server,
    panels.DIFFBGM_PT_generate,
)


def register() -> None:
    for cls in _CLASSES:
        bpy.utils.register_class(cls)
    options = bpy.props.PointerProperty(type=preferences.DIFFBGM_Options)
    setattr(bpy.types.Scene, PROPERTY, options)
    bpy.app.handlers.load_post.append(jobs.on_load)


def unregister() -> None:
    jobs.stop_all()
    bpy.app.handlers.load_post.remove(jobs.on_load)
    delattr(bpy.types.Scene, PROPERTY)
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
