"""A user's session in a window, as in window.py, that does what a file tells it to.

    blender --factory-startup --python told_window.py -- ZIP FILM FRAMES CUTS STATE

What stands in STATE.do is run as Python in the sequencer's context; then that file is gone, and
STATE.answer has what it left in `answer`, as JSON.
"""

import json
import os
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))  # Blender runs this file as no part of a package.

import window


def main(zip_path: str, film: str, frames: str, cuts: str, state: str) -> None:
    window.main(zip_path, film, frames, cuts, state)
    told = Path(f"{state}.do")

    def obey() -> float:
        if told.exists():
            text = told.read_text()
            told.unlink()
            unfinished = told.with_suffix(".part")
            unfinished.write_text(json.dumps(_run(text)))
            os.replace(unfinished, f"{state}.answer")
        return 0.1

    bpy.app.timers.register(obey, first_interval=3.0, persistent=True)


def _run(text: str):
    names = {"bpy": bpy, "quieten": lambda: window._quieten(window.loud), "answer": None}
    with bpy.context.temp_override(**_context()):
        try:
            exec(text, names)
        except Exception:
            traceback.print_exc()
    return names["answer"]


def _context() -> dict:
    """The first window, and its sequencer, where its workspace has one."""
    shown = bpy.context.window_manager.windows[0]
    area = window.sequencer()
    if area is None:
        return {"window": shown}
    region = next(region for region in area.regions if region.type == "WINDOW")
    return {"window": shown, "area": area, "region": region}


if __name__ == "__main__":
    main(*sys.argv[sys.argv.index("--") + 1 :])
