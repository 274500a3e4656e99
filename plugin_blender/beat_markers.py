"""Beats, bars and hits of the music as markers of the timeline, which go again with one click."""

import re

import bpy
from bpy.props import EnumProperty

from . import compat, operating, pieces, strips

NAME = re.compile(r"♪ (bar \d+|beat|hit)")


class DIFFBGM_OT_show_beats(bpy.types.Operator):
    """Mark the beats, the bars or the hits on cuts of the music in the timeline"""

    bl_idname = "diffbgm.show_beats"
    bl_label = "Mark Beats"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, as Blender wants it

    kind: EnumProperty(
        name="Kind",
        items=[
            ("BARS", "Bars", "The first beat of every bar"),
            ("BEATS", "Beats", "Every beat"),
            ("HITS", "Hits", "Cuts that a beat meets"),
        ],
    )

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context)

    def execute(self, context):
        scene = compat.edited_scene(context)
        composition = strips.composition_at_hand(scene)
        piece = composition and pieces.piece(scene, composition)
        if not composition or not piece:
            self.report({"WARNING"}, "There is no music whose beats are known: generate it first")
            return {"CANCELLED"}
        clear(scene)
        start = strips.place_of(scene, composition).frame
        for number, frame in enumerate(_frames(piece, self.kind), start=1):
            scene.timeline_markers.new(_name(self.kind, number), frame=start + frame)
        return {"FINISHED"}


class DIFFBGM_OT_clear_beats(bpy.types.Operator):
    """Remove the markers of beats, bars and hits; all others stay"""

    bl_idname = "diffbgm.clear_beats"
    bl_label = "Clear Beats"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, as Blender wants it

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context)

    def execute(self, context):
        clear(compat.edited_scene(context))
        return {"FINISHED"}


def clear(scene) -> None:
    for marker in [marker for marker in scene.timeline_markers if NAME.fullmatch(marker.name)]:
        scene.timeline_markers.remove(marker)


def _frames(piece: pieces.Piece, kind: str) -> list[int]:
    return {"BARS": piece.downbeats, "BEATS": piece.beats, "HITS": piece.hits}[kind]


def _name(kind: str, number: int) -> str:
    return {"BARS": f"♪ bar {number}", "BEATS": "♪ beat", "HITS": "♪ hit"}[kind]
