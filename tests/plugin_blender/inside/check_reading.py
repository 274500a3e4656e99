"""What the add-on reads out of an edit: range, rate and candidates for cuts."""

from fractions import Fraction

import stage
from addon import compat, ranges, tags, timeline
from stage import colour, effect, meta_strip, sound

NO_CUT = ()


def cuts(start: int = 1, end: int = 101) -> tuple[int, ...]:
    import bpy

    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = start, end - 1
    return timeline.read_edit(scene).candidates


def check_strips_side_by_side_are_shots():
    stage.scene()
    colour(1, 1, 31)
    colour(1, 31, 71)
    colour(1, 71, 101)
    assert cuts() == (31, 71)


def check_bounds_of_every_layer_are_candidates():
    """A watermark above all hides none of them: the picture says which are cuts."""
    stage.scene()
    colour(1, 1, 50)
    colour(1, 50, 101)
    colour(5, 1, 101, "watermark").blend_alpha = 0.2
    colour(3, 30, 60)
    assert cuts() == (30, 50, 60)


def check_what_is_never_seen_has_no_candidates():
    stage.scene()
    colour(1, 1, 101)
    colour(2, 20, 40).blend_alpha = 0.0
    fading = colour(3, 60, 70, "fading")
    fading.blend_alpha = 0.0
    fading.keyframe_insert("blend_alpha", frame=60)
    assert cuts() == (60, 70)


def check_gap_is_a_shot():
    stage.scene()
    colour(1, 1, 40)
    colour(1, 60, 101)
    assert cuts() == (40, 60)


def check_muted_strips_are_not_seen():
    stage.scene()
    colour(1, 1, 101)
    colour(2, 20, 40).mute = True
    assert cuts() == NO_CUT


def check_muted_channels_are_not_seen():
    scene = stage.scene()
    colour(1, 1, 101)
    colour(2, 20, 40)
    scene.sequence_editor.channels[2].mute = True
    assert cuts() == NO_CUT


def check_text_adjustment_and_sound_have_no_picture():
    stage.scene()
    colour(1, 1, 101)
    effect("TEXT", 2, 10, 20)
    effect("ADJUSTMENT", 3, 30, 40)
    sound(4, 50, 10)
    assert cuts() == NO_CUT


def check_music_of_ours_has_no_picture():
    stage.scene()
    colour(1, 1, 101)
    colour(2, 20, 40)[tags.KEY] = "abc/0/0"
    assert cuts() == NO_CUT


def check_middles_of_dissolves_are_candidates():
    stage.scene()
    for start, kind in ((0, "CROSS"), (100, "GAMMA_CROSS"), (200, "WIPE")):
        first, second = colour(1, start + 1, start + 60), colour(2, start + 40, start + 101)
        effect(kind, 3, start + 40, start + 60, first, second)
    assert cuts(1, 301) == (40, 50, 60, 101, 140, 150, 160, 201, 240, 250, 260)


def check_odd_dissolve_has_a_whole_frame_in_its_middle():
    stage.scene()
    first, second = colour(1, 1, 60), colour(2, 41, 101)
    effect("CROSS", 3, 41, 60, first, second)
    assert 50 in cuts()


def check_changed_picture_is_the_same_shot():
    stage.scene()
    strip = colour(1, 1, 101)
    effect("GAUSSIAN_BLUR", 2, 1, 101, strip)
    effect("GLOW", 3, 1, 101, strip)
    assert cuts() == NO_CUT


def check_metas_are_looked_into():
    stage.scene()
    colour(1, 1, 20)
    meta = meta_strip(2, 20)
    inner = compat.strips_of(meta)
    colour(1, 20, 50, "a", inner)
    colour(1, 50, 101, "b", inner)
    compat.set_end(meta, 101)
    assert cuts() == (20, 50)


def check_channels_within_metas_can_be_muted():
    stage.scene()
    meta = meta_strip(2, 1)
    inner = compat.strips_of(meta)
    colour(1, 1, 101, "a", inner)
    colour(3, 50, 60, "b", inner)
    compat.set_end(meta, 101)
    assert cuts() == (50, 60)
    meta.channels[3].mute = True
    assert cuts() == NO_CUT


def check_meta_without_a_picture_is_for_the_picture_to_decide():
    stage.scene()
    colour(1, 1, 101)
    meta = meta_strip(2, 20)
    effect("TEXT", 1, 20, 40, into=compat.strips_of(meta))
    compat.set_end(meta, 40)
    assert cuts() == (20, 40)


def check_multicam_strips_bound_candidates():
    stage.scene()
    colour(1, 1, 101, "left")
    colour(2, 1, 101, "right")
    for start, end, angle in ((1, 40, 1), (40, 60, 2), (60, 101, 2)):
        effect("MULTICAM", 3, start, end).multicam_source = angle
    assert cuts() == (40, 60)


def check_keyframes_of_a_multicam_are_candidates():
    stage.scene()
    colour(1, 1, 101, "left")
    colour(2, 1, 101, "right")
    multicam = effect("MULTICAM", 3, 1, 101)
    for frame, angle in ((1, 1), (37, 2), (74, 1)):
        multicam.multicam_source = angle
        multicam.keyframe_insert("multicam_source", frame=frame)
    assert cuts() == (37, 74)


def check_scene_strips_are_looked_into():
    import bpy

    scene = stage.scene()
    inner = bpy.data.scenes.new("inner")
    inner.frame_start = 11
    inside = compat.strips_of(inner.sequence_editor_create())
    colour(1, 11, 41, "a", inside)
    colour(1, 41, 111, "b", inside)
    shown = compat.strips_of(scene.sequence_editor).new_scene("shown", inner, 1, 21)
    shown.scene_input, shown.select = "SEQUENCER", False
    compat.set_end(shown, 101)
    assert cuts(21, 101) == (51,)


def check_cuts_lie_within_the_range():
    stage.scene()
    colour(1, 1, 31)
    colour(1, 31, 71)
    colour(1, 71, 101)
    assert cuts(31, 71) == NO_CUT
    assert cuts(30, 72) == (31, 71)


def check_range_is_that_of_the_scene_where_nothing_is_selected():
    scene = stage.three_shots()
    scene.frame_start, scene.frame_end = 20, 60
    edit = timeline.read_edit(scene)
    assert (edit.start, edit.end) == (20, 61)
    assert edit.stretches == [(0, 14), (14, 21), (21, 41)]


def check_range_is_clipped_to_the_strips():
    scene = stage.three_shots()
    assert ranges.picture_range(scene)[:2] == (11, 71)


def check_selected_strips_are_the_range():
    scene = stage.three_shots()
    stage.strips()["second"].select = stage.strips()["third"].select = True
    scene.frame_end = 50
    assert ranges.picture_range(scene) == (34, 71, "selected strips")


def check_preview_range_goes_before_selection_and_scene():
    scene = stage.three_shots()
    stage.strips()["second"].select = True
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 20, 65
    assert ranges.picture_range(scene) == (20, 66, "preview range")
    scene.use_preview_range = False
    assert ranges.picture_range(scene) == (34, 41, "selected strips")
    stage.strips()["second"].select = False
    assert ranges.picture_range(scene) == (11, 71, "scene range")


def check_range_follows_every_change():
    scene = stage.three_shots()
    assert ranges.picture_range(scene)[:2] == (11, 71)
    compat.set_end(stage.strips()["third"], 60)
    assert ranges.picture_range(scene)[:2] == (11, 60)
    stage.strips()["first"].mute = True
    assert ranges.picture_range(scene)[:2] == (34, 60)
    scene.sequence_editor.channels[3].mute = True
    assert ranges.picture_range(scene)[:2] == (41, 60)


def check_selected_sound_selects_nothing():
    scene = stage.three_shots()
    stage.strips()["sound"].select = True
    assert ranges.picture_range(scene)[:2] == (11, 71)


def check_rate_is_exact():
    scene = stage.scene()
    assert timeline.frame_rate(scene) == Fraction(24000, 1001)
    for fps, base, rate in ((30, 1.001, (30000, 1001)), (25, 1.0, (25, 1)), (12, 1.25, (48, 5))):
        scene.render.fps, scene.render.fps_base = fps, base
        assert timeline.frame_rate(scene) == Fraction(*rate)


def check_nothing_to_score_says_what_to_do():
    import bpy

    empty = bpy.context.scene
    for scene, word in ((empty, "no picture"), (stage.scene(), "no picture")):
        assert word in _complaint(scene)
    scene = stage.three_shots()
    scene.frame_start = 200
    assert "scene range" in _complaint(scene)


def _complaint(scene) -> str:
    try:
        timeline.read_edit(scene)
    except ranges.NoPictureError as error:
        return str(error)
    raise AssertionError("it found something")
