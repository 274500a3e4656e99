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
    bpy.types.Scene.diffbgm = bpy.props.PointerProperty(type=preferences.DIFFBGM_Options)
    bpy.app.handlers.load_post.append(jobs.on_load)


def unregister() -> None:
    jobs.stop_all()
    bpy.app.handlers.load_post.remove(jobs.on_load)
    del bpy.types.Scene.diffbgm
    for cls in reversed(_CLASSES):
        bpy.utils.unregister_class(cls)
