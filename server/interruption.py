"""Stops a job of this process in the middle, as Ctrl+C would, when its parent asks by a signal.

A stage that reports no progress for a while can be cancelled so, and the process stays warm.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from diffbgm.errors import CancelledError

# None on Windows, where a job is stopped at its next report alone.
_SIGNAL = getattr(signal, "SIGUSR1", None)


def interrupt(pid: int) -> None:
    """Stops the job of another process, which has an `Interruption`."""
    if _SIGNAL is not None:
        os.kill(pid, _SIGNAL)


class Interruption:
    """Of the process that makes it, by its main thread."""

    def __init__(self) -> None:
        self._is_armed = self._is_held = self._is_pending = False
        if _SIGNAL is not None:
            signal.signal(_SIGNAL, self._come)

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Inside, an interruption raises CancelledError, wherever it comes; outside it is void."""
        self._is_pending = False
        self._is_armed = True
        try:
            yield
        finally:
            self._is_armed = False

    @contextmanager
    def held(self) -> Iterator[None]:
        """Inside, an interruption waits for the block's end."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._is_pending:
            self._come()

    def _come(self, *_: object) -> None:
        if self._is_held:
            self._is_pending = True
        elif self._is_armed:
            self._is_armed = False
            raise CancelledError("The composition was cancelled.")
