"""The operators: each gathers on the main thread what a job needs, starts it and returns at once.

In Blender without a window, where timers never fire, they wait for the job's end instead.
"""

import shutil
import tempfile
from pathlib import Path

import bpy
from bpy.props import StringProperty

from . import compat, forms, jobs, preferences, strips, suggestions, work
from .cuts import Edit
from .joins import Place
from .rendering import Rendering
from .server_process import ServerSettings
from .timeline import NoPictureError, clock, read_edit


class NotAllowedError(Exception):
    """The user's settings forbid what was asked for; the message says which."""


class DIFFBGM_OT_generate(bpy.types.Operator):
    """Write music for the selected strips, or for all in the scene's frame range, cut by cut"""

    bl_idname = "diffbgm.generate"
    bl_label = "Generate BGM"

    @classmethod
    def poll(cls, context):
        return _has_scene(cls, context)

    def execute(self, context):
        scene = compat.edited_scene(context)
        try:
            server = _server(context)
            edit = _picture_for(server, read_edit(scene))
            rendering = _prepare_rendering(edit) if edit.composited else None
        except (NoPictureError, NotAllowedError, RuntimeError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        options = forms.request(scene.diffbgm, "compose")
        place = Place(edit.start, clock(scene))
        order = work.ComposeOrder(edit, place, rendering, options, _music_folder(), server)
        job = jobs.Job(
            title="Generate BGM",
            scene=scene.name,
            work=lambda run: work.compose(order, run),
            finish=_place,
        )
        return _begin(self, job)


class DIFFBGM_OT_regenerate_shot(bpy.types.Operator):
    """Compose one shot again: the shot of the active BGM strip, or the one at the playhead"""

    bl_idname = "diffbgm.regenerate_shot"
    bl_label = "Regenerate Shot"

    @classmethod
    def poll(cls, context):
        if not _has_scene(cls, context):
            return False
        if strips.shot_at_hand(compat.edited_scene(context)) is None:
            cls.poll_message_set("Select a BGM strip, or move the playhead onto one")
            return False
        return True

    def execute(self, context):
        scene = compat.edited_scene(context)
        tag = strips.shot_at_hand(scene)
        if strips.is_shot_locked(scene, tag.composition, tag.shot):
            self.report({"ERROR"}, f"Shot {tag.shot + 1} is locked: unlock its strip and channel")
            return {"CANCELLED"}
        try:
            server = _server(context)
        except NotAllowedError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        options = forms.request(scene.diffbgm_take, "take")
        place = strips.place_of(scene, tag.composition)
        order = work.TakeOrder(tag.composition, place, tag.shot, options, _music_folder(), server)
        job = jobs.Job(
            title=f"Regenerate shot {tag.shot + 1}",
            scene=scene.name,
            work=lambda run: work.new_take(order, run),
            finish=lambda scene, music: _update(scene, music, tag.shot),
        )
        return _begin(self, job)


class DIFFBGM_OT_cancel(bpy.types.Operator):
    """Cancel this job, and no other"""

    bl_idname = "diffbgm.cancel"
    bl_label = "Cancel"

    job: StringProperty(name="Job", description="The job's number", options={"SKIP_SAVE"})

    def execute(self, context):
        if not jobs.cancel(self.job):
            self.report({"WARNING"}, f"No job {self.job} is running")
            return {"CANCELLED"}
        return {"FINISHED"}


class DIFFBGM_OT_start_server(bpy.types.Operator):
    """Start the music server now, so that the first music comes sooner, and ask what it offers"""

    bl_idname = "diffbgm.start_server"
    bl_label = "Start Server"

    def execute(self, context):
        try:
            server = _server(context)
        except NotAllowedError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        job = jobs.Job(
            title="Start server",
            scene="",
            work=lambda run: work.start_server(server, run),
            finish=lambda scene, info: _learn(info),
        )
        return _begin(self, job)


def _has_scene(operator, context) -> bool:
    if compat.edited_scene(context) is None:
        operator.poll_message_set("Choose a scene in the sequencer's header")
        return False
    return True


def _server(context) -> ServerSettings:
    settings = preferences.server_settings(context)
    if not compat.online_access() and not settings.is_on_this_machine():
        raise NotAllowedError(
            "Blender's preferences forbid online access, which the server's address needs: "
            "allow it (System > Network), or empty the address to use a server on this machine"
        )
    return settings


def _picture_for(server: ServerSettings, edit: Edit) -> Edit:
    """The edit, its films named only where the server can open them: where it is our own.

    An edit without a cut may be a film that was cut elsewhere: rendered, it goes as one film, in
    which the server looks for cuts.
    """
    return edit if edit.cuts and not server.address else edit.without_films()


def _prepare_rendering(edit: Edit) -> Rendering:
    """A copy of the file as it is now, and the command that renders it; the file stays as it is.

    Raises OSError, or Blender's RuntimeError, where the copy cannot be written.
    """
    folder = Path(tempfile.mkdtemp(prefix="diffbgm-", dir=bpy.app.tempdir or None))
    copy = folder / "edit.blend"
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True)
    except RuntimeError:
        shutil.rmtree(folder)
        raise
    script = str(Path(__file__).with_name("render_script.py"))
    stretches = [(edit.start + start, edit.start + end) for start, end in edit.composited]
    numbers = [f"{start}-{end}" for start, end in stretches]
    command = compat.script_command(script, str(copy), edit.scene, str(folder), *numbers)
    return Rendering(command, edit.composited, folder)


def _music_folder() -> Path:
    """Beside the .blend file, or in the user's folder as long as the file has no name."""
    if bpy.data.filepath:
        return Path(bpy.data.filepath).parent / "diffbgm"
    return Path(compat.user_folder(__package__))


def _begin(operator, job: jobs.Job) -> set[str]:
    jobs.start(job)
    if not bpy.app.background:
        return {"FINISHED"}
    notice = jobs.wait(job)
    operator.report({"ERROR" if notice.is_error else "INFO"}, notice.text)
    return {"CANCELLED" if notice.is_error else "FINISHED"}


def _place(scene, music: work.Music) -> str:
    strips.place(scene, music)
    return f"Music for {len(music.segments)} shots is in place"


def _update(scene, music: work.Music, shot: int) -> str:
    strips.update(scene, music)
    return f"Shot {shot + 1} has a new take"


def _learn(info: dict) -> str:
    suggestions.learn(info)
    return f"The server is ready ({info['version']})"
