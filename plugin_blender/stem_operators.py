"""The operators that show stems in place of the mix, and the mix in place of stems."""

from collections.abc import Iterator

import bpy

from . import compat, jobs, operating, pieces, stem_strips, strips, work


class DIFFBGM_OT_show_stems(operating.Starts, bpy.types.Operator):
    """Put every instrument of the music on a channel of its own, in place of the mix"""

    bl_idname = "diffbgm.show_stems"
    bl_label = "Show Stems"

    def job(self, context):
        scene = compat.edited_scene(context)
        composition = strips.composition_at_hand(scene)
        piece = pieces.piece(scene, composition) if composition else None
        if not composition or piece is None or not piece.stems:
            raise operating.NotReadyError(
                "There is no music whose stems are known: generate it first"
            )
        frames, start = piece.shots[-1][1], stem_strips.origin_of(scene, composition)
        stem_strips.find_lanes(scene, work.stem_names(piece.stems), start, start + frames)
        folder, server = operating.writable_music_folder(), operating.server_of(context)
        order = work.StemsOrder(composition, folder, server)

        def finish(scene, stems: tuple[work.Stem, ...]) -> Iterator[str]:
            yield from stem_strips.place(scene, composition, stems, frames)
            yield f"{len(stems)} stems are in place of the mix"

        return jobs.Job("Show stems", scene.name, lambda run: work.fetch_stems(order, run), finish)


class DIFFBGM_OT_hide_stems(bpy.types.Operator):
    """Remove the stems, and let the mix sound again"""

    bl_idname = "diffbgm.hide_stems"
    bl_label = "Hide Stems"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012, as Blender wants it

    @classmethod
    def poll(cls, context):
        if not operating.has_scene(cls, context):
            return False
        scene = compat.edited_scene(context)
        composition = strips.composition_at_hand(scene)
        if not composition or not stem_strips.stem_strips(scene, composition):
            cls.poll_message_set("No stems are shown")
            return False
        return True

    def execute(self, context):
        scene = compat.edited_scene(context)
        for _ in stem_strips.clear(scene, strips.composition_at_hand(scene) or ""):
            pass
        jobs.tell(jobs.Notice("The mix is in place of the stems"))
        return {"FINISHED"}
