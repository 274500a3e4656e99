"""Work in a child process of its own: its crash, memory and lock are not the server's.

The child starts with the first call and stays warm until `unload`. Called from one thread only.
"""

import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from diffbgm.errors import CancelledError, DiffBGMError
from diffbgm.options import ComposeOptions, RefitOptions, TakeOptions
from diffbgm.progress import sketched

from . import logs
from .composer import Description, Progress
from .interruption import Interruption, interrupt
from .job_limits import JobLimits, within
from .sketches import Sketch, sketch_of

logger = logging.getLogger(__name__)

_HEARTBEAT = 0.2
_CANCEL = "cancel"
_SOON = 0.3  # seconds for a job to report, and be stopped then
_HINTS = {
    getattr(signal, "SIGKILL", 9): " It may have run out of memory.",
    getattr(signal, "SIGXCPU", 24): " It took more processor time than a job may have.",
}


class ComposerCrashError(DiffBGMError):
    """The composing process ended in the middle of a job."""

    code = "composer_crashed"


class JobTooLargeError(DiffBGMError):
    """The job wants more memory than one may have."""

    code = "job_too_large"


class ComposerFailedError(DiffBGMError):
    """An error that nobody foresaw, in one line; the log holds the rest."""

    code = "failed"


class Isolated:
    """Calls methods of `inner`, which must be picklable, in a child process.

    They take a `progress` last. It is called with every report and, as a heartbeat, between them,
    so that it can raise CancelledError at any time. A child that does not stop within `patience`
    seconds is killed.
    """

    def __init__(self, inner: Any, patience: float = 10.0, limits: JobLimits | None = None) -> None:
        self._inner = inner
        self._patience = patience
        self._limits = limits or JobLimits()
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self.on_sketch: Callable[[Sketch], None] = lambda sketch: None

    def unload(self) -> None:
        """Ends the child; the next call starts another."""
        if self._process is None or self._connection is None:
            return
        self._connection.close()
        self._process.kill()
        self._process.join()
        self._process.close()
        self._process = self._connection = None

    def call(
        self,
        method: str,
        arguments: tuple[Any, ...],
        progress: Progress,
        patience: float,
    ) -> Any:
        """What the method returns. Raises DiffBGMError, and what `progress` raises."""
        try:
            connection = self._start()
            connection.send((method, arguments, self._limits, logs.context()))
            return self._listen(connection, progress, patience)
        except (EOFError, BrokenPipeError, ConnectionResetError) as error:
            raise ComposerCrashError(self._crash_message()) from error

    def _start(self) -> Connection:
        if self._connection is not None and self._process is not None and self._process.is_alive():
            return self._connection
        self.unload()
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_child, args=(self._inner, theirs), name="diffbgm-composer", daemon=True
        )
        process.start()
        theirs.close()
        self._process, self._connection = process, ours
        return ours

    def _listen(self, connection: Connection, progress: Progress, patience: float) -> Any:
        stage, fraction = "starting", 0.0
        while True:
            if connection.poll(_HEARTBEAT):
                kind, content = connection.recv()
                if kind == "done":
                    return content
                if kind == "error":
                    raise content
                if kind == "sketch":
                    self.on_sketch(content)
                    continue
                stage, fraction = content
            try:
                progress(stage, fraction)
            except BaseException:
                self._stop_job(connection, patience)
                raise

    def _stop_job(self, connection: Connection, patience: float) -> None:
        """Asks the child to cancel and waits for its last word, so that it can tidy up.

        It is asked at its next report, and when that does not come soon, wherever it is.
        """
        deadline = time.monotonic() + patience
        try:
            connection.send((_CANCEL, (), None, {}))
            if _has_ended(connection, time.monotonic() + min(patience, _SOON)):
                return
            if patience and self._process is not None and self._process.pid is not None:
                interrupt(self._process.pid)
            if _has_ended(connection, deadline):
                return
        except (EOFError, OSError):
            logger.warning("the composing process ended while it was being cancelled")
        self.unload()

    def _crash_message(self) -> str:
        code = None
        if self._process is not None:
            self._process.join(self._patience)
            code = self._process.exitcode
        self.unload()
        why = (
            f"by signal {signal.Signals(-code).name}" if code and code < 0 else f"with code {code}"
        )
        hint = _HINTS.get(-(code or 0), "")
        return f"The composing process ended {why} in the middle of the job.{hint} Try it again."


class IsolatedComposer(Isolated):
    """A composer in a child process."""

    def styles(self) -> tuple[str, ...]:
        return self._inner.styles()

    def describe(self, progress: Progress) -> Description:
        limits, self._limits = self._limits, JobLimits(None, None)  # Loading is no job.
        try:
            # It has nothing to tidy up.
            description = self.call("describe", (), progress, patience=0.0)
        finally:
            self._limits = limits
        if description.device != "cpu":  # Where a GPU is used, address space is not memory.
            self._limits = replace(limits, memory_bytes=None)
        return description

    def compose(
        self, source: Path, folder: Path, options: ComposeOptions, progress: Progress
    ) -> None:
        self.call("compose", (source, folder, options), progress, self._patience)

    def refit(
        self, source: Path, old: Path, folder: Path, options: RefitOptions, progress: Progress
    ) -> None:
        self.call("refit", (source, old, folder, options), progress, self._patience)

    def recompose(self, folder: Path, shot: int, options: TakeOptions, progress: Progress) -> None:
        self.call("recompose", (folder, shot, options), progress, self._patience)

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None:
        self.call("select_take", (folder, shot, take), progress, self._patience)


def _has_ended(connection: Connection, deadline: float) -> bool:
    """Whether the last word of a job comes before the deadline."""
    while (left := deadline - time.monotonic()) > 0:
        if connection.poll(left) and connection.recv()[0] in ("done", "error"):
            return True
    return False


def _child(inner: Any, connection: Connection) -> None:
    """The child's life: calls in, reports and one last word out, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the parent, which then ends us.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logs.configure()

    interruption = Interruption()

    def progress(stage: str, fraction: float) -> None:
        with interruption.held():
            if connection.poll() and connection.recv()[0] == _CANCEL:
                raise CancelledError("The composition was cancelled.")
            connection.send(("progress", (stage, fraction)))

    def show(roll: Any) -> None:
        with interruption.held():
            connection.send(("sketch", sketch_of(roll)))

    while True:
        try:
            method, arguments, limits, about = connection.recv()
        except EOFError:
            return
        if method != _CANCEL:  # A cancel that came after the job's end is void.
            try:
                with logs.about(**about), interruption.armed(), sketched(show):
                    answer = _answer(inner, method, arguments, progress, limits)
            except CancelledError as error:  # It came when all but the answer was done.
                answer = "error", error
            connection.send(answer)


def _answer(
    inner: Any,
    method: str,
    arguments: tuple[Any, ...],
    progress: Progress,
    limits: JobLimits,
) -> tuple[str, Any]:
    try:
        with within(limits):
            return "done", getattr(inner, method)(*arguments, progress)
    except DiffBGMError as error:
        return "error", error
    except MemoryError:
        logger.exception("the job is too large")
        return "error", JobTooLargeError(
            "The job needs more memory than one may have; compose the film in parts."
        )
    except Exception as error:
        logger.exception("composing failed")
        return "error", ComposerFailedError(f"Composing failed: {type(error).__name__}: {error}")


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
