"""The operator that scores an edit: gathers on the main thread what the job needs, and returns."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

from . import (
    compat,
    conforming,
    films,
    jobs,
    lanes,
    looks,
    operating,
    pieces,
    placing,
    shot_properties,
    work,
)
from .cuts import Edit, Film
from .joins import Place
from .rendering import Rendering
from .running import Run, WorkError
from .sending import Blender, ComposeOrder
from .timeline import clock, read_edit

REFIT = "diffbgm.refit"  # makes music of what is new


class DIFFBGM_OT_generate(operating.Starts, bpy.types.Operator):
    """Write music for the preview range, the selected strips, or all in the scene's range"""

    bl_idname = "diffbgm.generate"
    bl_label = "Generate BGM"

    def job(self, context):
        order = order_for(context)
        return placing_job(
            "Generate BGM",
            context,
            order,
            lambda run: work.compose(order, run),
            "Music for {} shots is in place",
        )


def placing_job(
    title: str, context, order: ComposeOrder, compose: Callable[[Run], work.Music], done: str
) -> jobs.Job:
    """A job whose music goes where the shots of the edit are then; what would keep it from there is
    found now. Raises NotReadyError, PlacementError."""
    scene, edit = compat.edited_scene(context), order.edit
    operating.writable_music_folder()
    lanes.find_lane(scene.sequence_editor, edit.start, edit.end)
    held = conforming.hold(scene, edit)

    def finish(scene, music: work.Music) -> Iterator[str | jobs.Notice]:
        spots = conforming.conform(scene, edit, held, music)
        yield jobs.PLACING
        is_same = spots == placing.as_cut(music) and not conforming.has_changed(scene, edit)
        yield jobs.PLACING
        yield from placing.place(scene, music, spots)
        _remember_edit(scene, music.composition, order)
        yield jobs.PLACING
        text = done.format(len(spots))
        changed = f"{text}. The edit was changed meanwhile: the music lies where its shots are now"
        yield text if is_same else jobs.Notice(changed, mend=REFIT)

    return jobs.Job(title, edit.scene, compose, finish, subject=f"{edit.start} - {edit.end - 1}")


def order_for(context) -> ComposeOrder:
    """The edit as it is now, and what is asked of its music; nothing is opened or saved yet.

    Raises NoPictureError, NotReadyError, FormError.
    """
    scene = compat.edited_scene(context)
    server = operating.server_of(context)
    edit = read_edit(scene)
    name, seen = edit.scene, []

    def prepare(edit: Edit, with_sound: bool) -> Rendering:
        seen[:] = looks.composited(_scene(name), edit)
        return _prepare_rendering(edit, with_sound)

    return ComposeOrder(
        edit,
        Place(edit.start, clock(scene)),
        Blender(lambda film: _has_rate(name, film), prepare, operating.music_folder),
        shot_properties.options_of(scene),
        operating.music_folder(),
        server,
        seen,
    )


def _remember_edit(scene, composition: str, order: ComposeOrder) -> None:
    """So that a refit tells what changed in it."""
    if piece := pieces.piece(scene, composition):
        piece.stretches = order.stretches
        pieces.remember(scene, composition, piece)


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
