"""Nothing holds Blender up, however many strips there are. Times are of the processor."""

import sys
import time
import types

import bpy
import stage
from addon import operating, panels, shot_panel, take_panels
from stage import colour

STRIPS = 1500
DRAW, EXECUTE = 0.005, 0.05  # seconds


class Layout:
    """Takes the place of Blender's layouts, which it makes in a window alone."""

    def __getattr__(self, name: str):
        return self

    def __call__(self, *args, **keywords):
        return self


def many_strips():
    scene = stage.scene()
    for number in range(STRIPS):
        colour(1 + number % 4, 10 + 5 * number, 15 + 5 * number, f"strip {number}")
    scene.frame_end = 10 * STRIPS
    return scene


def quickest(act, times: int = 5) -> float:
    taken = []
    for _ in range(times):
        began = time.process_time()
        act()
        taken.append(time.process_time() - began)
    sys.stdout.write(f"{act.__name__}: {1000 * min(taken):.2f} ms\n")
    return min(taken)


def check_panels_are_drawn_at_once():
    scene = many_strips()
    drawn = [
        panel
        for module in (panels, shot_panel, take_panels)
        for name, panel in vars(module).items()
        if name.startswith("DIFFBGM_PT_")
    ]

    def draw():
        for panel in drawn:
            panel.draw(types.SimpleNamespace(layout=Layout()), bpy.context)

    def drag_and_draw():
        scene.frame_end -= 1
        draw()

    assert len(drawn) >= 3
    assert quickest(draw) < DRAW
    assert quickest(drag_and_draw) < 2 * DRAW


def check_click_returns_at_once():
    many_strips()

    def click():
        assert bpy.ops.diffbgm.generate() == {"FINISHED"}

    begin, operating.begin = operating.begin, lambda operator, job: {"FINISHED"}
    try:
        assert quickest(click) < EXECUTE
    finally:
        operating.begin = begin
