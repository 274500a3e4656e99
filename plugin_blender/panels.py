"""The panel "Generate BGM" in the sequencer's sidebar, and its options. Shows; decides nothing."""

import bpy

from . import compat, forms, generating, manual, progress_view, shot_panel
from .ranges import NoPictureError, picture_range
from .sidebar import MAIN_PANEL, Part, Sidebar, draw_text
from .words import translated


class DIFFBGM_PT_generate(Sidebar, bpy.types.Panel):
    bl_label = "Generate BGM"
    bl_idname = MAIN_PANEL

    def draw_header_preset(self, context) -> None:
        help_ = manual.DIFFBGM_OT_help.bl_idname
        self.layout.operator(help_, text="", icon="HELP", emboss=False)

    def draw(self, context) -> None:
        layout = self.layout
        scene = compat.edited_scene(context)
        if scene is None:
            layout.label(text="Choose a scene in the header", icon="INFO")
            return
        forms.draw(layout, scene.diffbgm, "compose", "front")
        _draw_generate(layout, scene)
        progress_view.draw(layout)


class DIFFBGM_PT_more_options(Part, bpy.types.Panel):
    bl_label = "More Options"
    bl_idname = "DIFFBGM_PT_more_options"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, as Blender wants it

    def draw(self, context) -> None:
        forms.draw(self.layout, compat.edited_scene(context).diffbgm, "compose", "more")


def _draw_generate(layout, scene) -> None:
    column = layout.column()
    try:
        start, end, chosen = picture_range(scene)
    except NoPictureError as error:
        draw_text(column, str(error), "INFO")
        column.enabled = False
    else:
        column.label(
            text=translated(f"Frames {start} to {end - 1} ({chosen})"), icon="PREVIEW_RANGE"
        )
    shot_panel.draw_hits(column, scene)
    button = column.row()
    button.scale_y = 1.6
    button.operator(generating.DIFFBGM_OT_generate.bl_idname, icon="PLAY_SOUND")
