"""The operator that scores an edit: gathers on the main thread what the job needs, and returns."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import bpy

from . import compat, films, jobs, operating, placing, shot_properties, work
from .cuts import Edit, Film
from .joins import Place
from .ranges import NoPictureError
from .rendering import Rendering
from .running import WorkError
from .sending import Blender, ComposeOrder
from .timeline import clock, read_edit
from .words import translated


class DIFFBGM_OT_generate(bpy.types.Operator):
    """Write music for the preview range, the selected strips, or all in the scene's range"""

    bl_idname = "diffbgm.generate"
    bl_label = "Generate BGM"

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context)

    def execute(self, context):
        try:
            order = order_for(context)
        except (NoPictureError, operating.NotAllowedError, OSError) as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        job = jobs.Job(
            title="Generate BGM",
            scene=order.edit.scene,
            work=lambda run: work.compose(order, run),
            finish=_place,
        )
        return operating.begin(self, job)


def order_for(context) -> ComposeOrder:
    """The edit as it is now, and what is asked of its music; nothing is opened or saved yet.

    Raises NoPictureError, NotAllowedError, OSError.
    """
    scene = compat.edited_scene(context)
    server = operating.server_of(context)
    edit = read_edit(scene)
    name = edit.scene
    return ComposeOrder(
        edit,
        Place(edit.start, clock(scene)),
        Blender(has_rate=lambda film: _has_rate(name, film), prepare=_prepare_rendering),
        shot_properties.options_of(scene),
        operating.music_folder(),
        server,
    )


def _has_rate(scene_name: str, film: Film) -> bool:
    return films.has_rate_of(_scene(scene_name), film.strip)


def _scene(name: str):
    scene = bpy.data.scenes.get(name)
    if scene is None or scene.sequence_editor is None:
        raise WorkError(f"The scene {name!r} is gone before its picture was read")
    return scene


def _prepare_rendering(edit: Edit, with_sound: bool) -> Rendering:
    """A copy of the file as it is now, and the command that renders it; the file stays as it is.

    Raises WorkError where the copy cannot be written.
    """
    folder = Path(tempfile.mkdtemp(prefix="diffbgm-", dir=bpy.app.tempdir or None))
    copy = folder / "edit.blend"
    try:
        _scene(edit.scene)
        bpy.ops.wm.save_as_mainfile(filepath=str(copy), copy=True)
    except (RuntimeError, WorkError) as error:
        shutil.rmtree(folder)
        raise WorkError(f"The picture cannot be rendered: {error}") from error
    script = str(Path(__file__).with_name("render_script.py"))
    stretches = [(edit.start + start, edit.start + end) for start, end in edit.composited]
    numbers = [f"{start}-{end}" for start, end in stretches]
    sound = ["--sound"] if with_sound else []
    command = compat.script_command(script, *sound, str(copy), edit.scene, str(folder), *numbers)
    return Rendering(command, edit.composited, folder)


def _place(scene, music: work.Music) -> Iterator[str]:
    yield from placing.place(scene, music)
    yield f"Music for {len(music.segments)} shots is in place"
