"""Where editors look for it: Add menu, context menu, shortcuts. Shows; decides nothing."""

from typing import Any

import bpy

from . import (
    beat_markers,
    compat,
    generating,
    operators,
    progress_view,
    shortcuts,
    strips,
    take_operators,
)


def draw_add(self, context) -> None:
    self.layout.separator()
    self.layout.operator(generating.DIFFBGM_OT_generate.bl_idname, icon="PLAY_SOUND")


def draw_context(self, context) -> None:
    """In a strip's menu: what may be done to the music at hand, or to get some."""
    layout, scene = self.layout, compat.edited_scene(context)
    layout.separator()
    layout.operator(generating.DIFFBGM_OT_generate.bl_idname, icon="PLAY_SOUND")
    if scene is None or strips.shot_at_hand(scene) is None:
        return
    layout.operator(operators.DIFFBGM_OT_regenerate_shot.bl_idname, icon="FILE_REFRESH")
    compare = layout.operator(
        take_operators.DIFFBGM_OT_choose_take.bl_idname,
        text="Compare Takes",
        icon="ARROW_LEFTRIGHT",
    )
    compare.which = "COMPARE"
    layout.operator(take_operators.DIFFBGM_OT_lock_shot.bl_idname, icon="LOCKED")
    layout.operator(beat_markers.DIFFBGM_OT_show_beats.bl_idname, icon="MARKER")


def _additions() -> tuple[tuple[Any, Any], ...]:
    """Menus of Blender's, and what draws our part of each."""
    return (
        (bpy.types.SEQUENCER_MT_add, draw_add),
        (bpy.types.SEQUENCER_MT_context_menu, draw_context),
    )


def register() -> None:
    status: Any = bpy.types.STATUSBAR_HT_header
    status.prepend(progress_view.draw_status)
    for menu, draw in _additions():
        menu.append(draw)
    keys = bpy.context.window_manager.keyconfigs.addon
    if keys is None:  # Blender without a window
        return
    keymap = keys.keymaps.new(name="Sequencer", space_type="SEQUENCE_EDITOR")
    chosen = take_operators.DIFFBGM_OT_choose_take.bl_idname
    compare = keymap.keymap_items.new(chosen, "T", "PRESS", alt=True)
    compare.properties.which = "COMPARE"
    following = keymap.keymap_items.new(chosen, "T", "PRESS", alt=True, shift=True)
    following.properties.which = "NEXT"
    again = keymap.keymap_items.new(
        operators.DIFFBGM_OT_regenerate_shot.bl_idname, "R", "PRESS", alt=True, shift=True
    )
    generate = keymap.keymap_items.new(
        generating.DIFFBGM_OT_generate.bl_idname, "B", "PRESS", alt=True, shift=True
    )
    shortcuts.added.extend((keymap, item) for item in (compare, following, again, generate))


def unregister() -> None:
    status: Any = bpy.types.STATUSBAR_HT_header
    status.remove(progress_view.draw_status)
    for menu, draw in _additions():
        menu.remove(draw)
    for keymap, item in shortcuts.added:
        keymap.keymap_items.remove(item)
    shortcuts.added.clear()
