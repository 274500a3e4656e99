"""Edits for checks: strips of colour, sound and film, and what the add-on made of them."""

import os
import tempfile
import wave
from pathlib import Path

import bpy
from addon import compat, placing, tags

FILM_FRAMES = 80


def scene():
    """The current scene, its sequencer there and empty, 24000/1001 frames a second."""
    scene = bpy.context.scene
    scene.sequence_editor_create()
    scene.render.fps, scene.render.fps_base = 24, 1.001
    scene.render.resolution_x, scene.render.resolution_y = 320, 180
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = scene
    return scene


def strips():
    return compat.strips_of(bpy.context.scene.sequence_editor)


def effect(kind: str, channel: int, start: int, end: int, *inputs, name: str = "", into=None):
    """A strip that Blender counts among the effects: from `start` up to, not including, `end`."""
    collection = strips() if into is None else into
    functions = collection.bl_rna.functions["new_effect"].parameters.keys()
    length = {"length": end - start} if "length" in functions else {"frame_end": end}
    keys = ("input1", "input2") if "input1" in functions else ("seq1", "seq2")
    strip = collection.new_effect(
        name=name or kind,
        type=kind,
        channel=channel,
        frame_start=start,
        **length,
        **dict(zip(keys, inputs, strict=False)),
    )
    strip.select = False
    return strip


def colour(channel: int, start: int, end: int, name: str = "", into=None, rgb=(1, 0, 0)):
    strip = effect("COLOR", channel, start, end, name=name, into=into)
    strip.color = rgb
    return strip


def meta_strip(channel: int, start: int):
    """An empty meta strip; it has its length by `compat.set_end`."""
    strip = strips().new_meta("meta", channel, start)
    strip.select = False
    return strip


def sound(channel: int, start: int, frames: int, name: str = "sound"):
    path = Path(tempfile.mkdtemp()) / f"{name}.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * round(48_000 * frames * 1.001 / 24)))
    strip = strips().new_sound(name, str(path), channel, start)
    strip.select = False
    return strip


def film() -> Path:
    """A movie of one colour, 80 frames at 24000/1001; rendered once for all checks."""
    path = Path(os.environ["XDG_DATA_HOME"], "film.mp4")
    if path.exists():
        return path
    made = bpy.data.scenes.new("film")
    made.render.fps, made.render.fps_base = 24, 1.001
    made.render.resolution_x, made.render.resolution_y = 320, 180
    inside = compat.strips_of(made.sequence_editor_create())
    colour(1, 1, FILM_FRAMES + 1, into=inside, rgb=(0, 1, 1))
    made.frame_start, made.frame_end = 1, FILM_FRAMES
    compat.set_video_output(made.render.image_settings)
    made.render.ffmpeg.format, made.render.ffmpeg.codec = "MPEG4", "H264"
    made.render.use_file_extension = True
    made.render.filepath = str(path)
    bpy.ops.render.render(animation=True, scene=made.name)
    bpy.data.scenes.remove(made)
    return path


def movie(path: Path, channel: int, start: int, end: int, first: int = 0, name: str = "movie"):
    """The film from its frame `first` on, from `start` up to, not including, `end`."""
    strip = strips().new_movie(name, str(path), channel, start - first)
    strip.frame_offset_start = first
    compat.set_end(strip, end)
    strip.select = False
    return strip


def error_of(operator) -> str:
    """What an operator says that cannot do what it is for."""
    try:
        operator()
    except RuntimeError as error:
        return str(error)
    raise AssertionError("no error")


def ours(kind: str = "", among=None) -> list:
    """Our strips of a type, by shot."""
    found = [strip for strip in (strips() if among is None else among) if tags.is_ours(strip)]
    return sorted((s for s in found if kind in ("", s.type)), key=lambda s: tags.tag_of(s).shot)


def spans(found) -> list[tuple[int, int]]:
    return [compat.span(strip) for strip in found]


def three_shots():
    """Frames 11 to 70 in shots that begin at 11, 34 and 41, above some sound of the user's."""
    made = scene()
    made.frame_start, made.frame_end = 1, 250
    colour(2, 11, 34, "first")
    colour(3, 34, 41, "second", rgb=(0, 1, 0))
    colour(2, 41, 71, "third", rgb=(0, 0, 1))
    sound(1, 11, 60)
    return made


def three_films() -> Path:
    """As `three_shots`, but of pieces of one film, so that nothing has to be rendered, and in place
    of all that was there; the film."""
    made = scene()
    for strip in list(strips()):
        strips().remove(strip)
    made.animation_data_clear()
    made.frame_start, made.frame_end = 1, 250
    path = film()
    movie(path, 2, 11, 34, first=5, name="first")
    movie(path, 3, 34, 41, first=50, name="second")
    movie(path, 2, 41, 71, name="third")
    sound(1, 11, 60)
    return path


def place(scene, music) -> None:
    """All steps of placing at once."""
    for _ in placing.place(scene, music, placing.as_cut(music)):
        pass
