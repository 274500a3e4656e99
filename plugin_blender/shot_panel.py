"""The list of shots in the sidebar, and how the music would meet their cuts. Decides nothing."""

from typing import Any

import bpy

from . import compat, finding, thumbnails
from .ranges import NoPictureError, picture_range
from .shot_properties import hits
from .sidebar import Part, draw_text
from .words import translated

_ROWS = 6
_ON_A_BEAT = {"downbeat": "KEYFRAME_HLT", "beat": "KEYFRAME", "half": "HANDLETYPE_FREE_VEC"}


class DIFFBGM_UL_shots(bpy.types.UIList):
    """A row a cut: its picture, time, how the beat would meet it, and what a person says of it."""

    bl_idname = "DIFFBGM_UL_shots"

    def draw_item(
        self, context, layout, data, item, icon, active_data, active_property, index=0, flt_flag=0
    ) -> None:
        scene = data.id_data
        row = layout.row(align=True)
        content = row.row(align=True)
        content.active = item.word != "DROP"
        number = thumbnails.icon(scene.name, item.frame)
        if number:
            content.template_icon(icon_value=number, scale=1.6)
        content.label(text=_time(item.frame - scene.frame_start, scene))
        text, symbol = _meeting(scene, item)
        content.label(text=text, icon=symbol)
        row.prop(item, "word", text="", icon_only=True)
        if item.is_added:
            remove = row.operator(
                finding.DIFFBGM_OT_remove_cut.bl_idname, text="", icon="X", emboss=False
            )
            remove.frame = item.frame


class DIFFBGM_PT_shots(Part, bpy.types.Panel):
    bl_label = "Shots"
    bl_idname = "DIFFBGM_PT_shots"

    def draw(self, context) -> None:
        layout, scene = self.layout, compat.edited_scene(context)
        shots = scene.diffbgm_shots
        row = layout.row(align=True)
        row.operator(finding.DIFFBGM_OT_find_shots.bl_idname, icon="VIEWZOOM")
        row.operator(finding.DIFFBGM_OT_add_cut.bl_idname, text="", icon="ADD")
        if shots.cuts:
            layout.template_list(
                DIFFBGM_UL_shots.bl_idname, "", shots, "cuts", shots, "index", rows=_ROWS
            )


def draw_hits(layout, scene) -> None:
    """How many cuts the music would meet with the options as they are."""
    found = hits.found(scene.name)
    if isinstance(found, str):
        draw_text(layout, found, "ERROR")
    elif found is not None:
        met = [hit for hit in found["hits"] if hit["kind"] in ("downbeat", "beat")]
        text = translated(f"{len(met)} of {len(found['hits'])} cuts on a beat")
        layout.label(text=text, icon="SORTTIME" if hits.is_asking(scene.name) else "CHECKMARK")


def _meeting(scene, cut) -> tuple[str, Any]:
    """How the music would meet a cut, as words and an icon."""
    hit = _hit(scene, cut.frame)
    if hit is None or cut.word == "DROP":
        return "", "BLANK1"
    off = round(hit["frames_off"], 1)
    return translated(f"{off:+g} fr" if off else "on beat"), _ON_A_BEAT.get(hit["kind"], "DOT")


def _hit(scene, frame: int) -> dict[str, Any] | None:
    found = hits.found(scene.name)
    if not isinstance(found, dict):
        return None
    try:
        start = picture_range(scene).start
    except NoPictureError:
        return None
    by_frame = found.setdefault("by_frame", {hit["cut_frame"]: hit for hit in found["hits"]})
    return by_frame.get(frame - start)


def _time(frames: int, scene) -> str:
    """Minutes, seconds and frames from the scene's first frame on."""
    fps = scene.render.fps
    seconds, rest = divmod(max(frames, 0), fps)
    return f"{seconds // 60}:{seconds % 60:02}:{rest:02}"
