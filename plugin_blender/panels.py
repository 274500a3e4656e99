"""The panel "Generate BGM" and its parts in the sequencer's sidebar. Shows; decides nothing."""

import textwrap

import bpy

from . import compat, forms, jobs, operators, strips
from .timeline import NoPictureError, has_selection, picture_range

LINE = 44  # characters of a message that fit the sidebar at its usual width


class _Sidebar:
    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Generate BGM"


class _Part(_Sidebar):
    """A part of the panel; the panel itself says where there is no scene."""

    @classmethod
    def poll(cls, context) -> bool:
        return compat.edited_scene(context) is not None


class DIFFBGM_PT_generate(_Sidebar, bpy.types.Panel):
    bl_label = "Generate BGM"
    bl_idname = "DIFFBGM_PT_generate"

    def draw(self, context) -> None:
        layout = self.layout
        scene = compat.edited_scene(context)
        if scene is None:
            layout.label(text="Choose a scene in the header", icon="INFO")
            return
        forms.draw(layout, scene.diffbgm, "compose", "front")
        _draw_generate(layout, scene)
        for job in jobs.running():
            _draw_job(layout, job)
        if notice := jobs.notice():
            _draw_notice(layout, notice)
        layout.operator(operators.DIFFBGM_OT_start_server.bl_idname, icon="URL")


class DIFFBGM_PT_more_options(_Part, bpy.types.Panel):
    bl_label = "More Options"
    bl_idname = "DIFFBGM_PT_more_options"
    bl_parent_id = DIFFBGM_PT_generate.bl_idname
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, as Blender wants it

    def draw(self, context) -> None:
        forms.draw(self.layout, compat.edited_scene(context).diffbgm, "compose", "more")


class DIFFBGM_PT_shot(_Part, bpy.types.Panel):
    bl_label = "One Shot Again"
    bl_idname = "DIFFBGM_PT_shot"
    bl_parent_id = DIFFBGM_PT_generate.bl_idname

    def draw(self, context) -> None:
        scene = compat.edited_scene(context)
        forms.draw(self.layout, scene.diffbgm_take, "take", "front")
        _draw_regenerate(self.layout, scene)


class DIFFBGM_PT_more_shot_options(_Part, bpy.types.Panel):
    bl_label = "More Options"
    bl_idname = "DIFFBGM_PT_more_shot_options"
    bl_parent_id = DIFFBGM_PT_shot.bl_idname
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, as Blender wants it

    def draw(self, context) -> None:
        forms.draw(self.layout, compat.edited_scene(context).diffbgm_take, "take", "more")


def _draw_generate(layout, scene) -> None:
    column = layout.column()
    try:
        start, end = picture_range(scene)
    except NoPictureError as error:
        _draw_text(column, str(error), "INFO")
        column.enabled = False
    else:
        what = "selected strips" if has_selection(scene) else "scene range"
        column.label(text=f"Frames {start} to {end - 1} ({what})", icon="PREVIEW_RANGE")
    button = column.row()
    button.scale_y = 1.6
    button.operator(operators.DIFFBGM_OT_generate.bl_idname, icon="PLAY_SOUND")


def _draw_regenerate(layout, scene) -> None:
    tag = strips.shot_at_hand(scene)
    text = f"Regenerate Shot {tag.shot + 1}" if tag else "Regenerate Shot"
    layout.operator(operators.DIFFBGM_OT_regenerate_shot.bl_idname, text=text, icon="FILE_REFRESH")


def _draw_job(layout, job: jobs.Job) -> None:
    box = layout.box()
    row = box.row()
    row.label(text=job.title)
    cancel = row.operator(operators.DIFFBGM_OT_cancel.bl_idname, text="", icon="X", emboss=False)
    cancel.job = job.id
    compat.draw_progress(box, job.fraction, job.stage)


def _draw_notice(layout, notice: jobs.Notice) -> None:
    box = layout.box()
    box.alert = notice.is_error
    _draw_text(box, notice.text, "ERROR" if notice.is_error else "CHECKMARK")


def _draw_text(layout, text: str, icon: str) -> None:
    """Lines of their own for a long text: a label is one line."""
    column = layout.column(align=True)
    lines = [part for line in text.splitlines() for part in textwrap.wrap(line, LINE)]
    for number, line in enumerate(lines):
        column.label(text=line, icon="BLANK1" if number else icon)
