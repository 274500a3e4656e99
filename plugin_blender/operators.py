"""The operators on music that is there, on jobs and on the server.

Each gathers on the main thread what a job needs, starts it and returns at once.
"""

from collections.abc import Iterator

import bpy
from bpy.props import StringProperty

from . import (
    compat,
    forms,
    jobs,
    operating,
    pieces,
    server_process,
    strips,
    suggestions,
    work,
)
from .words import translated


class DIFFBGM_OT_regenerate_shot(bpy.types.Operator):
    """Compose one shot again: the shot of the active BGM strip, or the one at the playhead"""

    bl_idname = "diffbgm.regenerate_shot"
    bl_label = "Regenerate Shot"

    @classmethod
    def poll(cls, context):
        return operating.has_shot(cls, context)

    def execute(self, context):
        scene = compat.edited_scene(context)
        tag = strips.required_shot(scene)
        if strips.is_shot_locked(scene, tag.composition, tag.shot):
            self.report(
                {"ERROR"},
                translated(f"Shot {tag.shot + 1} is locked: unlock its strip and channel"),
            )
            return {"CANCELLED"}
        try:
            server = operating.server_of(context)
        except operating.NotAllowedError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        options = forms.request(scene.diffbgm_take, "take")
        place = strips.place_of(scene, tag.composition)
        order = work.TakeOrder(
            tag.composition, place, tag.shot, options, operating.music_folder(), server
        )
        job = jobs.Job(
            title=f"Regenerate shot {tag.shot + 1}",
            scene=scene.name,
            work=lambda run: work.new_take(order, run),
            finish=lambda scene, music: _update(scene, music, tag.shot),
        )
        return operating.begin(self, job)


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
        log = bpy.data.texts.load(str(server_process.log_path()))
        self.report({"INFO"}, translated(f"{log.name}: in the Text Editor"))
        if not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(server_process.log_path()))
        return {"FINISHED"}


class DIFFBGM_OT_preferences(bpy.types.Operator):
    """Open the add-on's preferences: the server's address, token and program"""

    bl_idname = "diffbgm.preferences"
    bl_label = "Preferences"

    def execute(self, context):
        if not bpy.app.background:
            bpy.ops.preferences.addon_show(module=__package__ or "")
        return {"FINISHED"}


class DIFFBGM_OT_start_server(bpy.types.Operator):
    """Start the music server now, so that the first music comes sooner, and ask what it offers"""

    bl_idname = "diffbgm.start_server"
    bl_label = "Start Server"

    def execute(self, context):
        try:
            server = operating.server_of(context)
        except operating.NotAllowedError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        job = jobs.Job(
            title="Start server",
            scene="",
            work=lambda run: work.start_server(server, run),
            finish=lambda scene, info: _learn(info),
        )
        return operating.begin(self, job)


def _update(scene, music: work.Music, shot: int) -> Iterator[str]:
    piece = pieces.piece(scene, music.composition)
    if piece is not None:
        piece.before[str(shot)] = strips.takes_of(scene, music.composition).get(shot, 0)
        pieces.remember(scene, music.composition, piece)
    if not strips.update(scene, music):
        yield f"Shot {shot + 1}: the same seed and options gave the same take"
    else:
        yield f"Shot {shot + 1} has a new take"


def _learn(info: dict) -> Iterator[str]:
    suggestions.learn(info)
    yield f"The server is ready ({info['version']})"
