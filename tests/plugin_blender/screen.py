"""A real Blender's window on a display of its own, its mouse, its keys, and what it shows."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy import ndimage

from diffbgm.demo.film import Truth
from tests.plugin_blender import blenders

WINDOW = (1600, 900)
BUTTON, TAB = (255, 0, 255), (0, 255, 0)  # as in inside/window.py

State = dict[str, Any]


class Screen:
    """An X display without a monitor, its mouse and its keys."""

    def __init__(self, display: str, state: Path, log: Path) -> None:
        self.environment = {**os.environ, "DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"}
        self._state = state
        self._log = log

    def state(self) -> State:
        return json.loads(self._state.read_text()) if self._state.exists() else {}

    def wait(self, happened: Callable[[State], object], seconds: float) -> State:
        """The first state in which something has happened."""
        deadline = time.monotonic() + seconds
        while not happened(state := self.state()):
            if time.monotonic() > deadline:
                last = {key: state.get(key) for key in ("jobs", "notice", "sidebar")}
                pytest.fail(f"nothing after {seconds} s: {last}\n{self._log.read_text()[-3000:]}")
            time.sleep(0.1)
        return state

    def do(self, text: str, seconds: float = 60) -> Any:
        """Runs Python in the sequencer's context; what it leaves in `answer`."""
        told, answer = (Path(f"{self._state}.{end}") for end in ("do", "answer"))
        answer.unlink(missing_ok=True)
        unfinished = told.with_suffix(".part")
        unfinished.write_text(text)
        unfinished.replace(told)
        deadline = time.monotonic() + seconds
        while not answer.exists():
            if time.monotonic() > deadline:
                pytest.fail(f"no answer after {seconds} s: {text}\n{self._log.read_text()[-3000:]}")
            time.sleep(0.05)
        return json.loads(answer.read_text())

    def picture(self, path: Path) -> np.ndarray:
        """(height, width, 3) of what is shown, kept at `path`."""
        self._do("import", "-window", "root", str(path))
        return np.asarray(Image.open(path).convert("RGB"))

    def click(self, x: float, y: float) -> None:
        """Pixels from the top left."""
        self.hover(x, y)
        self._do("xdotool", "click", "1")

    def hover(self, x: float, y: float) -> None:
        """Blender wants to see the mouse come before it presses."""
        self._do("xdotool", "mousemove", str(round(x) - 3), str(round(y) - 2))
        time.sleep(0.3)
        self._do("xdotool", "mousemove", str(round(x)), str(round(y)))
        time.sleep(0.3)

    def key(self, key: str) -> None:
        self._do("xdotool", "key", key)

    def _do(self, *command: str) -> None:
        subprocess.run(command, check=True, env=self.environment, timeout=300)


@contextmanager
def opened(
    folder: Path, addon_zip: Path, demo: tuple[Path, Truth], user: dict[str, str]
) -> Iterator[Screen]:
    """Blender with the demo film cut up; it does what it is told."""
    for tool in ("Xvfb", "xdotool", "import"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on the PATH: `python install.py test` sets it up")
    film, truth = demo
    state, log = folder / "state.json", folder / "blender.log"
    script = str(Path(__file__).parent / "inside" / "told_window.py")
    geometry = ["--window-geometry", "0", "0", *map(str, WINDOW)]
    command = [*blenders.program(), "--factory-startup", *geometry, "--python", script, "--"]
    cuts = ",".join(map(str, truth.cuts))
    command += [str(addon_zip), str(film), str(truth.frames), cuts, str(state)]
    with _display() as display, log.open("wb") as output:
        screen = Screen(display, state, log)
        with _process(command, {**screen.environment, **user}, output):
            yield screen


@contextmanager
def _display() -> Iterator[str]:
    reading, writing = os.pipe()
    size = "{}x{}x24".format(*WINDOW)
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp"]
    running = _process(command, dict(os.environ), subprocess.DEVNULL, pass_fds=(writing,))
    with running, os.fdopen(reading) as reported:
        os.close(writing)
        yield f":{reported.readline().strip()}"


@contextmanager
def _process(command: list[str], environment: dict[str, str], output: Any, **more: Any):
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        **more,
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def open_tab(screen: Screen, state: State, folder: Path) -> None:
    """Clicks the last tab of the sidebar: an add-on's comes after Blender's own."""
    tabs = patches(screen.picture(folder / "tabs.png"), TAB, state["sidebar"], state["window"])
    assert tabs, "no tabs in the sidebar"
    screen.click(*max(tabs, key=lambda centre: centre[1]))
    time.sleep(1)


def patches(
    picture: np.ndarray, colour: tuple[int, int, int], region: list[int], window: list[int]
) -> list[tuple[float, float]]:
    """Middles (x, y from the top left) of patches of a colour within a region, largest first."""
    left, bottom, width, height = region
    top = window[1] - bottom - height
    part = picture[top : top + height, left : left + width].astype(int)
    labels, count = ndimage.label(np.abs(part - colour).max(axis=2) < 40)
    boxes = ndimage.find_objects(labels)
    boxes = [box for box in boxes[:count] if box is not None and _pixels(box) > 100]
    boxes.sort(key=_pixels, reverse=True)
    return [
        (left + (b[1].start + b[1].stop) / 2, top + (b[0].start + b[0].stop) / 2) for b in boxes
    ]


def _pixels(box: tuple[slice, ...]) -> int:
    return (box[0].stop - box[0].start) * (box[1].stop - box[1].start)
