"""A composer that makes a small, whole composition in no time, and fails if its style says so."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from diffbgm_server.composer import Description, read_edit

from diffbgm.errors import FilmError, StorageError
from diffbgm.music.pianoroll import from_notes
from diffbgm.options import ComposeOptions, RefitOptions, TakeOptions
from diffbgm.progress import offer_sketch
from tests.made_composition import MadeFilm, exchange_take, write_composition

RATE, EDGES = Fraction(24), (0, 24, 36, 72)

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class FakeComposer:
    """Styles: `cinematic` and `piano` work; `patient` waits for the file `gate` to be there;
    `unusable`, `full`, `buggy` and `deadly` end in FilmError, StorageError, RuntimeError, SIGKILL;
    `greedy` asks for 64 GiB of memory; `deaf` works for a minute and reports nothing; `looks`
    analyses the film as the library does; `slow` waits for a second,
    and `busy` computes for one.
    """

    gate: Path | None = None

    def styles(self) -> tuple[str, ...]:
        return (
            "cinematic",
            "piano",
            "patient",
            "unusable",
            "full",
            "buggy",
            "deadly",
            "greedy",
            "deaf",
            "looks",
            "slow",
            "busy",
        )

    def describe(self, progress: Progress) -> Description:
        progress("loading", 0.0)
        return Description("cpu", {"name": "fake", "sha256": "0" * 64})

    def compose(
        self, source: Path, folder: Path, options: ComposeOptions, progress: Progress
    ) -> None:
        part = folder.with_name(f".{folder.name}")
        part.mkdir()
        try:
            progress("analysing", 0.1)
            if options.style == "looks":
                _look_at(source, progress)
            if options.style in ("slow", "busy"):
                _take_a_second(progress, is_busy=options.style == "busy")
            self._act(options.style, source, progress)
            progress("sounding", 0.8)
            write_composition(part, MadeFilm(source, RATE, EDGES), options)
            progress("sounding", 1.0)
            part.rename(folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)

    def refit(
        self, source: Path, old: Path, folder: Path, options: RefitOptions, progress: Progress
    ) -> None:
        self.compose(source, folder, ComposeOptions(), progress)

    def recompose(self, folder: Path, shot: int, options: TakeOptions, progress: Progress) -> None:
        progress("composing", 0.5)
        self._act(options.style or "cinematic", folder, progress)
        exchange_take(folder, shot)

    def select_take(self, folder: Path, shot: int, take: int, progress: Progress) -> None:
        progress("sounding", 0.5)
        exchange_take(folder, shot, take)

    def unload(self) -> None:
        pass

    def _act(self, style: str, source: Path, progress: Progress) -> None:
        if style == "patient":
            while self.gate is None or not self.gate.exists():
                progress("diffusing", 0.4)
                offer_sketch(lambda: from_notes(np.array([[2, 6, 60, 90, 0]]), 16))
                time.sleep(0.01)
        if style == "unusable":
            raise FilmError(f"{source} has no picture; give a film")
        if style == "full":
            raise StorageError(f"{source}: no space left")
        if style == "buggy":
            raise RuntimeError("an index is out of range")
        if style == "deaf":
            end = time.monotonic() + 60
            while time.monotonic() < end:
                time.sleep(0.001)
        if style == "greedy":
            bytearray(64 * 1024**3)
        if style == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)


def _take_a_second(progress: Progress, is_busy: bool) -> None:
    for part in range(10):
        progress("diffusing", part / 10)
        end = time.process_time() + 0.1
        while is_busy and time.process_time() < end:
            pass
        time.sleep(0 if is_busy else 0.1)


def _look_at(source: Path, progress: Progress) -> None:
    from diffbgm.preview import analyse

    analyse(read_edit(source) if source.suffix == ".otio" else source, progress=progress)
