"""A click on the panel's button in a real window: the real server, strips by frame, undo."""

import itertools
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
from tests import addon
from tests.plugin_blender import blenders

pytestmark = [pytest.mark.slow, pytest.mark.alone]

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


@pytest.fixture
def screen(
    tmp_path: Path, addon_zip: Path, demo: tuple[Path, Truth], real_user: dict[str, str]
) -> Iterator[Screen]:
    """Blender's window with the demo film cut up, for a user who has installed diffbgm."""
    for tool in ("Xvfb", "xdotool", "import"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on the PATH: `python install.py test` sets it up")
    film, truth = demo
    state, log = tmp_path / "state.json", tmp_path / "blender.log"
    script = str(Path(__file__).parent / "inside" / "window.py")
    geometry = ["--window-geometry", "0", "0", *map(str, WINDOW)]
    command = [*blenders.program(), "--factory-startup", *geometry, "--python", script, "--"]
    cuts = ",".join(map(str, truth.cuts))
    command += [str(addon_zip), str(film), str(truth.frames), cuts, str(state)]
    with _display() as display, log.open("wb") as output:
        screen = Screen(display, state, log)
        with _process(command, {**screen.environment, **real_user}, output):
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


def test_one_click_scores_the_edit(screen: Screen, demo: tuple[Path, Truth], tmp_path: Path):
    truth = demo[1]
    start = screen.wait(lambda state: state and state["sidebar"][2] > 100, 600)
    _open_tab(screen, start, tmp_path)
    x, y = _button(screen, start, tmp_path)
    screen.click(x, y)
    state_now = screen.wait(lambda state: state["jobs"] and 0 < state["jobs"][0][1] < 1, 600)
    assert state_now["users"] == start["users"]
    done = screen.wait(lambda state: state["notice"] and not state["jobs"], 1200)
    told = f"Music for {len(truth.cuts) + 1} shots is in place"
    assert done["notice"] == [told, False, "", f"Generate BGM 1 - {truth.frames}"]
    time.sleep(1)
    screen.picture(tmp_path / "blender.png")
    _check_strips(done, truth)
    assert done["users"] == start["users"]
    _check_undo(screen, start, done)


def _check_strips(state: State, truth: Truth) -> None:
    """One sound and one muted roll a shot, frame by frame where the shots are."""
    edges = [0, *truth.cuts, truth.frames]
    spans = [[start + 1, end + 1] for start, end in itertools.pairwise(edges)]
    for kind, lanes in (("SOUND", {"BGM", "BGM 2"}), ("IMAGE", {"BGM MIDI"})):
        strips = [strip for strip in state["ours"] if strip["type"] == kind]
        strips.sort(key=lambda strip: strip["span"])
        assert [strip["span"][1] for strip in strips] == [end for _, end in spans]
        # A sound begins some frames before its shot, where the one before fades out.
        leads = [start - strip["span"][0] for strip, (start, _) in zip(strips, spans, strict=True)]
        assert all(0 <= lead <= (16 if kind == "SOUND" else 0) for lead in leads)
        assert {state["lanes"][str(strip["channel"])] for strip in strips} == lanes
        assert {strip["mute"] for strip in strips} == {kind == "IMAGE"}
        assert [strip["id"].split("/")[1:] for strip in strips] == [
            [str(shot), "0"] for shot in range(len(spans))
        ]
    rolls = [strip for strip in state["ours"] if strip["type"] == "IMAGE"]
    assert all(Path(roll["midi"]).read_bytes().startswith(b"MThd") for roll in rolls)


def _check_undo(screen: Screen, start: State, done: State) -> None:
    """One Ctrl+Z takes our strips away and leaves the user's last edit; redo brings them back."""
    x, y, width, height = start["area"]
    screen.hover(x + width / 3, start["window"][1] - y - height / 2)
    screen.key("ctrl+z")
    undone = screen.wait(lambda state: not state["ours"], 120)
    assert undone["users"] == start["users"]
    assert "opening" in [strip["name"] for strip in undone["users"]]
    screen.key("ctrl+shift+z")
    assert screen.wait(lambda state: state["ours"], 120)["ours"] == done["ours"]


def _open_tab(screen: Screen, state: State, folder: Path) -> None:
    """Clicks the last tab of the sidebar: an add-on's comes after Blender's own."""
    tabs = _patches(screen.picture(folder / "tabs.png"), TAB, state["sidebar"], state["window"])
    assert tabs, "no tabs in the sidebar"
    screen.click(*max(tabs, key=lambda centre: centre[1]))
    time.sleep(1)


def _button(screen: Screen, state: State, folder: Path) -> tuple[float, float]:
    """The middle of the panel's largest button."""
    picture = screen.picture(folder / "panel.png")
    buttons = _patches(picture, BUTTON, state["sidebar"], state["window"])
    assert buttons, "no buttons in the sidebar"
    return buttons[0]


def _patches(
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


@pytest.fixture
def real_user(tmp_path: Path) -> dict[str, str]:
    """The folders of a user who has installed the real diffbgm."""
    return blenders.make_user(tmp_path, addon.write_program(tmp_path, addon.REAL))
