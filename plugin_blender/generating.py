"""The operator that scores an edit: gathers on the main thread what the job needs, and returns."""

import shutil
import tempfile
from pathlib import Path

import bpy

from . import compat, forms, jobs, operating, strips, work
from .cuts import Edit
from .joins import Place
from .rendering import Rendering
from .sending import ComposeOrder
from .server_process import ServerSettings
from .timeline import NoPictureError, clock, read_edit


class DIFFBGM_OT_generate(bpy.types.Operator):
    """Write music for the selected strips, or for all in the scene's frame range, cut by cut"""

    bl_idname = "diffbgm.generate"
    bl_label = "Generate BGM"

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context)

    def execute(self, context):
        scene = compat.edited_scene(context)
        try:
            server = operating.server_of(context)
            edit = _picture_for(server, read_edit(scene))
            rendering = _prepare_rendering(edit) if edit.composited else None
        except (NoPictureError, operating.NotAllowedError, RuntimeError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        options = forms.request(scene.diffbgm, "compose")
        place = Place(edit.start, clock(scene))
        order = ComposeOrder(edit, place, rendering, options, operating.music_folder(), server)
        job = jobs.Job(
            title="Generate BGM",
            scene=scene.name,
            work=lambda run: work.compose(order, run),
            finish=_place,
        )
        return operating.begin(self, job)


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


def _place(scene, music: work.Music) -> str:
    strips.place(scene, music)
    return f"Music for {len(music.segments)} shots is in place"
