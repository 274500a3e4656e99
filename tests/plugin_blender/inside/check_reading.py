"""What the add-on reads out of an edit: range, rate and cuts."""

from fractions import Fraction

import stage
from addon import compat, tags, timeline
from stage import colour, effect, meta_strip, sound

NO_CUT = ()


def cuts(start: int = 1, end: int = 101) -> tuple[int, ...]:
    import bpy

    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = start, end - 1
    return timeline.read_edit(scene).cuts


def check_strips_side_by_side_are_shots():
    stage.scene()
    colour(1, 1, 31)
    colour(1, 31, 71)
    colour(1, 71, 101)
    assert cuts() == (31, 71)


def check_topmost_strip_is_seen():
    stage.scene()
    colour(1, 1, 101)
    colour(5, 20, 40)
    colour(3, 30, 60)
    assert cuts() == (20, 40, 60)


def check_hidden_cut_is_no_cut():
    stage.scene()
    colour(1, 1, 50)
    colour(1, 50, 101)
    colour(2, 40, 60)
    assert cuts() == (40, 60)


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


def check_dissolves_cut_in_their_middle():
    stage.scene()
    for start, kind in ((0, "CROSS"), (100, "GAMMA_CROSS"), (200, "WIPE")):
        first, second = colour(1, start + 1, start + 60), colour(2, start + 40, start + 101)
        effect(kind, 3, start + 40, start + 60, first, second)
    assert cuts(1, 301) == (50, 101, 150, 201, 250)


def check_dissolve_below_its_inputs_cuts_in_its_middle():
    stage.scene()
    first, second = colour(4, 1, 60), colour(5, 40, 101)
    effect("CROSS", 3, 40, 60, first, second)
    assert cuts() == (50,)


def check_odd_dissolve_cuts_on_a_whole_frame():
    stage.scene()
    first, second = colour(1, 1, 60), colour(2, 41, 101)
    effect("CROSS", 3, 41, 60, first, second)
    assert cuts() == (50,)


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


def check_empty_meta_hides_nothing():
    stage.scene()
    colour(1, 1, 101)
    meta = meta_strip(2, 20)
    effect("TEXT", 1, 20, 40, into=compat.strips_of(meta))
    compat.set_end(meta, 40)
    assert cuts() == NO_CUT


def check_multicam_shows_its_angle():
    stage.scene()
    colour(1, 1, 101, "left")
    colour(2, 1, 101, "right")
    for start, end, angle in ((1, 40, 1), (40, 60, 2), (60, 101, 2)):
        effect("MULTICAM", 3, start, end).multicam_source = angle
    assert cuts() == (40,)


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
    assert edit.shots == [(0, 14), (14, 21), (21, 41)]


def check_range_is_clipped_to_the_strips():
    scene = stage.three_shots()
    assert timeline.picture_range(scene) == (11, 71)


def check_selected_strips_are_the_range():
    scene = stage.three_shots()
    stage.strips()["second"].select = stage.strips()["third"].select = True
    scene.frame_end = 50
    assert timeline.picture_range(scene) == (34, 71)


def check_selected_sound_selects_nothing():
    scene = stage.three_shots()
    stage.strips()["sound"].select = True
    assert timeline.picture_range(scene) == (11, 71)


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
    assert "frame range" in _complaint(scene)


def _complaint(scene) -> str:
    try:
        timeline.read_edit(scene)
    except timeline.NoPictureError as error:
        return str(error)
    raise AssertionError("it found something")
