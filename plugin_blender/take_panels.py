"""The sidebar's part about one shot and its next take. Shows; decides nothing."""

import bpy

from . import (
    beat_markers,
    compat,
    forms,
    operators,
    pieces,
    refitting,
    stem_operators,
    strips,
    take_operators,
)
from .sidebar import Part
from .tags import Tag
from .words import translated


class DIFFBGM_PT_shot(Part, bpy.types.Panel):
    bl_label = "One Shot Again"
    bl_idname = "DIFFBGM_PT_shot"

    def draw(self, context) -> None:
        scene = compat.edited_scene(context)
        forms.draw(self.layout, scene.diffbgm_take, "take", "front")
        _draw_regenerate(self.layout, scene)
        if tag := strips.shot_at_hand(scene):
            _draw_takes(self.layout, scene, tag)


class DIFFBGM_PT_more_shot_options(Part, bpy.types.Panel):
    bl_label = "More Options"
    bl_idname = "DIFFBGM_PT_more_shot_options"
    bl_parent_id = DIFFBGM_PT_shot.bl_idname
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, as Blender wants it

    def draw(self, context) -> None:
        forms.draw(self.layout, compat.edited_scene(context).diffbgm_take, "take", "more")


def _draw_regenerate(layout, scene) -> None:
    tag = strips.shot_at_hand(scene)
    text = translated(f"Regenerate Shot {tag.shot + 1}" if tag else "Regenerate Shot")
    layout.operator(operators.DIFFBGM_OT_regenerate_shot.bl_idname, text=text, icon="FILE_REFRESH")


def _draw_takes(layout, scene, tag: Tag) -> None:
    """Which take is in the mix, what a person thinks of it, and the way to the others."""
    piece = pieces.piece(scene, tag.composition)
    if piece is None or tag.shot >= len(piece.takes):
        return
    choose = take_operators.DIFFBGM_OT_choose_take.bl_idname
    row = layout.row(align=True)
    row.operator(choose, text="", icon="TRIA_LEFT").which = "PREVIOUS"
    row.label(text=f"{tag.take + 1} / {piece.takes[tag.shot]}")
    row.operator(choose, text="", icon="TRIA_RIGHT").which = "NEXT"
    row.operator(choose, text="A/B", icon="ARROW_LEFTRIGHT").which = "COMPARE"
    mark = take_operators.DIFFBGM_OT_mark_take.bl_idname
    is_favourite = piece.marks.get(f"{tag.shot}/{tag.take}") == pieces.FAVOURITE
    favourite = row.operator(mark, text="", icon="SOLO_ON" if is_favourite else "SOLO_OFF")
    favourite.mark = "none" if is_favourite else pieces.FAVOURITE
    row.operator(mark, text="", icon="TRASH").mark = pieces.DELETED
    is_locked = strips.is_shot_locked(scene, tag.composition, tag.shot)
    lock = take_operators.DIFFBGM_OT_lock_shot.bl_idname
    row.operator(lock, text="", icon="LOCKED" if is_locked else "UNLOCKED", depress=is_locked)


class DIFFBGM_PT_beats(Part, bpy.types.Panel):
    bl_label = "Beats, Stems, Changes"
    bl_idname = "DIFFBGM_PT_beats"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012, as Blender wants it

    def draw(self, context) -> None:
        row = self.layout.row(align=True)
        show = beat_markers.DIFFBGM_OT_show_beats.bl_idname
        for kind, text in (("BARS", "Bars"), ("BEATS", "Beats"), ("HITS", "Hits")):
            row.operator(show, text=text).kind = kind
        row.operator(beat_markers.DIFFBGM_OT_clear_beats.bl_idname, text="", icon="X")
        row = self.layout.row(align=True)
        row.operator(stem_operators.DIFFBGM_OT_show_stems.bl_idname, icon="SOUND")
        row.operator(stem_operators.DIFFBGM_OT_hide_stems.bl_idname, text="", icon="X")
        self.layout.operator(refitting.DIFFBGM_OT_refit.bl_idname, icon="UV_SYNC_SELECT")
