"""The sidebar's part about one shot and its next take. Shows; decides nothing."""

import bpy

from . import compat, forms, operators, strips
from .sidebar import Part


class DIFFBGM_PT_shot(Part, bpy.types.Panel):
    bl_label = "One Shot Again"
    bl_idname = "DIFFBGM_PT_shot"

    def draw(self, context) -> None:
        scene = compat.edited_scene(context)
        forms.draw(self.layout, scene.diffbgm_take, "take", "front")
        _draw_regenerate(self.layout, scene)


class DIFFBGM_PT_more_shot_options(Part, bpy.types.Panel):
    bl_label = "More Options"
    bl_idname = "DIFFBGM_PT_more_shot_options"
    bl_parent_id = DIFFBGM_PT_shot.bl_idname
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, as Blender wants it

    def draw(self, context) -> None:
        forms.draw(self.layout, compat.edited_scene(context).diffbgm_take, "take", "more")


def _draw_regenerate(layout, scene) -> None:
    tag = strips.shot_at_hand(scene)
    text = f"Regenerate Shot {tag.shot + 1}" if tag else "Regenerate Shot"
    layout.operator(operators.DIFFBGM_OT_regenerate_shot.bl_idname, text=text, icon="FILE_REFRESH")
