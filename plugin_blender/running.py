"""How work on a thread reports how far it is, and learns that it shall stop. Knows no Blender."""

import threading
from collections.abc import Callable


class StoppedError(Exception):
    """The user cancelled the job."""


class WorkError(Exception):
    """A job cannot go on, for another reason than the connection; the message is for people."""


class Run:
    """One run of a job's work; safe between threads. `tell(stage, fraction)` is called by it."""

    def __init__(self, tell: Callable[[str, float], None]) -> None:
        self._tell = tell
        self._stop = threading.Event()

    def stop(self) -> None:
        """Makes the work raise StoppedError at its next report, check or wait."""
        self._stop.set()

    def report(self, stage: str, fraction: float) -> None:
        """`fraction` is of the whole job, 0..1. Raises StoppedError."""
        self.check()
        self._tell(stage, fraction)

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
