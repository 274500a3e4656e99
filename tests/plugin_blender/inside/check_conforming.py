"""Music for an edit that is changed while the music is written: it lies where its shots are now."""

import bpy
import stage
from addon import compat, conforming, jobs, operating, timeline
from check_placing import music
from stage import ours


def begun():
    """Three shots whose music is being written; what `finish` will get."""
    scene = stage.three_shots()
    edit = timeline.read_edit(scene)
    return scene, edit, conforming.hold(scene, edit)


def now(scene, edit, held) -> list:
    """(shot, origin, start, end) of the music of every shot that is left."""
    spots = conforming.conform(scene, edit, held, music())
    return [(spot.segment.shot, spot.origin, spot.start, spot.end) for spot in spots]


def check_what_stayed_is_where_it_was():
    scene, edit, held = begun()
    assert edit.bases == ("first", "second", "third")
    assert now(scene, edit, held) == [(0, 11, 11, 34), (1, 11, 34, 41), (2, 11, 41, 71)]
    assert not conforming.has_changed(scene, edit)


def check_music_follows_what_was_moved_and_renamed():
    scene, edit, held = begun()
    strip = stage.strips()["third"]
    strip.name = "elsewhere"
    strip.frame_start += 50
    assert now(scene, edit, held)[2] == (2, 61, 91, 121)


def check_music_is_trimmed_with_its_shot():
    scene, edit, held = begun()
    compat.set_end(stage.strips()["first"], 30)
    compat.set_start(stage.strips()["third"], 45)
    assert now(scene, edit, held) == [(0, 11, 11, 30), (1, 11, 34, 41), (2, 11, 45, 71)]


def check_what_is_gone_has_no_music():
    scene, edit, held = begun()
    stage.strips().remove(stage.strips()["second"])
    stage.strips()["first"].mute = True
    assert [shot for shot, *_ in now(scene, edit, held)] == [2]


def check_a_copy_does_not_draw_the_music_away():
    scene, edit, held = begun()
    copy = stage.colour(5, 200, 230, "copy")
    copy[conforming.STRIP_MARK] = held[2].mark
    assert now(scene, edit, held)[2] == (2, 11, 41, 71)


def check_a_razor_cut_leaves_the_music_whole_and_halves_part():
    scene, edit, held = begun()
    third = stage.strips()["third"]
    right = third.split(60, "SOFT")
    right.frame_start += 100
    assert now(scene, edit, held)[2] == (2, 11, 41, 60)


def check_new_strips_are_noticed_though_nothing_moved():
    scene, edit, held = begun()
    stage.colour(7, 50, 60, "insert")
    assert conforming.has_changed(scene, edit)
    assert now(scene, edit, held) == [(0, 11, 11, 34), (1, 11, 34, 41), (2, 11, 41, 71)]


def check_generated_music_is_placed_where_the_shots_are_now():
    scene = stage.three_shots()
    started, operating.begin = [], operating.begin
    begin, operating.begin = (
        operating.begin,
        lambda operator, job: started.append(job) or {"FINISHED"},
    )
    try:
        bpy.ops.diffbgm.generate()
    finally:
        operating.begin = begin
    scene.name = "Renamed"
    stage.strips()["third"].frame_start += 50
    stage.strips().remove(stage.strips()["second"])
    job = started[0]
    job.scene, job.work = scene.name, lambda run: music()
    notice = jobs.wait(jobs.start(job))
    assert not notice.is_error
    assert notice.mend == "diffbgm.refit"
    assert sorted(stage.spans(ours("IMAGE"))) == [(11, 34), (91, 121)]
    assert {strip["diffbgm_origin"] for strip in ours("SOUND")} == {11, 61}
