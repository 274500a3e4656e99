"""How long work takes: progress while a caller waits, seconds for the record."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]
"""Called with the stage and the fraction of the whole that is done, 0..1; may raise to stop."""

Advance = Callable[[float], None]
"""Called with the fraction of one stage that is done, 0..1; may raise to stop."""

# Stages in order, with the share of all that each one usually takes.
SHARES = {
    "analysis": 0.25,
    "dialogue": 0.03,
    "spotting": 0.02,
    "diffusion": 0.37,
    "arrangement": 0.01,
    "sound": 0.20,
    "mastering": 0.04,
    "pictures": 0.06,
    "film": 0.02,
}


def no_progress(stage: str, fraction: float) -> None:
    """The `Progress` of callers that do not wait."""


def no_advance(fraction: float) -> None:
    """The `Advance` of callers that do not wait."""


class Clock:
    """Times the stages, and passes on the progress of each as a fraction of all."""

    def __init__(self, progress: Progress) -> None:
        self.timings: dict[str, float] = {}
        self._progress = progress

    @contextmanager
    def stage(self, name: str) -> Iterator[Advance]:
        """Time what happens inside; the yielded function takes the stage's own fraction 0..1."""
        names = list(SHARES)
        before = sum(SHARES[each] for each in names[: names.index(name)])

        def advance(fraction: float) -> None:
            self._progress(name, min(before + SHARES[name] * fraction, 1.0))

        advance(0.0)
        begin = time.perf_counter()
        yield advance
        self.timings[name] = round(time.perf_counter() - begin, 4)
        advance(1.0)
