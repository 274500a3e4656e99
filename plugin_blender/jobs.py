"""Jobs: work on a thread, whose result a timer puts into Blender. Each can be cancelled alone.

Threads never touch Blender; `tick` does, on the main thread. Undo, redo and the loading of a file
may happen between two ticks, so nothing of Blender's is held: file and scene are found again.
"""

import contextlib
import itertools
import logging
import queue
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from .client import ClientError
from .running import Question, Run, StoppedError, WorkError

TICK_SECONDS = 0.25
NEXT_QUESTION = 0.005  # seconds: a thread that asks one thing soon asks another
SCENE_MARK = "diffbgm_scene"

logger = logging.getLogger(__name__)


class PlacementError(Exception):
    """A result cannot be put into the scene; the message says why."""


class Notice(NamedTuple):
    """What the last job that ended has to say."""

    text: str
    is_error: bool
    mend: str = ""  # the operator whose button mends it


class FileMark(NamedTuple):
    """Which .blend file is open; stays true when it is saved under another name, or reopened."""

    opening: int
    path: str

    def is_open(self) -> bool:
        return self.opening == _openings[-1] or (self.path != "" and self.path == bpy.data.filepath)


@dataclass
class Job:
    """`work(run)` runs on a thread, then `finish(scene, result)` on the main one, as one undo step.

    `scene` is the scene's name; where it is empty, `finish` gets None and there is no undo step.
    `finish` returns what to tell the user, or raises PlacementError.
    """

    title: str
    scene: str
    work: Callable[[Run], Any]
    finish: Callable[[Any, Any], str]
    id: str = field(default="", init=False)
    file: FileMark | None = field(default=None, init=False)
    stage: str = field(default="", init=False)
    fraction: float = field(default=0.0, init=False)
    has_result: bool = field(default=False, init=False)
    result: Any = field(default=None, init=False)
    mark: str = field(default="", init=False)  # of its scene

    def __post_init__(self) -> None:
        self.messages: queue.SimpleQueue = queue.SimpleQueue()
        self.run = Run(self._tell, self._ask)

    def _tell(self, stage: str, fraction: float) -> None:
        self.messages.put(("progress", (stage, fraction)))

    def _ask(self, question: Question) -> None:
        self.messages.put(("question", question))


# The module's own, so that undo and the loading of files leave them alone.
_jobs: dict[str, Job] = {}
_numbers = itertools.count(1)
_openings = [0]  # one more at every file that is loaded
_notices: list[Notice] = []
_unplaced: list[Job] = []  # done, but with nowhere to go: nothing that is finished is thrown away
PLACE_AGAIN = "diffbgm.place_again"


def start(job: Job) -> Job:
    """Begins the job's work; from now on `tick` looks after it."""
    job.id = str(next(_numbers))
    job.file = FileMark(_openings[-1], bpy.data.filepath)
    if (scene := bpy.data.scenes.get(job.scene)) is not None:
        job.mark = scene[SCENE_MARK] = scene.get(SCENE_MARK) or uuid.uuid4().hex
    _jobs[job.id] = job
    _notices.clear()
    threading.Thread(target=_work, args=(job,), name=f"diffbgm-{job.id}", daemon=True).start()
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=TICK_SECONDS, persistent=True)
    return job


def running() -> list[Job]:
    return list(_jobs.values())


def notice() -> Notice | None:
    """The message of the last job that ended; None once another begins."""
    return _notices[-1] if _notices else None


def cancel(job_id: str) -> bool:
    """Asks this one job to stop; whether there is such a job."""
    job = _jobs.get(job_id)
    if job is None:
        return False
    job.run.stop()
    if job.has_result:  # its thread has ended: it only waits for its file
        _end(job, Notice(f"{job.title}: cancelled", is_error=False))
    return True


def wait(job: Job) -> Notice:
    """Ticks until the job has ended: for Blender without a window, where timers never fire."""
    while job.id in _jobs:
        time.sleep(0.02)
        tick()
    return _notices[-1]


def tick() -> float | None:
    """Takes what the threads have to say; seconds until the next tick, None when all is done."""
    has_answered = False
    for job in running():
        has_answered |= _hear(job)
        if job.has_result:
            _settle(job)
    _show_progress()
    return (NEXT_QUESTION if has_answered else TICK_SECONDS) if _jobs else None


def stop_all() -> None:
    """Lets go of every job: the add-on is being switched off."""
    for job in running():
        job.run.stop()
    _jobs.clear()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)


@bpy.app.handlers.persistent
def on_load(*_) -> None:
    """A handler for `load_post`: from now on another file is open, or the same one again."""
    _openings[-1] += 1


def _work(job: Job) -> None:
    """The thread's life; its last message is a result or a notice."""
    try:
        job.messages.put(("result", job.work(job.run)))
    except StoppedError:
        job.messages.put(("end", Notice(f"{job.title}: cancelled", is_error=False)))
    except (ClientError, WorkError) as error:
        mend = getattr(error, "mend", "")
        job.messages.put(("end", Notice(str(error), is_error=True, mend=mend)))
    except OSError as error:
        where = f" {error.filename}" if error.filename else " the disc"
        text = f"Cannot use{where}: {error.strerror or error}"
        job.messages.put(("end", Notice(text, is_error=True)))
    except Exception as error:
        # The end of a thread: what goes past here reaches nobody, and the job never ends.
        logger.exception("%s failed", job.title)
        text = f"Unexpected {type(error).__name__}: {error}"
        job.messages.put(("end", Notice(text, is_error=True)))


def _hear(job: Job) -> bool:
    """Takes what a thread has to say; whether it asked something. One question a tick at most."""
    with contextlib.suppress(queue.Empty):
        while True:
            kind, content = job.messages.get_nowait()
            if kind == "progress":
                job.stage, job.fraction = content
            elif kind == "question":
                _answer(job, content)
                return True
            elif kind == "result":
                job.has_result, job.result = True, content
            else:
                _end(job, content)
    return False


def _answer(job: Job, question: Question) -> None:
    """What a thread wants to know of the file that its job is for."""
    if job.file.is_open():
        question.answer()
    else:
        question.refuse(WorkError("The file was closed before its picture was read"))


def _settle(job: Job) -> None:
    """Puts a result into its scene, if the file that it is for is open."""
    if job.scene and not job.file.is_open():
        if job.file.path:
            job.stage = f"Open {Path(job.file.path).name} again to place the music"
        else:
            _end(job, Notice("The file was closed before it had a name", is_error=True))
        return
    scene = _scene_of(job)
    if job.scene and scene is None:
        _keep(job, f"The scene {job.scene!r} is gone: open another one's sequencer")
        return
    _jobs.pop(job.id)  # whatever happens now, it is over
    try:
        text = job.finish(scene, job.result)
    except PlacementError as error:
        _keep(job, str(error))
        return
    if scene is not None:
        _push_undo(job.title)
    _end(job, Notice(text, is_error=False))


def _keep(job: Job, why: str) -> None:
    """What found no place is kept until it has one, or another job's result takes its place."""
    _unplaced[:] = [job]
    _end(job, Notice(why, is_error=True, mend=PLACE_AGAIN))


def has_unplaced() -> bool:
    """Whether music is finished that found no place."""
    return bool(_unplaced)


def place_again(scene) -> Notice:
    """Tries again to put what found no place into a scene, which may be another one."""
    job = _unplaced[-1]
    try:
        text = job.finish(scene, job.result)
    except PlacementError as error:
        _keep(job, str(error))
    else:
        _unplaced.clear()
        _push_undo(job.title)
        _notices[:] = [Notice(text, is_error=False)]
    return _notices[-1]


def _end(job: Job, notice: Notice) -> None:
    _jobs.pop(job.id, None)
    _notices[:] = [notice]


def _scene_of(job: Job):
    """The scene of a job: by its mark, for scenes are renamed; else by its name."""
    named = bpy.data.scenes.get(job.scene)
    marked = [scene for scene in bpy.data.scenes if scene.get(SCENE_MARK) == job.mark]
    return named if named in marked or not marked else marked[0]  # a copy has the mark, too


def _push_undo(message: str) -> None:
    """Without it, the next undo would take the user's own last edit together with ours."""
    window = next(iter(bpy.context.window_manager.windows), None)
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo_push(message=message)


def _show_progress() -> None:
    """Redraws what shows the jobs: the sequencers, and every window's status bar."""
    for window in bpy.context.window_manager.windows:
        window.workspace.status_text_set(None)
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()
