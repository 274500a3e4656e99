"""What a person does while music is written, in a real window: nothing blocks, nothing remains."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffbgm.demo.film import Truth
from tests.plugin_blender.screen import Screen, State, opened

pytestmark = [pytest.mark.slow, pytest.mark.alone]

GENERATE = "bpy.ops.diffbgm.generate()"
STYLE = "bpy.context.scene.diffbgm.style = {!r}"
MEANWHILE = {
    "a second window": "bpy.ops.wm.window_new()",
    "playback": "bpy.ops.screen.animation_play()",
    "the end of playback": "bpy.ops.screen.animation_cancel()",
    "undo": "bpy.ops.ed.undo()",
    "redo": "bpy.ops.ed.redo()",
    "saving": "bpy.ops.wm.save_mainfile()",
    "another workspace": "bpy.context.window.workspace = bpy.data.workspaces['Rendering']",
    "the workspace again": "bpy.context.window.workspace = bpy.data.workspaces['Video Editing']",
    "closing the second window": "with bpy.context.temp_override("
    "window=bpy.context.window_manager.windows[1]): bpy.ops.wm.window_close()",
}
CANCEL_ALL = """
jobs = __import__("sys").modules["addon"].jobs
for job in jobs.running():
    jobs.cancel(job.id)
"""
BLOCKED = 60  # seconds, on a busy machine
REMAINS = """
jobs = __import__("sys").modules["addon"].jobs
header = bpy.types.STATUSBAR_HT_header.draw
answer = {
    "ticking": bpy.app.timers.is_registered(jobs.tick),
    "in the status bar": [f.__module__ for f in getattr(header, "_draw_funcs", [])],
    "options": hasattr(bpy.types.Scene, "diffbgm"),
}
"""


@pytest.fixture(scope="module")
def screen(
    tmp_path_factory: pytest.TempPathFactory,
    addon_zip: Path,
    demo: tuple[Path, Truth],
    user_folders: dict[str, str],
) -> Iterator[Screen]:
    """Blender's window with the demo film cut up, and a server that is quick."""
    folder = tmp_path_factory.mktemp("life")
    with opened(folder, addon_zip, demo, user_folders) as screen:
        screen.wait(lambda state: state and state["sidebar"][2] > 100, 600)
        time.sleep(3)  # from then on it does what it is told
        yield screen


def begin(screen: Screen, style: str) -> None:
    """A job, and no other: one that a failed test left is cancelled."""
    screen.do(CANCEL_ALL)
    screen.wait(lambda state: not state["jobs"], 300)
    screen.do(STYLE.format(style))
    screen.do(GENERATE)


def is_composing(state: State) -> bool:
    return [stage[:9] for stage, _ in state["jobs"]] == ["Composing"]


def done(screen: Screen) -> State:
    return screen.wait(lambda state: state["notice"] and not state["jobs"], 300)


def test_whatever_a_person_does_meanwhile_the_job_goes_on(screen: Screen):
    begin(screen, "slow")
    screen.wait(is_composing, 300)
    for what, text in MEANWHILE.items():
        began = time.monotonic()
        screen.do(text)
        screen.do("answer = 1")  # the next turn of Blender's loop
        assert time.monotonic() - began < BLOCKED, what
        assert is_composing(screen.state()), what
    screen.do(CANCEL_ALL)
    assert done(screen)["notice"][0] == "Cancelled"
    assert not screen.do(REMAINS)["ticking"]


def test_undo_and_redo_while_music_comes_leave_it_whole(screen: Screen):
    begin(screen, "cinematic")
    for text in ("bpy.ops.ed.undo()", "bpy.ops.ed.redo()") * 3:
        screen.do(text)
    shots = len(screen.state()["users"])
    state = done(screen)
    assert state["notice"][0].startswith(f"Music for {shots} shots is in place"), state["notice"]
    assert len(state["ours"]) == 2 * shots


def test_refit_is_clicked_and_places_the_music_anew(screen: Screen):
    before = {strip["id"] for strip in screen.state()["ours"]}
    screen.do("bpy.context.scene.sequence_editor.sequences_all['take 3'].frame_final_end -= 5")
    x, y, width, height = screen.state()["area"]
    screen.hover(x + width / 2, screen.state()["window"][1] - y - height / 2)
    screen.do("bpy.ops.diffbgm.refit('INVOKE_DEFAULT')")
    time.sleep(1)
    screen.key("Return")
    screen.wait(lambda state: {strip["id"] for strip in state["ours"]} - before, 300)
    state = done(screen)
    assert "fits the edit as it is now" in state["notice"][0]
    old = [strip for strip in state["ours"] if strip["id"] in before]
    assert old and all(strip["mute"] for strip in old)


def test_nothing_remains_of_what_is_disabled_while_it_works(screen: Screen):
    begin(screen, "slow")
    screen.wait(is_composing, 300)
    screen.do(
        "bpy.ops.preferences.addon_disable(module=__import__('sys').modules['addon'].__name__)"
    )
    left = screen.do(REMAINS)
    assert not left["ticking"] and not left["options"]
    assert not any("diffbgm" in module for module in left["in the status bar"])
