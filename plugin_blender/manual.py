"""Help: the manual that came along, for buttons and right clicks, and what a bug report needs."""

import platform
from pathlib import Path

import bpy

from . import jobs, server_process

PAGE = Path(__file__).with_name("manual.txt")
LOG_LINES = 40


class DIFFBGM_OT_help(bpy.types.Operator):
    """Open the manual of Generate BGM, which came with the add-on"""

    bl_idname = "diffbgm.help"
    bl_label = "Help"

    def execute(self, context):
        if not bpy.app.background:
            bpy.ops.wm.url_open(url=PAGE.as_uri())
        return {"FINISHED"}


class DIFFBGM_OT_report_bug(bpy.types.Operator):
    """Copy what a bug report needs: versions, the last message, the end of the server's log"""

    bl_idname = "diffbgm.report_bug"
    bl_label = "Copy Bug Report"

    def execute(self, context):
        context.window_manager.clipboard = bug_report()
        self.report({"INFO"}, "Copied: paste it into your bug report")
        return {"FINISHED"}


def bug_report() -> str:
    notice, log = jobs.notice(), server_process.log_path()
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:] if log.is_file() else []
    facts = (
        ("Generate BGM", server_process.VERSION),
        ("Blender", bpy.app.version_string),
        ("System", platform.platform()),
        ("Message", notice.text if notice else ""),
    )
    return "\n".join([*(f"{name}: {fact}" for name, fact in facts), *lines])


def links() -> tuple[str, tuple[tuple[str, str], ...]]:
    """For "Online Manual" in the menu of a right click on what is ours."""
    return PAGE.parent.as_uri() + "/", (
        ("bpy.ops.diffbgm.*", PAGE.name),
        ("bpy.types.diffbgm*", PAGE.name),
        ("bpy.types.scene.diffbgm*", PAGE.name),
    )


def register() -> None:
    bpy.utils.register_manual_map(links)


def unregister() -> None:
    bpy.utils.unregister_manual_map(links)
