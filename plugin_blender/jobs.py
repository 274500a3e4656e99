"""Jobs: work on a thread, whose result a timer puts into Blender. Each can be cancelled alone.

Threads never touch Blender; `tick` does, on the main thread, and a little at a time. Undo, redo and
the loading of a file may come between two ticks: file and scene are found again (`history`).
"""

import contextlib
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import bpy

from . import compat, history
from .client import ClientError
from .running import Question, Run, StoppedError, WorkError

TICK_SECONDS = 0.25
SOON = 0.005  # seconds: a thread that asks one thing asks another, and a result has more to place
GRACE = 0.4  # seconds for a thread to stop: one that waits for a server which hangs is left alone
SLICE = 0.004  # seconds that placing a result takes of one tick, but for its last step

logger = logging.getLogger(__name__)


class PlacementError(Exception):
    """A result cannot be put into the scene; the message says why, `mend` is the operator that
    helps."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Notice(NamedTuple):
    """What a job that ended has to say, or what keeps one from beginning."""

    text: str
    is_error: bool = False
    mend: str = ""  # the operator whose button mends it
    about: str = ""  # the job's title and subject


@dataclass
class Placing:
    """How far a result is put into its scene, and `history.age` when that began."""

    steps: Iterator[str | Notice]
    age: int
    told: str | Notice = ""


@dataclass
class Job:
    """`work(run)` runs on a thread, then `finish(scene, result)` on the main one, as one undo step.

    `scene` is the scene's name; where it is empty, `finish` gets None and there is no undo step.
    `finish` yields after every few milliseconds, and holds nothing of the scene's meanwhile; what
    it yields last is told to the user. It may raise PlacementError, and may be begun again.
    """

    title: str
    scene: str
    work: Callable[[Run], Any]
    finish: Callable[[Any, Any], Iterator[str | Notice]]
    subject: str = ""  # by which jobs of one title are told apart
    id: str = field(default="", init=False)
    file: history.FileMark | None = field(default=None, init=False)
    stage: str = field(default="", init=False)
    fraction: float = field(default=0.0, init=False)
    has_result: bool = field(default=False, init=False)
    result: Any = field(default=None, init=False)
    mark: str = field(default="", init=False)  # of its scene
    placing: "Placing | None" = field(default=None, init=False)

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
_notices: list[Notice] = []
_unplaced: list[Job] = []  # done, but with nowhere to go: nothing that is finished is thrown away
PLACING = "Placing the music"
PLACE_AGAIN = "diffbgm.place_again"
_CANCELLED = Notice(text="Cancelled")
_MOST_NOTICES = 4


def start(job: Job) -> Job:
    """Begins the job's work; from now on `tick` looks after it."""
    job.id = str(next(_numbers))
    _notices.clear()
    _attend(job)
    threading.Thread(target=_work, args=(job,), name=f"diffbgm-{job.id}", daemon=True).start()
    return job


def _attend(job: Job) -> None:
    """From now on `tick` looks after the job, which is for the file that is open now."""
    job.file, job.mark = history.mark_file(), history.mark_scene(job.scene)
    _jobs[job.id] = job
    if not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=TICK_SECONDS, persistent=True)


def running() -> list[Job]:
    return list(_jobs.values())


def notice() -> Notice | None:
    """What there is to say last; None once a job begins."""
    return _notices[-1] if _notices else None


def notices() -> list[Notice]:
    """What jobs that ended had to say since the last one began, the latest last."""
    return list(_notices)


def tell(notice: Notice) -> None:
    """Shows a message that is no job's: why none begins."""
    _notices[:] = [notice]


def cancel(job_id: str) -> bool:
    """Asks this one job to stop; whether there is such a job. What is being placed is completed."""
    job = _jobs.get(job_id)
    if job is None:
        return False
    job.run.stop()
    if job.has_result and job.placing is None:  # its thread has ended: it only waits for its file
        _end(job, _CANCELLED)
    return True


def wait(job: Job) -> Notice:
    """Ticks until the job has ended: for Blender without a window, where timers never fire."""
    while job.id in _jobs:
        time.sleep(min(tick() or 0.0, 0.02))
    return _notices[-1]


def tick() -> float | None:
    """Takes what the threads have to say; seconds until the next tick, None when all is done."""
    is_urgent = False
    for job in running():
        is_urgent |= _hear(job)
        if job.has_result:
            is_urgent |= _settle(job)
        elif job.run.stopped_for() > GRACE:
            _end(job, _CANCELLED)
    _show_progress()
    return (SOON if is_urgent else TICK_SECONDS) if _jobs else None


def stop_all() -> None:
    """Lets go of every job: the add-on is being switched off. What is half placed is completed."""
    for job in running():
        job.run.stop()
        while job.placing is not None and job.id in _jobs:
            _settle(job)
    _jobs.clear()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)


def _work(job: Job) -> None:
    """The thread's life; its last message is a result or a notice."""
    try:
        job.messages.put(("result", job.work(job.run)))
    except StoppedError:
        job.messages.put(("end", _CANCELLED))
    except (ClientError, WorkError) as error:
        mend = getattr(error, "mend", "")
        job.messages.put(("end", Notice(str(error), is_error=True, mend=mend)))
    except OSError as error:
        where = error.filename or "the disc"
        text = f"Cannot use {where}: {error.strerror or error}"
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
            elif kind == "result" and not job.run.stopped_for():
                job.has_result, job.result = True, content
            elif kind == "result":
                _end(job, _CANCELLED)
            else:
                _end(job, content)
    return False


def _answer(job: Job, question: Question) -> None:
    """What a thread wants to know of the file that its job is for."""
    if job.file.is_open():
        question.answer()
    else:
        question.refuse(WorkError("The file was closed before its picture was read"))


def _settle(job: Job) -> bool:
    """Puts a result into its scene, if that can be now; whether there is more to do soon."""
    if job.scene and not job.file.is_open():
        job.placing = None
        if job.file.path:
            job.stage = f"Open {Path(job.file.path).name} again to place the music"
        else:
            _keep(job, "The file was closed before it had a name: place the music into another one")
        return False
    if job.scene and compat.is_rendering():
        job.stage = "Waiting for the render to end"
        return False
    scene = history.find_scene(job.scene, job.mark) if job.scene else None
    if job.scene and scene is None:
        _keep(job, f"The scene {job.scene!r} is gone: open another one's sequencer")
        return False
    try:
        return _place(job, scene)
    except PlacementError as error:
        _keep(job, str(error))
    except Exception as error:
        # What goes past here stops Blender's timer, and with it all other jobs.
        logger.exception("%s could not be placed", job.title)
        _keep(job, f"Unexpected {type(error).__name__}: {error}")
    return False


def _place(job: Job, scene) -> bool:
    """Goes on with placing, or begins anew where undo came between; whether there is more to do."""
    if job.placing is None or job.placing.age != history.age():
        job.placing = Placing(job.finish(scene, job.result), history.age())
    placing, began = job.placing, time.perf_counter()
    for placed in placing.steps:
        placing.told = placed
        if time.perf_counter() - began > SLICE:
            job.stage, job.fraction = PLACING, 1.0
            return True
    if time.perf_counter() - began > SLICE:
        return True  # the undo step has a tick of its own
    if scene is not None:
        _push_undo(job.title)
    _end(job, placing.told if isinstance(placing.told, Notice) else Notice(placing.told))
    return False


def _keep(job: Job, why: str) -> None:
    """What found no place is kept until it has one."""
    _unplaced.append(job)
    _end(job, Notice(why, is_error=True, mend=PLACE_AGAIN))


def has_unplaced() -> bool:
    """Whether something is finished that found no place."""
    return bool(_unplaced)


def place_again(scene) -> Job:
    """Tries again to put what found no place last into a scene, which may be another one."""
    job = _unplaced.pop()
    job.scene, job.placing = scene.name, None
    _attend(job)
    return job


def _end(job: Job, notice: Notice) -> None:
    _jobs.pop(job.id, None)
    _notices.append(notice._replace(about=f"{job.title} {job.subject}".strip()))
    del _notices[:-_MOST_NOTICES]


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
