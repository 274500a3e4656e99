"""How long work takes: progress while a caller waits, seconds for the record."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Generic, Self, TypeVar

from diffbgm.errors import CancelledError

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


Result = TypeVar("Result")

_BETWEEN_SKETCHES = 1.0  # seconds
_PATIENCE = 0.1  # seconds without a word of progress


def no_progress(stage: str, fraction: float) -> None:
    """The `Progress` of callers that do not wait."""


def no_advance(fraction: float) -> None:
    """The `Advance` of callers that do not wait."""


def part_of(advance: Advance, begin: float, end: float) -> Advance:
    """The progress of a part that lasts from `begin` to `end` of what `advance` reports."""
    return lambda fraction: advance(begin + (end - begin) * fraction)


class LastWord:
    """An `Advance` whose last word can be said again, so that a long step can be stopped."""

    def __init__(self, advance: Advance) -> None:
        self._advance, self._last = advance, 0.0

    def __call__(self, fraction: float) -> None:
        self._last = fraction
        self._advance(fraction)

    def again(self) -> None:
        """Nothing more is done, but may the work go on?"""
        self._advance(self._last)


class Sketches:
    """Whoever wants to see a piece while it is made, about one sketch a second at most."""

    def __init__(self, show: Callable[[Any], None]) -> None:
        self._show = show
        self._last = -_BETWEEN_SKETCHES

    def offer(self, make: Callable[[], Any]) -> None:
        """Shows what `make` returns, if it is time for it again."""
        if time.monotonic() - self._last >= _BETWEEN_SKETCHES:
            self._show(make())
            self._last = time.monotonic()


_sketches: ContextVar[Sketches | None] = ContextVar("sketches", default=None)


@contextmanager
def sketched(show: Callable[[Any], None]) -> Iterator[None]:
    """Inside the block `show` gets rolls (sixteenths, 3, 88) as they come out of the noise."""
    token = _sketches.set(Sketches(show))
    try:
        yield
    finally:
        _sketches.reset(token)


def offer_sketch(make: Callable[[], Any]) -> None:
    """`make` is called where somebody wants to see what it returns, and not too often."""
    if (watching := _sketches.get()) is not None:
        watching.offer(make)


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


class Beside(Generic[Result]):
    """Work in a thread beside the block of a `with`, which is stopped where the block fails.

    The work is handed an `advance` of its own, which raises once it is to stop.
    """

    def __init__(self, work: Callable[[Advance], Result]) -> None:
        self._work = work
        self._done = 0.0
        self._is_stopped = False
        self._thread = ThreadPoolExecutor(1)
        self._future: Future[Result] | None = None

    def __enter__(self) -> Self:
        self._future = self._thread.submit(self._work, self._advance)
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self._is_stopped = kind is not None
        self._thread.shutdown()

    def wait(self, advance: Advance) -> Result:
        """What the work returns, once it is done; its error is raised."""
        assert self._future is not None
        while not wait([self._future], _PATIENCE).done:
            advance(self._done)
        return self._future.result()

    def _advance(self, fraction: float) -> None:
        self._done = fraction
        if self._is_stopped:
            raise CancelledError("stopped with what it was done beside")
