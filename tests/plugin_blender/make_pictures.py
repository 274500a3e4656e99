"""Makes the pictures of docs/blender.md in a real Blender's window.

    python -m tests.plugin_blender.make_pictures [FOLDER]       (FOLDER is docs/blender)

Needs what `python install.py test` sets up, takes a few minutes, and composes for real. Look at
what it made.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

from diffbgm.demo import film as demo_film
from tests import addon
from tests.plugin_blender import blenders
from tests.plugin_blender.screen import Screen, open_tab, opened

COLOURS = 128  # of a picture in the documentation
FIND = "bpy.ops.diffbgm.find_shots()"
GENERATE = "bpy.ops.diffbgm.generate()"
OTHER_TEMPO = "s = bpy.context.scene.diffbgm; s.use_bpm = True; s.bpm = (84, 96)"
SEVERAL_TAKES = "bpy.context.scene.diffbgm_take.takes = 3"
VIEW_ALL = "bpy.ops.sequencer.view_all()"
OTHER_EDIT = (
    "s = bpy.context.scene.sequence_editor.sequences_all; s['take 3'].frame_final_end -= 12; "
    "s['take 5'].mute = True; s['take 7'].frame_start += 4"
)
NO_SERVER = (
    "name = next(n for n in bpy.context.preferences.addons.keys() if 'diffbgm' in n); "
    "bpy.context.preferences.addons[name].preferences.address = 'http://127.0.0.1:1'"
)


class Session:
    """A Blender in which things are done, and of which pictures are taken."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen, self.do = screen, screen.do
        self._folder = folder

    def finish(self, text: str, seconds: float = 900) -> None:
        """Does what begins a job, and waits for the job's end."""
        self.do(text)
        time.sleep(1.0)
        self.screen.wait(lambda state: not state["jobs"] and state["notice"], seconds)

    def take(self, name: str) -> None:
        """The sequencer, with its sidebar, as a picture of few colours."""
        self.do("for area in bpy.context.screen.areas: area.tag_redraw()")
        time.sleep(3)  # for the waveforms, too
        path = self._folder / f"{name}.png"
        self.screen.picture(path)
        picture = Image.open(path).convert("RGB")
        picture.quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
        sys.stdout.write(f"{path} {path.stat().st_size} bytes\n")


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        film = work / "demo.mp4"
        truth = demo_film.make(film)
        script = str(addon.SOURCE / "package.py")
        subprocess.run([sys.executable, script, name], check=True, stdout=subprocess.DEVNULL)
        user = blenders.make_user(work / "user", addon.write_program(work, addon.REAL))
        with opened(work, next(work.glob("*.zip")), (film, truth), user) as screen:
            take_all(Session(screen, folder), work)


def take_all(session: Session, work: Path) -> None:
    """From an empty sequencer to music, and what may go wrong on the way."""
    start = session.screen.wait(lambda state: state and state["sidebar"][2] > 100, 600)
    time.sleep(3)
    session.do("bpy.ops.screen.screen_full_area()")
    time.sleep(2)
    start = session.screen.wait(lambda state: state["area"][3] > start["area"][3], 60)
    open_tab(session.screen, start, work)
    session.do("quieten()")
    session.take("panel")
    session.finish(FIND)
    time.sleep(3)
    session.take("shots")
    session.do(OTHER_TEMPO)
    session.do(GENERATE)
    session.screen.wait(lambda state: state["jobs"] and state["jobs"][0][1] > 0.45, 600)
    session.take("progress")
    session.screen.wait(lambda state: state["ours"] and not state["jobs"], 900)
    session.take("music")
    session.do(SEVERAL_TAKES)
    session.finish("bpy.ops.diffbgm.regenerate_shot()")
    session.do("bpy.ops.diffbgm.mark_take(mark='favourite')")
    session.take("takes")
    session.finish("bpy.ops.diffbgm.show_stems()")
    session.do(VIEW_ALL)
    session.take("stems")
    session.do("bpy.ops.diffbgm.hide_stems()")
    session.do(VIEW_ALL)
    session.do(OTHER_EDIT)
    x, y, width, height = start["area"]
    session.screen.hover(x + width / 2, start["window"][1] - y - height / 2)
    session.do("bpy.ops.diffbgm.refit('INVOKE_DEFAULT')")
    session.take("refit")
    session.screen.key("Escape")
    session.do(NO_SERVER)
    session.finish(GENERATE)
    session.take("error")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else addon.ROOT / "docs" / "blender")
