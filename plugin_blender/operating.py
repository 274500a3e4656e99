"""What all operators share: the scene, the server, where music goes, how a job begins.

In Blender without a window, where timers never fire, they wait for the job's end instead.
"""

from pathlib import Path

import bpy

from . import compat, jobs, preferences, strips
from .server_process import ServerSettings
from .words import translated


class NotAllowedError(Exception):
    """The user's settings forbid what was asked for; the message says which."""


def has_scene(operator, context) -> bool:
    if compat.edited_scene(context) is None:
        operator.poll_message_set("Choose a scene in the sequencer's header")
        return False
    return True


def has_shot(operator, context) -> bool:
    """Whether there is a shot of ours at hand."""
    if not has_scene(operator, context):
        return False
    if strips.shot_at_hand(compat.edited_scene(context)) is None:
        operator.poll_message_set("Select a BGM strip, or move the playhead onto one")
        return False
    return True


def server_of(context) -> ServerSettings:
    settings = preferences.server_settings(context)
    if not compat.online_access() and not settings.is_on_this_machine():
        raise NotAllowedError(
            "Blender's preferences forbid online access, which the server's address needs: "
            "allow it (System > Network), or empty the address to use a server on this machine"
        )
    return settings


def music_folder() -> Path:
    """Beside the .blend file, or in the user's folder as long as the file has no name."""
    if bpy.data.filepath:
        return Path(bpy.data.filepath).parent / "diffbgm"
    return Path(compat.user_folder(__package__))


def begin(operator, job: jobs.Job) -> set[str]:
    return follow(operator, jobs.start(job))


def follow(operator, job: jobs.Job) -> set[str]:
    """What an operator answers whose job runs: with a window at once, else when it has ended."""
    if not bpy.app.background:
        return {"FINISHED"}
    notice = jobs.wait(job)
    operator.report({"ERROR" if notice.is_error else "INFO"}, translated(notice.text))
    return {"CANCELLED" if notice.is_error else "FINISHED"}
