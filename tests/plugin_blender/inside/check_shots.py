"""The list of shots: found by the real analysis, corrected by a person, remembered in the file."""

import tempfile
import time
from pathlib import Path

import bpy
import stage
from addon import finding, shot_properties, thumbnails
from stage import colour


def two_shots_and_a_razor_cut():
    """Red to frame 40, which a razor cut divides at 20; then blue, under a faint watermark."""
    scene = stage.scene()
    scene.frame_start, scene.frame_end = 1, 96
    colour(1, 1, 20, "red", rgb=(1, 0, 0))
    colour(1, 20, 40, "red again", rgb=(1, 0, 0))
    colour(1, 40, 97, "blue", rgb=(0, 0, 1))
    colour(5, 1, 97, "watermark", rgb=(1, 1, 1)).blend_alpha = 0.05
    return scene


def listed(scene) -> list:
    return [(cut.frame, cut.word, cut.is_added) for cut in scene.diffbgm_shots.cuts]


def answered(scene) -> dict:
    deadline = time.monotonic() + 300
    while shot_properties.hits.is_asking(scene.name):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    found = shot_properties.hits.found(scene.name)
    assert isinstance(found, dict), found
    return found


def check_shots_are_found_corrected_and_remembered():
    scene = two_shots_and_a_razor_cut()
    assert bpy.ops.diffbgm.find_shots() == {"FINISHED"}
    assert listed(scene) == [(40, "KEEP", False)]
    assert set(thumbnails._shown[scene.name]) == {"1", "40"}  # without a window they are no icons
    assert [hit["cut_frame"] for hit in answered(scene)["hits"]] == [39]

    scene.frame_current = 70
    assert bpy.ops.diffbgm.add_cut() == {"FINISHED"}
    assert bpy.ops.diffbgm.add_cut() == {"CANCELLED"}
    assert [hit["cut_frame"] for hit in answered(scene)["hits"]] == [39, 69]
    scene.diffbgm_shots.cuts[0].word = "DROP"
    assert [hit["cut_frame"] for hit in answered(scene)["hits"]] == [69]

    blend = Path(tempfile.mkdtemp()) / "film.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    scene = bpy.context.scene
    assert listed(scene) == [(40, "DROP", False), (70, "KEEP", True)]
    assert shot_properties.options_of(scene)["dropped"] == [39]
    assert shot_properties.options_of(scene)["added"] == [69]
    bpy.ops.diffbgm.remove_cut(frame=70)
    assert listed(scene) == [(40, "DROP", False)]


def check_a_pinned_cut_is_asked_for_whatever_the_picture_does():
    scene = two_shots_and_a_razor_cut()
    scene.diffbgm_shots.fill(1, 97, {40: "picture"})
    scene.diffbgm_shots.cuts[0].word = "PIN"
    options = shot_properties.options_of(scene)
    assert (options["pinned"], options["added"]) == ([39], [39])
    scene.diffbgm_shots.fill(1, 97, {40: "picture", 60: "picture"})
    assert listed(scene) == [(40, "PIN", False), (60, "KEEP", False)]
    scene.frame_start = 50
    assert "pinned" not in shot_properties.options_of(scene)


def check_choosing_a_row_goes_there():
    scene = two_shots_and_a_razor_cut()
    scene.diffbgm_shots.fill(1, 97, {40: "picture", 60: "picture"})
    scene.diffbgm_shots.index = 1
    assert scene.frame_current == 60


def check_finding_wants_a_picture():
    stage.scene()
    assert "no picture" in stage.error_of(bpy.ops.diffbgm.find_shots)
    assert finding.LOOK[1] == 1.0
