"""What goes to the server as a film by its path, and what has to be rendered."""

import hashlib
import subprocess
import sys
import time

import bpy
import stage
from addon import compat, generating, jobs, operating, timeline
from addon import films as addon_films
from addon.cuts import Film
from stage import colour, effect, movie, ours, three_films


def films() -> tuple:
    return timeline.read_edit(bpy.context.scene).films


def check_movie_strips_are_films_with_their_trims():
    path = str(three_films())
    assert films() == (Film(path, 5), Film(path, 50), Film(path, 0))
    assert timeline.read_edit(bpy.context.scene).composited == []


def check_range_may_begin_within_a_strip():
    path = str(three_films())
    bpy.context.scene.frame_start = 14
    assert films()[0] == Film(path, 8)


def check_what_changes_the_picture_is_rendered():
    changes = (
        ("blend_alpha", 0.5),
        ("use_flip_x", True),
        ("use_reverse_frames", True),
        ("color_saturation", 0.0),
        ("blend_type", "MULTIPLY"),
    )
    for name, value in changes:
        three_films()
        setattr(stage.strips()["second"], name, value)
        assert [film is None for film in films()] == [False, True, False], name


def check_crop_offset_modifier_and_keyframes_are_rendered():
    def crop(strip):
        strip.crop.min_x = 10

    def shift(strip):
        strip.transform.offset_x = 10

    def shrink(strip):
        strip.transform.scale_x = strip.transform.scale_y = 0.5

    def grade(strip):
        strip.modifiers.new("curves", "CURVES")

    def fade(strip):
        strip.keyframe_insert("blend_alpha", frame=35)

    for change in (crop, shift, shrink, grade, fade):
        three_films()
        change(stage.strips()["second"])
        assert [film is None for film in films()] == [False, True, False], change.__name__


def check_effects_and_adjustments_are_rendered():
    three_films()
    effect("GAUSSIAN_BLUR", 5, 34, 41, stage.strips()["second"])
    effect("ADJUSTMENT", 6, 60, 65)
    assert [film is None for film in films()] == [False, True, True]
    assert timeline.read_edit(bpy.context.scene).composited == [(23, 30), (30, 60)]


def check_held_pictures_are_rendered():
    three_films()
    compat.set_end(stage.strips()["third"], 140)
    assert films()[2] is None


def check_rate_of_a_film_is_asked_of_blender():
    path = three_films()
    scene = bpy.context.scene
    assert films()[1].strip == "second"
    assert addon_films.has_rate_of(scene, "second")
    assert not addon_films.has_rate_of(scene, "gone")
    scene.render.fps_base = 1.0
    assert not addon_films.has_rate_of(scene, "second")
    assert films()[0] == Film(str(path), 5)


def check_multicam_shows_the_film_of_its_angle():
    path = str(three_films())
    multicam = effect("MULTICAM", 7, 11, 71)
    for frame, angle in ((11, 2), (34, 3), (41, 2)):
        multicam.multicam_source = angle
        multicam.keyframe_insert("multicam_source", frame=frame)
    assert films() == (Film(path, 5), Film(path, 50), Film(path, 0))
    multicam.use_flip_x = True
    assert set(films()) == {None}


def check_metas_are_looked_into():
    path = str(three_films())
    meta = stage.meta_strip(7, 34)
    stage.strips()["second"].move_to_meta(meta)
    compat.set_end(meta, 41)
    assert films()[1] == Film(path, 50)
    meta.blend_alpha = 0.5
    assert films()[1] is None


def check_plain_edit_is_neither_copied_nor_rendered():
    three_films()
    prepare, generating._prepare_rendering = generating._prepare_rendering, None
    try:
        assert bpy.ops.diffbgm.generate() == {"FINISHED"}
    finally:
        generating._prepare_rendering = prepare
    assert len(ours("SOUND")) == 3


def check_the_click_returns_before_anything_is_saved():
    """Whatever is packed into the file: the copy for the rendering comes later."""
    stage.three_shots()
    image = bpy.data.images.new("large", 2048, 2048, float_buffer=True)
    image.pack()
    times = []
    begun, operating.begin = operating.begin, lambda operator, job: {"FINISHED"}
    try:
        for _ in range(3):
            start = time.perf_counter()
            bpy.ops.diffbgm.generate()
            times.append(time.perf_counter() - start)
    finally:
        operating.begin = begun
    sys.stdout.write(f"execute took {1000 * min(times):.1f} ms\n")
    assert min(times) < 0.05


def check_only_what_is_composited_is_rendered():
    three_films()
    stage.strips()["second"].use_flip_x = True
    rendered = []
    prepare = generating._prepare_rendering
    generating._prepare_rendering = lambda *asked: rendered.append(prepare(*asked)) or rendered[-1]
    try:
        assert bpy.ops.diffbgm.generate() == {"FINISHED"}
    finally:
        generating._prepare_rendering = prepare
    assert [rendering.stretches for rendering in rendered] == [[(23, 30)]]
    assert len(ours("SOUND")) == 3


def check_reading_200_strips_is_quick():
    path = three_films()
    for number in range(200):
        movie(path, 2, 100 + 5 * number, 105 + 5 * number, name=f"more {number}")
    bpy.context.scene.frame_end = 2000
    start = time.perf_counter()
    edit = timeline.read_edit(bpy.context.scene)
    sys.stdout.write(f"read 203 strips in {1000 * (time.perf_counter() - start):.1f} ms\n")
    assert len(edit.stretches) == 204
    assert jobs.running() == []


def check_overlay_is_rendered():
    three_films()
    colour(9, 50, 55, "title").blend_alpha = 0.5
    assert [film is None for film in films()] == [False, False, False, True, False]


def check_what_did_not_change_is_rendered_to_the_same_film():
    """So a refit knows it again, wherever it is now."""
    made = []
    for shift in (0, 40):
        three_films()
        scene = bpy.context.scene
        for name in ("first", "second"):
            stage.strips()[name].use_flip_x = True
        if shift:
            stage.strips()["second"].frame_start += shift
            compat.set_end(stage.strips()["first"], 30)
        edit = timeline.read_edit(scene)
        rendering = generating._prepare_rendering(edit, False)
        subprocess.run(rendering.command, check=True, stdout=subprocess.DEVNULL)
        films = [hashlib.sha256(film.read_bytes()).hexdigest() for film in rendering.films]
        made.append(dict(zip([end - start for start, end in edit.composited], films, strict=True)))
    before, after = made
    assert before[7] == after[7]  # it is elsewhere, and as it was
    assert before[23] not in after.values()
