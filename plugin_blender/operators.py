"""The operators on music that is there, on jobs and on the server.

Each gathers on the main thread what a job needs, starts it and returns at once.
"""

from collections.abc import Iterator

import bpy
from bpy.props import EnumProperty, StringProperty

from . import (
    compat,
    forms,
    jobs,
    lanes,
    operating,
    pieces,
    sending,
    server_process,
    stem_strips,
    strips,
    suggestions,
    work,
)
from .tags import composition_of
from .words import translated


class DIFFBGM_OT_regenerate_shot(operating.Starts, bpy.types.Operator):
    """Compose one shot again: the shot of the active BGM strip, or the one at the playhead"""

    bl_idname = "diffbgm.regenerate_shot"
    bl_label = "Regenerate Shot"

    @classmethod
    def poll(cls, context):
        return operating.has_shot(cls, context)

    def job(self, context):
        scene = compat.edited_scene(context)
        tag = strips.required_shot(scene)
        if strips.is_shot_locked(scene, tag.composition, tag.shot):
            raise operating.NotReadyError(
                f"Shot {tag.shot + 1} is locked: unlock its strip and channel"
            )
        order = work.TakeOrder(
            tag.composition,
            strips.place_of(scene, tag.composition),
            tag.shot,
            forms.request(scene.diffbgm_take, "take"),
            operating.writable_music_folder(),
            operating.server_of(context),
            with_stems=bool(stem_strips.stem_strips(scene, tag.composition)),
        )
        return jobs.Job(
            title=f"Regenerate shot {tag.shot + 1}",
            scene=scene.name,
            work=lambda run: work.new_take(order, run),
            finish=lambda scene, music: _update(scene, music, tag.shot),
        )


class DIFFBGM_OT_place_again(bpy.types.Operator):
    """Put finished music that found no place into this scene, now that there is room"""

    bl_idname = jobs.PLACE_AGAIN
    bl_label = "Place Again"

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context) and jobs.has_unplaced()

    def execute(self, context):
        return operating.follow(self, jobs.place_again(compat.edited_scene(context)))


class DIFFBGM_OT_cancel(bpy.types.Operator):
    """Cancel this job, and no other"""

    bl_idname = "diffbgm.cancel"
    bl_label = "Cancel"

    job: StringProperty(name="Job", description="The job's number", options={"SKIP_SAVE"})

    def execute(self, context):
        if not jobs.cancel(self.job):
            self.report({"WARNING"}, translated(f"No job {self.job} is running"))
            return {"CANCELLED"}
        return {"FINISHED"}


class DIFFBGM_OT_show_log(bpy.types.Operator):
    """Open what the music server on this machine has written"""

    bl_idname = "diffbgm.show_log"
    bl_label = "Show Log"

    @classmethod
    def poll(cls, context):
        if not server_process.log_path().is_file():
            cls.poll_message_set("No server was started on this machine yet")
            return False
        return True

    def execute(self, context):
        log = _fresh_log(str(server_process.log_path()))
        if bpy.app.background:
            self.report({"INFO"}, translated(f"{log.name}: in the Text Editor"))
            return {"FINISHED"}
        bpy.ops.wm.window_new()
        area = context.window_manager.windows[-1].screen.areas[0]
        area.type = "TEXT_EDITOR"
        area.spaces.active.text = log
        area.spaces.active.show_word_wrap = True
        return {"FINISHED"}


class DIFFBGM_OT_preferences(bpy.types.Operator):
    """Open the add-on's preferences: the server's address, token and program"""

    bl_idname = "diffbgm.preferences"
    bl_label = "Preferences"

    def execute(self, context):
        if not bpy.app.background:
            bpy.ops.preferences.addon_show(module=__package__ or "")
        return {"FINISHED"}


class DIFFBGM_OT_choose_style(bpy.types.Operator):
    """Choose one of the styles that the server has"""

    bl_idname = sending.CHOOSE_STYLE
    bl_label = "Choose Style"
    bl_options = {"UNDO"}  # noqa: RUF012, as Blender wants it
    bl_property = "style"

    style: EnumProperty(
        name="Style", items=lambda operator, context: [(s, s, "") for s in suggestions.styles]
    )

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context)

    def invoke(self, context, event):
        context.window_manager.invoke_search_popup(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        compat.edited_scene(context).diffbgm.style = self.style
        return {"FINISHED"}


class DIFFBGM_OT_remove_muted(bpy.types.Operator):
    """Remove older music that is muted, to make room on its channels"""

    bl_idname = lanes.REMOVE_MUTED
    bl_label = "Remove Muted Music"
    bl_options = {"UNDO"}  # noqa: RUF012, as Blender wants it

    @classmethod
    def poll(cls, context):
        if not operating.has_scene(cls, context):
            return False
        if not strips.muted_compositions(compat.edited_scene(context)):
            cls.poll_message_set("No music of ours is muted")
            return False
        return True

    def execute(self, context):
        scene = compat.edited_scene(context)
        muted = strips.muted_compositions(scene)
        on_top = compat.strips_of(scene.sequence_editor)
        for strip in [strip for strip in on_top if composition_of(strip) in muted]:
            on_top.remove(strip)
        return {"FINISHED"}


class DIFFBGM_OT_start_server(operating.Starts, bpy.types.Operator):
    """Start the music server now, so that the first music comes sooner, and ask what it offers"""

    bl_idname = "diffbgm.start_server"
    bl_label = "Start Server"

    @classmethod
    def poll(cls, context):
        return True

    def job(self, context):
        server = operating.server_of(context)
        return jobs.Job(
            title="Start server",
            scene="",
            work=lambda run: work.start_server(server, run),
            finish=lambda scene, info: _greet(info),
        )


def _fresh_log(path: str):
    """The log as a text of Blender's, at its end; one that was shown before goes."""
    for text in [text for text in bpy.data.texts if text.filepath == path]:
        bpy.data.texts.remove(text)
    log = bpy.data.texts.load(path)
    log.cursor_set(len(log.lines) - 1)
    return log


def _update(scene, music: work.Music, shot: int) -> Iterator[str]:
    piece = pieces.piece(scene, music.composition)
    if piece is not None:
        piece.before[str(shot)] = strips.takes_of(scene, music.composition).get(shot, 0)
        pieces.remember(scene, music.composition, piece)
    stem_strips.update(scene, music.composition, music.stems)
    if not strips.update(scene, music):
        yield f"Shot {shot + 1}: the same seed and options gave the same take"
    else:
        yield f"Shot {shot + 1} has a new take"


def _greet(info: dict) -> Iterator[str]:
    yield f"The server is ready ({info['version']})"
