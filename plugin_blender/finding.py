"""The operators of the shot list: finds the shots of an edit, and takes a person's word on them."""

import base64
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import bpy
from bpy.props import IntProperty

from . import compat, generating, jobs, operating, sending, shot_properties, thumbnails
from .client import Client
from .running import Run, within
from .sending import ComposeOrder
from .words import translated

LOOK = (0.35, 1.0)  # from where to where looking takes a job, of 0..1; before it comes the sending
POLL_SECONDS = 0.3


class Found(NamedTuple):
    """What a server found in an edit's picture, and the pictures of its shots."""

    client: Client
    document: dict[str, Any]
    answer: dict[str, Any]
    pictures: list[Path]


class DIFFBGM_OT_find_shots(operating.Starts, bpy.types.Operator):
    """Look at the picture, list its shots, and say how the music would meet their cuts"""

    bl_idname = "diffbgm.find_shots"
    bl_label = "Find Shots"

    def job(self, context):
        order = generating.order_for(context)
        folder = Path(tempfile.mkdtemp(prefix="diffbgm-shots-", dir=bpy.app.tempdir or None))
        return jobs.Job(
            title="Find shots",
            scene=order.edit.scene,
            work=lambda run: find(order, folder, run),
            finish=lambda scene, found: _list(scene, order, found),
            subject=f"{order.edit.start} - {order.edit.end - 1}",
        )


class DIFFBGM_OT_add_cut(bpy.types.Operator):
    """Begin a shot at the playhead, whatever the picture shows"""

    bl_idname = "diffbgm.add_cut"
    bl_label = "Add Cut at Playhead"
    bl_options = {"UNDO"}  # noqa: RUF012, as Blender wants it

    @classmethod
    def poll(cls, context):
        return operating.has_scene(cls, context)

    def execute(self, context):
        scene = compat.edited_scene(context)
        if not scene.diffbgm_shots.add(scene.frame_current):
            self.report(
                {"INFO"}, translated(f"There is a cut at frame {scene.frame_current} already")
            )
            return {"CANCELLED"}
        shot_properties.ask(context)
        return {"FINISHED"}


class DIFFBGM_OT_remove_cut(bpy.types.Operator):
    """Take back a cut that was added by hand"""

    bl_idname = "diffbgm.remove_cut"
    bl_label = "Remove Cut"
    bl_options = {"UNDO"}  # noqa: RUF012, as Blender wants it

    frame: IntProperty(name="Frame", description="The cut's frame", options={"SKIP_SAVE"})

    def execute(self, context):
        compat.edited_scene(context).diffbgm_shots.remove_added(self.frame)
        shot_properties.ask(context)
        return {"FINISHED"}


def find(order: ComposeOrder, folder: Path, run: Run) -> Found:
    """Sends an edit and has it looked at; on a thread. Raises as `sending.send` does."""
    documents: list[dict[str, Any]] = []

    def submit(client: Client, document: dict[str, Any]) -> dict[str, Any]:
        documents.append(document)
        return _answer(lambda: client.shots(document, order.options), run)

    client, answer = sending.hand_over(order, run, submit)
    return Found(client, documents[-1], answer, _pictures(answer, folder))


def _answer(ask: Callable[[], dict[str, Any]], run: Run) -> dict[str, Any]:
    while (answer := ask()).get("state") == "running":
        run.report(str(answer["stage"]).capitalize(), within(LOOK, float(answer["fraction"])))
        run.wait(POLL_SECONDS)
    return answer


def _pictures(answer: dict[str, Any], folder: Path) -> list[Path]:
    paths = []
    for number, shot in enumerate(answer["shots"]):
        paths.append(folder / f"{number}.jpg")
        paths[-1].write_bytes(base64.b64decode(shot["thumbnail"]))
    return paths


def _list(scene, order: ComposeOrder, found: Found) -> Iterator[str]:
    start, shots = order.edit.start, found.answer["shots"]
    cuts = {
        start + shot["start_frame"]: str(shot["cut"]["source"]) for shot in shots if shot["cut"]
    }
    scene.diffbgm_shots.fill(start, order.edit.end, cuts)
    frames = [start + shot["start_frame"] for shot in shots]
    thumbnails.show(scene.name, dict(zip(frames, found.pictures, strict=True)))
    shot_properties.hits.look_at(scene.name, found.client, found.document)
    shot_properties.hits.ask(scene.name, shot_properties.options_of(scene))
    shot_properties.redraw_until_answered()
    yield f"{len(shots)} shots were found"
