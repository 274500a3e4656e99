"""How work on a thread reports how far it is, asks Blender, and learns that it shall stop.

Knows no Blender.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """The user cancelled the job."""


class WorkError(Exception):
    """A job cannot go on, for another reason than the connection; the message is for people, `mend`
    the operator whose button helps."""

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.mend = mend


class Question(Generic[T]):
    """What a thread wants to know that only the main one may find out."""

    def __init__(self, find: Callable[[], T]) -> None:
        self._find = find
        self._outcome: list[Any] = []
        self.answered = threading.Event()

    def answer(self) -> None:
        """On the main thread."""
        try:
            self._outcome = [self._find(), None]
        except Exception as error:
            self.refuse(error)
        self.answered.set()

    def refuse(self, error: Exception) -> None:
        self._outcome = [None, error]
        self.answered.set()

    def outcome(self) -> T:
        """Once it is answered: the answer, or the error that it ended in, raised."""
        found, error = self._outcome
        if error is not None:
            raise error
        return found


class Run:
    """One run of a job's work; safe between threads.

    It calls `tell(stage, fraction)`, and `ask(question)`, which has it answered on the main thread.
    """

    def __init__(
        self,
        tell: Callable[[str, float], None],
        ask: Callable[[Question], None] = Question.answer,
    ) -> None:
        self._tell = tell
        self._ask = ask
        self._stop = threading.Event()
        self._stopped = 0.0

    def stop(self) -> None:
        """Makes the work raise StoppedError at its next report, check or wait."""
        self._stopped = self._stopped or time.monotonic()
        self._stop.set()

    def stopped_for(self) -> float:
        """Seconds since `stop`; 0 before."""
        return time.monotonic() - self._stopped if self._stopped else 0.0

    def report(self, stage: str, fraction: float) -> None:
        """`fraction` is of the whole job, 0..1. Raises StoppedError."""
        self.check()
        self._tell(stage, fraction)

    def ask(self, find: Callable[[], T]) -> T:
        """What `find` returns, or raises, on Blender's main thread. Raises StoppedError."""
        question = Question(find)
        self._ask(question)
        while not question.answered.wait(0.02):
            self.check()
        return question.outcome()

    def check(self) -> None:
        """Raises StoppedError."""
        self.wait(0)

    def wait(self, seconds: float) -> None:
        """Sleeps, but not past a stop. Raises StoppedError."""
        if self._stop.wait(seconds):
            raise StoppedError


def within(part: tuple[float, float], fraction: float) -> float:
    """The fraction of the whole job, of which a part reaches from `part[0]` to `part[1]`."""
    start, end = part
    return start + (end - start) * min(fraction, 1.0)
