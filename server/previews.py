"""Questions that may take long: asked once, looked at as often as one likes. Knows no HTTP."""

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from diffbgm.errors import CancelledError, DiffBGMError
from diffbgm.progress import Progress

from .isolation import Isolated
from .questions import Questions

_MOST_ANSWERS = 200
_MOST_WAITING = 8
_IDLE_SECONDS = 120.0


class TooManyQuestionsError(Exception):
    """As many wait as may."""


@dataclass
class Question:
    """One that was asked: how far its answer is, then `answer` or `error`."""

    work: Callable[[Isolated, Progress], Any]
    stage: str = "waiting"
    fraction: float = 0.0
    answer: Any = None
    error: DiffBGMError | None = None
    is_answered: threading.Event = field(default_factory=threading.Event)


class Previews(threading.Thread):
    """Answers questions one after the other until it is stopped; answers are kept a while."""

    def __init__(self) -> None:
        super().__init__(name="diffbgm-previews", daemon=True)
        self._child = Isolated(Questions())
        self._waiting: queue.SimpleQueue[Question | None] = queue.SimpleQueue()
        self._asked: OrderedDict[str, Question] = OrderedDict()
        self._lock = threading.Lock()
        self._is_stopping = False

    def ask(self, key: str, work: Callable[[Isolated, Progress], Any]) -> Question:
        """The question `key`, which is asked if it was not yet. TooManyQuestionsError."""
        with self._lock:
            if key not in self._asked:
                self._require_room()
                self._asked[key] = Question(work)
                self._waiting.put(self._asked[key])
            self._asked.move_to_end(key)
            return self._asked[key]

    def forget(self, key: str) -> None:
        """So that it may be asked again: it failed, and why may be mended."""
        with self._lock:
            self._asked.pop(key, None)

    def _require_room(self) -> None:
        waiting = [one for one in self._asked.values() if not one.is_answered.is_set()]
        if len(waiting) >= _MOST_WAITING:
            raise TooManyQuestionsError
        if len(self._asked) >= _MOST_ANSWERS:
            self._asked.popitem(last=False)

    def run(self) -> None:
        while True:
            try:
                question = self._waiting.get(timeout=_IDLE_SECONDS)
            except queue.Empty:
                self._child.unload()
                continue
            if question is None:
                break
            self._answer(question)
        self._child.unload()

    def stop(self) -> None:
        self._is_stopping = True
        self._waiting.put(None)
        with suppress(RuntimeError):  # It never started.
            self.join()

    def _answer(self, question: Question) -> None:
        def progress(stage: str, fraction: float) -> None:
            question.stage, question.fraction = stage, fraction
            if self._is_stopping:
                raise CancelledError("The server is stopping.")

        try:
            question.answer = question.work(self._child, progress)
        except DiffBGMError as error:
            question.error = error
        except Exception as error:
            question.error = DiffBGMError(f"It failed: {type(error).__name__}: {error}")
        question.is_answered.set()
