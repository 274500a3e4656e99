"""What all operators share: the scene, the server, where music goes, how a job begins.

In Blender without a window, where timers never fire, they wait for the job's end instead.
"""

import tempfile
from pathlib import Path

import bpy

from . import compat, jobs, preferences, strips
from .forms import FormError
from .ranges import NoPictureError
from .server_process import ServerSettings
from .words import translated


class NotReadyError(Exception):
    """What was asked for cannot begin; the message says why, `mend` is the operator that helps."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Starts:
    """An operator that begins a job: a class says which one, or raises what keeps it from it."""

    @classmethod
    def poll(cls, context):
        return has_scene(cls, context)

    def execute(self, context):
        try:
            return begin(self, self.job(context))
        except (NoPictureError, NotReadyError, FormError, jobs.PlacementError) as error:
            return refuse(self, jobs.Notice(str(error), is_error=True, mend=mend_of(error)))

    def job(self, context) -> jobs.Job:
        raise NotImplementedError


def mend_of(error: Exception) -> str:
    """The operator whose button mends what an error tells of; empty where none does."""
    return getattr(error, "mend", "")


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
        raise NotReadyError(
            "Blender's preferences forbid online access, which the server's address needs: "
            "allow it (System > Network), or empty the address to use a server on this machine",
            mend="diffbgm.preferences",
        )
    return settings


def music_folder() -> Path:
    """Beside the .blend file, or in the user's folder as long as the file has no name."""
    if bpy.data.filepath:
        return Path(bpy.data.filepath).parent / "diffbgm"
    return Path(compat.user_folder(__package__))


def writable_music_folder() -> Path:
    """`music_folder`, made if missing; NotReadyError where music could not be kept in it."""
    folder = music_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise NotReadyError(
            f"Music cannot be kept in {folder} ({error.strerror}): save the file elsewhere",
            mend="wm.save_as_mainfile",
        ) from error


def begin(operator, job: jobs.Job) -> set[str]:
    return follow(operator, jobs.start(job))


def follow(operator, job: jobs.Job) -> set[str]:
    """What an operator answers whose job runs: with a window at once, else when it has ended."""
    if not bpy.app.background:
        return {"FINISHED"}
    return _report(operator, jobs.wait(job))


def refuse(operator, notice: jobs.Notice) -> set[str]:
    """Says why nothing begins, in the panel, too, where the button that mends it is."""
    jobs.tell(notice)
    return _report(operator, notice)


def _report(operator, notice: jobs.Notice) -> set[str]:
    operator.report({"ERROR" if notice.is_error else "INFO"}, translated(notice.text))
    return {"CANCELLED" if notice.is_error else "FINISHED"}
