"""Renders an edit to a small film in another process. Runs off the main thread; knows no `bpy`."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .running import Run, WorkError


@dataclass(frozen=True)
class Rendering:
    """`command` renders `stretches` of frames, each to the film of its number in `folder`."""

    command: list[str]
    stretches: list[tuple[int, int]]
    folder: Path

    @property
    def frames(self) -> int:
        return sum(end - start for start, end in self.stretches)

    @property
    def films(self) -> list[Path]:
        return [self.folder / f"{number}.mp4" for number in range(len(self.stretches))]


def render(rendering: Rendering, run: Run, rendered: Callable[[float], None]) -> list[Path]:
    """The films, once they are rendered; `rendered(fraction)` is called meanwhile.

    Raises WorkError with the renderer's last words, and StoppedError.
    """
    log = rendering.folder / "render.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            rendering.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        try:
            while process.poll() is None:
                rendered(_frames_done(log) / rendering.frames)
                run.wait(0.2)
        finally:
            process.kill()
            process.wait()
    if process.returncode != 0 or not all(film.is_file() for film in rendering.films):
        last_words = "\n".join(_last_lines(log)[-6:])
        raise WorkError(f"The picture could not be rendered:\n{last_words}")
    return rendering.films


def _frames_done(log: Path) -> int:
    """What the last line `frames N` of the render script says."""
    rows = [line.split() for line in _last_lines(log)]
    counts = [int(words[1]) for words in rows if len(words) == 2 and words[0] == "frames"]
    return counts[-1] if counts else 0


def _last_lines(log: Path) -> list[str]:
    """The whole lines at the end of a log that is still being written, without empty ones."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4096))
        text = file.read().decode(errors="replace")
    return [line for line in text[: text.rfind("\n") + 1].splitlines() if line.strip()]
