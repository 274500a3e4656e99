"""The operator that carries music over to the edit as it is now, and shows first what changed."""

from collections import Counter

import bpy

from . import changes, compat, generating, looks, operating, pieces, strips, work
from .ranges import NoPictureError
from .timeline import read_edit
from .words import translated

_MOST_LINES = 14
_ICONS = {"moved": "ARROW_LEFTRIGHT", "shorter": "MOD_LENGTH", "deleted": "TRASH", "new": "ADD"}


class DIFFBGM_OT_refit(operating.Starts, bpy.types.Operator):
    """Carry the music over to the edit as it is now: new notes just for what changed"""

    bl_idname = "diffbgm.refit"
    bl_label = "Refit Music"

    @classmethod
    def poll(cls, context):
        if not operating.has_scene(cls, context):
            return False
        if strips.composition_at_hand(compat.edited_scene(context)) is None:
            cls.poll_message_set("There is no music of ours to refit")
            return False
        return True

    def invoke(self, context, event):
        try:
            self._found = found_changes(compat.edited_scene(context))
        except NoPictureError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        return context.window_manager.invoke_props_dialog(self, width=420)

    def draw(self, context) -> None:
        scene = compat.edited_scene(context)
        _draw_changes(self.layout.column(align=True), self._found, scene, read_edit(scene).start)

    def job(self, context):
        composition = strips.composition_at_hand(compat.edited_scene(context)) or ""
        order = generating.order_for(context)
        return generating.placing_job(
            "Refit music",
            context,
            order,
            lambda run: work.refit(order, composition, run),
            "The music fits the edit as it is now: {} shots",
        )


def _draw_changes(column, found: list[changes.Change], scene, start: int) -> None:
    counts = Counter(change.what for change in found)
    column.label(text=", ".join(f"{counts[what]} {what}" for what in counts), icon="INFO")
    rows = [change for change in found if change.what != "kept"]
    rate = scene.render.fps / scene.render.fps_base
    for change in rows[:_MOST_LINES]:
        name = "" if change.shot is None else f"{change.shot + 1}: "
        at = bpy.utils.smpte_from_frame(start + change.start, fps=rate, fps_base=1)
        column.label(text=f"{name}{change.what}, {at}", icon=_ICONS[change.what])
    if len(rows) > _MOST_LINES:
        column.label(text=f"… {len(rows) - _MOST_LINES}")


def found_changes(scene) -> list[changes.Change]:
    """What became of every shot of the music at hand. Raises NoPictureError."""
    now = looks.stretches(scene, read_edit(scene))
    piece = pieces.piece(scene, strips.composition_at_hand(scene) or "")
    if piece is None:
        return changes.compare((), (), now)
    return changes.compare(piece.shots, piece.stretches, now)
