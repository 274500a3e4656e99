"""The window for `make_pictures.py`: as in window.py, and it does what a file tells it to.

    blender --factory-startup --python pictures_window.py -- ZIP FILM FRAMES CUTS STATE

What stands in STATE.do is run as Python in the sequencer's context; then that file is gone.
"""

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
            _run(text)
        return 0.2

    bpy.app.timers.register(obey, first_interval=3.0, persistent=True)


def _run(text: str) -> None:
    area = window._sequencer()
    region = next(region for region in area.regions if region.type == "WINDOW")
    shown = bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=shown, area=area, region=region):
        try:
            exec(text, {"bpy": bpy, "quieten": lambda: window._quieten(window.loud)})
        except Exception:
            traceback.print_exc()


if __name__ == "__main__":
    main(*sys.argv[sys.argv.index("--") + 1 :])
