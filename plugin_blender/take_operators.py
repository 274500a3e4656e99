"""The operators on the takes of one shot: back and forth between them, marked, locked.

What was heard once is exchanged at once, from the files that are here; the server hears of it then.
"""

from collections.abc import Iterator

import bpy
from bpy.props import EnumProperty, IntProperty

from . import compat, heard, jobs, operating, pieces, stem_strips, strips, work
from .tags import Tag, tag_of
from .words import translated


class _OnShot:
    @classmethod
    def poll(cls, context):
        return operating.has_shot(cls, context)


class DIFFBGM_OT_choose_take(_OnShot, bpy.types.Operator):
    """Put another take of the shot into the mix: the next, the previous, or the one before"""

    bl_idname = "diffbgm.choose_take"
    bl_label = "Choose Take"
    bl_options = {"REGISTER"}  # noqa: RUF012, as Blender wants it

    which: EnumProperty(
        name="Which",
        items=[
            ("COMPARE", "Compare", "The take that was in the mix before, and back again"),
            ("NEXT", "Next", "The next take"),
            ("PREVIOUS", "Previous", "The previous take"),
            ("NUMBER", "Number", "The take of that number"),
        ],
        default="COMPARE",
    )
    take: IntProperty(name="Take", description="The take's number, from 0", min=0)

    def execute(self, context):
        scene = compat.edited_scene(context)
        tag = strips.required_shot(scene)
        piece = pieces.piece(scene, tag.composition)
        take = None if piece is None else _wanted(piece, tag, self.which, self.take)
        if piece is None or take is None or take == tag.take:
            self.report({"INFO"}, "The shot has no other take: make one first")
            return {"CANCELLED"}
        piece.before[str(tag.shot)] = tag.take
        pieces.remember(scene, tag.composition, piece)
        return _exchange(self, context, tag, take)


class DIFFBGM_OT_mark_take(_OnShot, bpy.types.Operator):
    """Mark the take in the mix as a favourite, or as one never to come up again"""

    bl_idname = "diffbgm.mark_take"
    bl_label = "Mark Take"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, as Blender wants it

    mark: EnumProperty(
        name="Mark",
        items=[
            (pieces.FAVOURITE, "Favourite", "The one to keep"),
            (pieces.DELETED, "Delete", "Leave it out when takes are compared"),
            ("none", "None", "As any other"),
        ],
    )

    def execute(self, context):
        scene = compat.edited_scene(context)
        tag = strips.required_shot(scene)
        piece = pieces.piece(scene, tag.composition)
        if piece is None:
            self.report({"WARNING"}, "Nothing is known of this music's takes: make a new one first")
            return {"CANCELLED"}
        key = f"{tag.shot}/{tag.take}"
        other = piece.take_beside(tag.shot, tag.take, 1)
        if self.mark == pieces.DELETED and other is None:
            self.report({"WARNING"}, "It is the only take of its shot")
            return {"CANCELLED"}
        piece.marks.pop(key, None)
        if self.mark != "none":
            piece.marks[key] = self.mark
        pieces.remember(scene, tag.composition, piece)
        if self.mark == pieces.DELETED and other is not None:
            return _exchange(self, context, tag, other)
        return {"FINISHED"}


class DIFFBGM_OT_lock_shot(_OnShot, bpy.types.Operator):
    """Lock the music of the shot, so that nothing exchanges it, or unlock it"""

    bl_idname = "diffbgm.lock_shot"
    bl_label = "Lock Shot"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, as Blender wants it

    def execute(self, context):
        scene = compat.edited_scene(context)
        tag = strips.required_shot(scene)
        own = [s for s in strips.our_strips(scene, tag.composition) if tag_of(s).shot == tag.shot]
        is_open = any(not strip.lock for strip in own)
        for strip in own:
            strip.lock = is_open
        return {"FINISHED"}


def _wanted(piece: pieces.Piece, tag: Tag, which: str, number: int) -> int | None:
    if tag.shot >= len(piece.takes):
        return None
    if which == "NUMBER":
        return number if number < piece.takes[tag.shot] else None
    if which == "COMPARE":
        return piece.take_to_compare(tag.shot, tag.take)
    return piece.take_beside(tag.shot, tag.take, 1 if which == "NEXT" else -1)


def _exchange(operator, context, tag: Tag, take: int) -> set[str]:
    """At once where these takes were heard together; by way of the server otherwise."""
    scene = compat.edited_scene(context)
    if strips.is_shot_locked(scene, tag.composition, tag.shot):
        operator.report({"ERROR"}, "The shot is locked: unlock its strip and channel")
        return {"CANCELLED"}
    try:
        server = operating.server_of(context)
    except operating.NotReadyError as error:
        operator.report({"ERROR"}, translated(str(error)))
        return {"CANCELLED"}
    place = strips.place_of(scene, tag.composition)
    takes = strips.takes_of(scene, tag.composition) | {tag.shot: take}
    known = heard.find(tag.composition, tuple(takes[shot] for shot in sorted(takes)))
    if known is not None and known.place == place:
        strips.update(scene, known)
    wish = heard.next_wish(tag.composition)
    folder = operating.music_folder()
    with_stems = bool(stem_strips.stem_strips(scene, tag.composition))
    order = work.TakeOrder(tag.composition, place, tag.shot, {}, folder, server, take, with_stems)
    job = jobs.Job(
        title="Choose take",
        scene=scene.name,
        work=lambda run: work.new_take(order, run),
        finish=lambda scene, music: _exchanged(scene, music, tag.shot, wish),
    )
    return operating.begin(operator, job)


def _exchanged(scene, music: work.Music, shot: int, wish: int) -> Iterator[str]:
    """Puts music with another take into the scene, unless a person chose yet another meanwhile."""
    heard.keep(music)
    if heard.is_latest(music.composition, wish):
        strips.update(scene, music)
        stem_strips.update(scene, music.composition, music.stems)
    yield f"Shot {shot + 1} plays take {music.takes[shot] + 1}"
