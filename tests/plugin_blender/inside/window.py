"""A user's session in a window: the Video Editing layout, the demo film cut up, the sidebar open.

    blender --factory-startup --python window.py -- ZIP FILM FRAMES CUTS STATE

Every fraction of a second it writes to STATE, as JSON, what the sequencer holds and where the
sidebar is. Buttons and tabs have loud colours until music is in place, so that a test can see them.
"""

import itertools
import json
import os
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))  # Blender runs this file as no part of a package.

import run

BUTTON, TAB = (1.0, 0.0, 1.0), (0.0, 1.0, 0.0)
loud: dict = {}  # parts of the theme that shout, and their colours before


def main(zip_path: str, film: str, frames: str, cuts: str, state: str) -> None:
    """`cuts` are frame numbers with commas between, counted from 0; frame 0 lies at frame 1."""
    package = run.install(zip_path)
    bpy.ops.wm.read_homefile(app_template="Video_Editing", use_factory_startup=True)
    bpy.context.preferences.view.show_splash = False
    bpy.ops.preferences.addon_enable(module=package)
    sys.modules["addon"] = sys.modules[package]
    edges = [0, *map(int, cuts.split(",")), int(frames)]

    def begin() -> None:
        """Once the window is there: operators ask for one."""
        with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
            _lay_out(film, edges, Path(state).with_suffix(".blend"))
        loud.update(_shout())
        _open_sidebar()
        bpy.app.timers.register(look, first_interval=1.0, persistent=True)

    def look() -> float:
        reported = _state(package)
        if reported["ours"] and loud:
            _quieten(loud)
        unfinished = Path(f"{state}.part")
        unfinished.write_text(json.dumps(reported))
        os.replace(unfinished, state)
        return 0.3

    bpy.app.timers.register(begin, first_interval=1.0, persistent=True)


def _lay_out(film: str, edges: list[int], blend: Path) -> None:
    """The film, cut up on two channels as an editor would; saved."""
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.001
    scene.render.resolution_x, scene.render.resolution_y = 1280, 720
    scene.frame_start, scene.frame_end = 1, edges[-1]
    scene.frame_current = edges[4] + 10
    strips = scene.sequence_editor_create().sequences
    for index, (start, end) in enumerate(itertools.pairwise(edges)):
        strip = strips.new_movie(f"take {index + 1}", film, 1 + index % 2, 1)
        strip.frame_offset_start, strip.select = start, False
        strip.frame_final_end = end + 1
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    strips["take 1"].name = "opening"
    bpy.ops.ed.undo_push(message="Rename")


def _shout() -> dict:
    """Loud colours; what they were before."""
    theme = bpy.context.preferences.themes[0]
    tool, space = theme.user_interface.wcol_tool, theme.sequence_editor.space
    loud = ((tool, "inner"), (space, "tab_inactive"))
    before = {(part, name): tuple(getattr(part, name)) for part, name in loud}
    tool.inner, space.tab_inactive = (*BUTTON, 1.0), TAB
    return before


def _quieten(colours: dict) -> None:
    for (part, name), colour in colours.items():
        setattr(part, name, colour)
    colours.clear()


def sequencer():
    """The area of the sequencer, and not of its preview; None in a workspace without it."""
    areas = bpy.context.window_manager.windows[0].screen.areas
    sequencers = [area for area in areas if area.type == "SEQUENCE_EDITOR"]
    shown = (area for area in sequencers if area.spaces.active.view_type == "SEQUENCER")
    return next(shown, None)


def _open_sidebar() -> None:
    area = sequencer()
    area.spaces.active.show_region_ui = True
    window = bpy.context.window_manager.windows[0]
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.sequencer.view_all()


def _state(package: str) -> dict:
    """Window coordinates count from the bottom left."""
    window = bpy.context.window_manager.windows[0]
    area = sequencer()
    sidebar = next((each for each in area.regions if each.type == "UI"), None) if area else None
    jobs = sys.modules[f"{package}.jobs"]
    notice = jobs.notice()
    strips = bpy.context.scene.sequence_editor.sequences_all
    strips = sorted(strips, key=lambda strip: (strip.type, strip.frame_final_start))
    return {
        "window": [window.width, window.height],
        "sidebar": _place(sidebar),
        "area": _place(area),
        "jobs": [[job.stage, job.fraction] for job in jobs.running()],
        "notice": list(notice) if notice else None,
        "ours": [_told(strip) for strip in strips if "diffbgm_id" in strip],
        "users": [_told(strip) for strip in strips if "diffbgm_id" not in strip],
        "lanes": {
            str(strip.channel): bpy.context.scene.sequence_editor.channels[strip.channel].name
            for strip in strips
        },
    }


def _place(part) -> list[int]:
    return [part.x, part.y, part.width, part.height] if part else [0, 0, 0, 0]


def _told(strip) -> dict:
    return {
        "name": strip.name,
        "type": strip.type,
        "span": [strip.frame_final_start, strip.frame_final_end],
        "channel": strip.channel,
        "mute": strip.mute,
        "id": strip.get("diffbgm_id"),
        "midi": bpy.path.abspath(strip.get("diffbgm_midi", "")),
    }


if __name__ == "__main__":
    main(*sys.argv[sys.argv.index("--") + 1 :])
