"""Renders stretches of a scene's edit to small movies. Run by another Blender on a copy.

    blender --background --python render_script.py -- [--sound] BLEND SCENE FOLDER START-END…

The movies are silent, or have the sound of the edit with `--sound`. As the file is a copy that is
thrown away, its settings are changed freely. One line `frames N` on standard output after every
frame tells how many are done.
"""

import itertools
import os
import sys
import traceback
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).parent))  # Blender runs this file as no part of a package.

import compat  # pyright: ignore[reportMissingImports]
import tags  # pyright: ignore[reportMissingImports]

WIDTH = 320  # pixels; motion and mood are measured on less


def render(
    blend: str, scene_name: str, folder: str, stretches: list[tuple[int, int]], has_sound: bool
) -> None:
    """Writes frames `start` up to, not including, `end` of each stretch to a movie of its number,
    at the scene's own rate."""
    bpy.ops.wm.open_mainfile(filepath=blend, load_ui=False, use_scripts=False)
    scene = bpy.data.scenes[scene_name]
    _mute_our_strips(scene)
    _shrink(scene.render)
    for each in bpy.data.scenes:
        _lighten(each)
    done = itertools.count(1)
    bpy.app.handlers.render_write.append(lambda *_: _tell(next(done)))
    for number, (start, end) in enumerate(stretches):
        scene.frame_start, scene.frame_end = start, end - 1
        _write_movie(scene.render, str(Path(folder, f"{number}.mp4")), has_sound)
        bpy.ops.render.render(animation=True, scene=scene.name)


def even_size(width: int, height: int, percentage: int) -> tuple[int, int]:
    """Width and height, enlarged by a few pixels, that are even once scaled: video wants that."""
    return _even(width, percentage), _even(height, percentage)


def _even(size: int, percentage: int) -> int:
    while size * percentage // 100 % 2 or size * percentage < 200:
        size += 1
    return size


def _shrink(render) -> None:
    """Scales by percentage, as only that scales strips along; a new resolution would crop them."""
    percentage = min(100, -(-100 * WIDTH // render.resolution_x))
    size = even_size(render.resolution_x, render.resolution_y, percentage)
    render.resolution_x, render.resolution_y = size
    render.resolution_percentage = percentage


def _write_movie(render, movie: str, has_sound: bool) -> None:
    compat.set_video_output(render.image_settings)
    render.ffmpeg.format = "MPEG4"
    render.ffmpeg.codec = "H264"
    render.ffmpeg.constant_rate_factor = "MEDIUM"
    render.ffmpeg.ffmpeg_preset = "REALTIME"
    render.ffmpeg.audio_codec = "AAC" if has_sound else "NONE"
    render.ffmpeg.use_autosplit = False
    render.filepath = movie
    render.use_file_extension = True
    render.use_sequencer = True
    render.use_border = render.use_multiview = render.use_stamp = False
    for each in render.bl_rna.properties:
        if each.identifier.startswith("use_stamp_"):  # the film would tell when it was made
            setattr(render, each.identifier, False)
    render.frame_map_old = render.frame_map_new = 100


def _lighten(scene) -> None:
    """Few samples for scene strips: their light and motion matter here, not their grain."""
    scene.frame_step = 1
    if hasattr(scene, "cycles"):
        scene.cycles.samples = 8
    if hasattr(scene, "eevee"):
        scene.eevee.taa_render_samples = 4


def _mute_our_strips(scene) -> None:
    """Our music is no sound of the edit, nor is a roll that the user has unmuted its picture."""
    for strip in compat.strips_of(scene.sequence_editor):
        strip.mute = strip.mute or tags.is_ours(strip)


def _tell(frames: int) -> None:
    sys.stdout.write(f"frames {frames}\n")
    sys.stdout.flush()


def _bounds(stretch: str) -> tuple[int, int]:
    start, end = stretch.split("-")
    return int(start), int(end)


def main(arguments: list[str]) -> int:
    """The exit code; what went wrong is on standard error."""
    has_sound = arguments[0] == "--sound"
    blend, scene_name, folder, *stretches = arguments[has_sound:]
    try:
        render(blend, scene_name, folder, [_bounds(stretch) for stretch in stretches], has_sound)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[sys.argv.index("--") + 1 :])
    sys.stdout.flush()
    os._exit(code)  # without Blender's tidying up: bpy 4.5 as a module never ends with it
