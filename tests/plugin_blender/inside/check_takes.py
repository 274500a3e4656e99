"""Takes back and forth, marks, beats and changes, by the public operators and a real server."""

import time

import bpy
import stage
from addon import (
    compat,
    heard,
    jobs,
    looks,
    operators,
    pieces,
    refitting,
    strips,
    tags,
    timeline,
)
from stage import ours


def generated(lay_out=stage.three_films) -> None:
    lay_out()
    assert bpy.ops.diffbgm.generate() == {"FINISHED"}


def at_shot(scene, shot: int) -> None:
    sound = next(s for s in ours("SOUND") if tags.tag_of(s).shot == shot)
    scene.sequence_editor.active_strip = sound
    sound.select = True


def takes() -> list[int]:
    return [tags.tag_of(strip).take for strip in ours("SOUND")]


def check_takes_go_back_and_forth_at_once():
    generated()
    scene = bpy.context.scene
    at_shot(scene, 1)
    first = ours("SOUND")[1].sound.filepath
    assert bpy.ops.diffbgm.regenerate_shot() == {"FINISHED"}
    assert takes() == [0, 1, 0]
    second = ours("SOUND")[1].sound.filepath
    assert second != first
    assert bpy.ops.diffbgm.choose_take(which="COMPARE") == {"FINISHED"}
    assert takes() == [0, 0, 0] and ours("SOUND")[1].sound.filepath == first
    assert bpy.ops.diffbgm.choose_take(which="COMPARE") == {"FINISHED"}
    assert takes() == [0, 1, 0] and ours("SOUND")[1].sound.filepath == second
    assert ours("SOUND")[1].name == "BGM 2 · take 2"
    # Once both were heard, the exchange itself waits for nobody.
    composition = tags.tag_of(ours("SOUND")[0]).composition
    known = heard.find(composition, (0, 0, 0))
    began = time.perf_counter()
    strips.update(scene, known)
    assert time.perf_counter() - began < 0.1
    assert takes() == [0, 0, 0]


def check_the_same_take_again_is_told():
    generated()
    scene = bpy.context.scene
    at_shot(scene, 1)
    same = heard.find(tags.tag_of(ours("SOUND")[0]).composition, (0, 0, 0))
    *_, told = operators._update(scene, same, 1)
    assert told == "Shot 2: the same seed and options gave the same take"
    bpy.ops.diffbgm.regenerate_shot()
    assert jobs.notice().text == "Shot 2 has a new take"


def check_deleted_takes_do_not_come_up_again():
    generated()
    scene = bpy.context.scene
    at_shot(scene, 0)
    assert bpy.ops.diffbgm.mark_take(mark="favourite") == {"FINISHED"}
    bpy.ops.diffbgm.regenerate_shot()
    assert bpy.ops.diffbgm.mark_take(mark="deleted") == {"FINISHED"}
    assert takes()[0] == 0
    assert bpy.ops.diffbgm.choose_take(which="NEXT") == {"CANCELLED"}
    composition = tags.tag_of(ours("SOUND")[0]).composition
    assert pieces.piece(scene, composition).marks == {"0/0": "favourite", "0/1": "deleted"}


def check_a_locked_shot_keeps_its_take():
    generated()
    scene = bpy.context.scene
    at_shot(scene, 1)
    bpy.ops.diffbgm.regenerate_shot()
    assert bpy.ops.diffbgm.lock_shot() == {"FINISHED"}
    assert "locked" in stage.error_of(bpy.ops.diffbgm.choose_take)
    assert takes() == [0, 1, 0]
    bpy.ops.diffbgm.lock_shot()
    assert bpy.ops.diffbgm.choose_take() == {"FINISHED"}


def check_beats_are_marked_and_gone_with_one_click():
    generated()
    scene = bpy.context.scene
    scene.timeline_markers.new("mine", frame=3)
    for kind in ("BEATS", "HITS", "BARS"):
        assert bpy.ops.diffbgm.show_beats(kind=kind) == {"FINISHED"}
        assert len(scene.timeline_markers) > 1
    start = strips.place_of(scene, tags.tag_of(ours()[0]).composition).frame
    assert all(marker.frame >= start for marker in scene.timeline_markers if marker.name != "mine")
    bpy.ops.diffbgm.clear_beats()
    assert [marker.name for marker in scene.timeline_markers] == ["mine"]


def check_music_that_will_have_no_place_is_not_made():
    stage.three_shots()
    had_unplaced = jobs.has_unplaced()  # of other checks
    for number in range(4, 128, 2):
        stage.colour(number, 1, 200, name=f"block {number}")
    assert "channels" in stage.error_of(bpy.ops.diffbgm.generate)
    assert ours() == [] and not jobs.running()
    assert jobs.has_unplaced() == had_unplaced


def check_music_finds_its_scene_under_another_name():
    stage.three_shots()
    scene = bpy.context.scene
    made = jobs.Job("test", scene.name, lambda run: 7, lambda scene, _: iter([scene.name]))
    jobs.start(made)
    scene.name = "Renamed"
    assert jobs.wait(made).text == "Renamed"


def check_refit_tells_what_changed_of_what_blender_makes():
    generated(stage.three_shots)
    scene = bpy.context.scene
    assert what_changed(scene) == ["kept", "kept", "kept"]
    stage.strips()["second"].frame_start += 100
    compat.set_end(stage.strips()["third"], 60)
    assert what_changed(scene)[:3] == ["kept", "moved", "shorter"]
    stage.strips()["first"].color = (0, 1, 1)
    assert what_changed(scene)[:3] == ["deleted", "moved", "shorter"]
    bpy.ops.diffbgm.regenerate_shot()
    assert what_changed(scene)[:3] == ["deleted", "moved", "shorter"]


def check_titles_keyframes_and_metas_are_part_of_a_look():
    scene = stage.scene()
    strip = stage.colour(2, 11, 34, "first")
    title = stage.effect("TEXT", 5, 20, 30)
    meta = stage.meta_strip(6, 11)
    stage.colour(1, 11, 34, "inner").move_to_meta(meta)
    compat.set_end(meta, 34)
    meta.blend_alpha = 0.5

    def change_title():
        title.text = "other"

    def fade():
        strip.keyframe_insert("blend_alpha", frame=12)

    def change_inner():
        compat.strips_of(meta)["inner"].color = (0, 0, 1)

    def shrink():
        strip.transform.scale_x = 0.5

    known = {look_of(scene)}
    for change in (change_title, fade, change_inner, shrink):
        change()
        assert look_of(scene) not in known, change.__name__
        known.add(look_of(scene))
    for each in list(stage.strips()):
        if not hasattr(each, "input_1"):
            each.name, each.frame_start = f"{each.name} moved", each.frame_start + 50
            each.select = True
    assert look_of(scene) in known


def what_changed(scene) -> list[str]:
    return [change.what for change in refitting.found_changes(scene)]


def look_of(scene) -> str:
    (stretch,) = looks.composited(scene, timeline.read_edit(scene))
    return stretch.path
