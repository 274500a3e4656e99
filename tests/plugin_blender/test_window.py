"""A click on the panel's button in a real window: the real server, strips by frame, undo."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffbgm.demo.film import Truth
from tests import addon
from tests.plugin_blender import blenders
from tests.plugin_blender.screen import BUTTON, Screen, State, open_tab, opened, patches

pytestmark = [pytest.mark.slow, pytest.mark.alone]


@pytest.fixture
def screen(
    tmp_path: Path, addon_zip: Path, demo: tuple[Path, Truth], real_user: dict[str, str]
) -> Iterator[Screen]:
    """Blender's window with the demo film cut up, for a user who has installed diffbgm."""
    with opened(tmp_path, addon_zip, demo, real_user) as screen:
        yield screen


def test_one_click_scores_the_edit(screen: Screen, demo: tuple[Path, Truth], tmp_path: Path):
    truth = demo[1]
    start = screen.wait(lambda state: state and state["sidebar"][2] > 100, 600)
    open_tab(screen, start, tmp_path)
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


def _button(screen: Screen, state: State, folder: Path) -> tuple[float, float]:
    """The middle of the panel's largest button."""
    picture = screen.picture(folder / "panel.png")
    buttons = patches(picture, BUTTON, state["sidebar"], state["window"])
    assert buttons, "no buttons in the sidebar"
    return buttons[0]


@pytest.fixture
def real_user(tmp_path: Path) -> dict[str, str]:
    """The folders of a user who has installed the real diffbgm."""
    return blenders.make_user(tmp_path, addon.write_program(tmp_path, addon.REAL))
