"""Music into the sequencer: lanes, strips on the boundaries, takes, undo. Without a server."""

import dataclasses
import tempfile
import time
import wave
from pathlib import Path

import bpy
import stage
from addon import compat, jobs, joins, placing, strips, tags, work
from stage import colour, ours, spans

START = 11
CLOCK = 24 / 1.001
BOUNDS = [(0, 23), (23, 30), (30, 60)]
ON_TIMELINE = [(11, 34), (34, 41), (41, 71)]


def music(
    takes=(0, 0, 0), version: str = "a", composition: str = "c0ffee", origin: int = START
) -> work.Music:
    """Three shots whose sounds are a little longer, and shorter, than their frames."""
    folder = Path(tempfile.mkdtemp())
    segments = []
    for shot, ((start, end), take) in enumerate(zip(BOUNDS, takes, strict=True)):
        stem = folder / f"{shot:03d}-{version}{take}"
        _write_sound(stem.with_suffix(".wav"), (end - start) * 1.001 / 24 + (shot - 1) * 0.03)
        picture = bpy.data.images.new("roll", 32, 8)
        picture.save_render(str(stem.with_suffix(".png")))
        stem.with_suffix(".mid").write_bytes(b"MThd")
        files = [stem.with_suffix(suffix) for suffix in (".wav", ".mid", ".png")]
        segments.append(work.Segment(shot, take, start, end, 0, *files))
    return work.Music(composition, joins.Place(origin, CLOCK), tuple(segments))


def _write_sound(path: Path, seconds: float) -> None:
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * round(48_000 * seconds)))


def check_strips_lie_on_the_boundaries_of_shots():
    stage.place(stage.three_shots(), music())
    assert spans(ours("SOUND")) == ON_TIMELINE
    assert spans(ours("IMAGE")) == ON_TIMELINE


def check_waveforms_are_shown_all_at_once():
    scene, made = stage.three_shots(), music()
    steps = [
        [strip.show_waveform for strip in ours("SOUND")]
        for _ in placing.place(scene, made, placing.as_cut(made))
    ]
    assert not any(map(any, steps))
    assert [strip.show_waveform for strip in ours("SOUND")] == [True] * 3


def check_lanes_are_named_and_one_above_the_other():
    scene = stage.three_shots()
    stage.place(scene, music())
    assert [strip.channel for strip in ours("SOUND")] == [4, 5, 4]
    assert {strip.channel for strip in ours("IMAGE")} == {6}
    names = [scene.sequence_editor.channels[n].name for n in (4, 5, 6)]
    assert names == ["BGM", "BGM 2", "BGM MIDI"]


def check_rolls_are_muted_and_carry_their_midi():
    stage.place(stage.three_shots(), music())
    assert all(strip.mute for strip in ours("IMAGE"))
    assert not any(strip.mute for strip in ours("SOUND"))
    for strip in ours("IMAGE"):
        assert Path(bpy.path.abspath(strip["diffbgm_midi"])).read_bytes() == b"MThd"


def check_every_strip_says_what_it_is():
    stage.place(stage.three_shots(), music(takes=(0, 2, 0)))
    assert [strip["diffbgm_id"] for strip in ours("SOUND")] == [
        "c0ffee/0/0",
        "c0ffee/1/2",
        "c0ffee/2/0",
    ]


def check_users_strips_stay_as_they_are():
    scene = stage.three_shots()
    before = {strip.name: (compat.span(strip), strip.channel) for strip in stage.strips()}
    stage.strips()["third"].select = True
    stage.place(scene, music())
    after = {strip.name: (compat.span(strip), strip.channel) for strip in stage.strips()}
    assert before.items() <= after.items()
    assert [strip.name for strip in stage.strips() if strip.select] == ["third"]


def check_no_lane_where_the_user_has_strips_or_names():
    scene = stage.three_shots()
    colour(4, 500, 600)
    scene.sequence_editor.channels[7].name = "Foley"
    scene.sequence_editor.channels[10].lock = True
    stage.place(scene, music())
    assert {strip.channel for strip in ours("SOUND")} == {11, 12}


def check_lanes_are_used_again_where_they_are_free():
    scene = stage.three_shots()
    stage.place(scene, music())
    stage.place(scene, music(composition="beef", origin=START + 60))
    assert {strip.channel for strip in ours("SOUND")} == {4, 5}
    assert not any(strip.mute for strip in ours("SOUND"))


def check_older_music_is_kept_but_silent():
    scene = stage.three_shots()
    stage.place(scene, music())
    stage.place(scene, music(composition="beef"))
    lanes = {strip.channel: strip.mute for strip in ours("SOUND")}
    assert lanes == {4: True, 5: True, 7: False, 8: False}


def check_lanes_are_found_again_under_other_names():
    scene = stage.three_shots()
    stage.place(scene, music())
    for number, name in ((4, "Score"), (5, "Score below"), (6, "Notes")):
        scene.sequence_editor.channels[number].name = name
    stage.place(scene, music(composition="beef", origin=START + 60))
    assert {strip.channel for strip in ours("SOUND")} == {4, 5}
    assert scene.sequence_editor.channels[4].name == "Score"


def check_second_lanes_are_used_again_too():
    scene = stage.three_shots()
    stage.place(scene, music())
    stage.place(scene, music(composition="beef"))
    stage.place(scene, music(composition="more", origin=START + 200))
    stage.place(scene, music(composition="again", origin=START + 200))
    assert {strip.channel for strip in ours("SOUND")} == {4, 5, 7, 8}


def check_new_music_over_a_part_mutes_that_part_alone():
    scene = stage.three_shots()
    stage.place(scene, music())
    stage.place(scene, music(composition="beef", origin=START + 40))
    older = strips.our_strips(scene, "c0ffee")
    sounds = [strip for strip in older if strip.type == "SOUND"]
    parts = sorted((*compat.span(strip), strip.mute) for strip in sounds)
    assert parts == [(11, 34, False), (34, 41, False), (41, 51, False), (51, 71, True)]
    assert {tags.tag_of(strip).shot for strip in sounds} == {0, 1, 2}
    assert len([strip for strip in older if strip.type == "IMAGE"]) == 3


def check_silence_before_a_shot_is_no_music():
    scene = stage.three_shots()
    placed = music()
    ahead = tuple(dataclasses.replace(segment, lead=2) for segment in placed.segments)
    stage.place(scene, dataclasses.replace(placed, segments=ahead))
    stage.place(scene, music(composition="beef"))
    older = [s for s in strips.our_strips(scene, "c0ffee") if s.type == "SOUND"]
    assert sorted((*compat.span(strip), strip.mute) for strip in older) == [
        (9, 34, True),
        (32, 41, True),
        (39, 71, True),
    ]


def check_music_inside_an_older_shot_leaves_both_ends():
    scene = stage.three_shots()
    stage.place(scene, music(origin=START))
    long = ours("SOUND")[2]
    compat.set_end(long, 200)
    stage.place(scene, music(composition="beef", origin=80))
    sounds = [s for s in strips.our_strips(scene, "c0ffee") if s.type == "SOUND"]
    parts = sorted((*compat.span(strip), strip.mute) for strip in sounds)
    assert parts[2:] == [(41, 80, False), (80, 140, True), (140, 200, False)]


def check_locked_music_is_not_touched():
    scene = stage.three_shots()
    stage.place(scene, music())
    ours("SOUND")[0].lock = True
    scene.sequence_editor.channels[5].lock = True
    stage.place(scene, music(composition="beef"))
    older = [s for s in strips.our_strips(scene, "c0ffee") if s.type == "SOUND"]
    assert [strip.mute for strip in sorted(older, key=compat.span)] == [False, False, True]
    assert {s.channel for s in strips.our_strips(scene, "beef")}.isdisjoint({4, 5, 6})


def check_music_in_metas_is_silenced_but_not_where_it_is_locked():
    for locked in ("", "strip", "channel", "meta", "channel of the meta"):
        bpy.ops.wm.read_homefile(use_factory_startup=True)
        scene = stage.three_shots()
        stage.place(scene, music())
        sound = ours("SOUND")[2]
        name, meta = sound.name, stage.meta_strip(20, START)
        sound.move_to_meta(meta)
        compat.set_end(meta, 71)
        inner = compat.all_strips_of(scene.sequence_editor)[name]
        inner.lock, meta.lock = locked == "strip", locked == "meta"
        meta.channels[inner.channel].lock = locked == "channel"
        scene.sequence_editor.channels[20].lock = locked == "channel of the meta"
        stage.place(scene, music(composition="beef", origin=START + 40))
        parts = [s for s in strips.our_strips(scene, "c0ffee") if tags.tag_of(s).shot == 2]
        parts = sorted((*compat.span(s), s.mute) for s in parts if s.type == "SOUND")
        whole, halves = [(41, 71, False)], [(41, 51, False), (51, 71, True)]
        assert parts == (whole if locked else halves), (locked, parts)
        strips.update(scene, music(takes=(0, 0, 1), version="b"))
        sounds = [s for s in strips.our_strips(scene, "c0ffee") if s.type == "SOUND"]
        takes = {tags.tag_of(s).take for s in sounds if tags.tag_of(s).shot == 2}
        assert takes == ({0} if locked else {1}), locked


def check_a_copy_of_a_strip_is_music_until_it_gets_another_file():
    scene = stage.three_shots()
    stage.place(scene, music())
    mine = ours("SOUND")[0]
    other = stage.sound(30, START, 23, "mine")
    mine.sound = other.sound  # as "Change Path" does; the mark stays
    before = bpy.path.abspath(mine.sound.filepath)
    assert not tags.is_ours(mine)
    strips.update(scene, music(takes=(1, 0, 0), version="b"))
    stage.place(scene, music(composition="beef"))
    assert bpy.path.abspath(mine.sound.filepath) == before and not mine.mute


def check_new_take_leaves_locked_strips_alone():
    scene = stage.three_shots()
    stage.place(scene, music())
    ours("SOUND")[0].lock = True
    scene.sequence_editor.channels[6].lock = True
    locked = [strips.is_shot_locked(scene, "c0ffee", shot) for shot in range(3)]
    assert locked == [True, False, False]
    assert strips.update(scene, music(takes=(1, 1, 1), version="b")) == 2
    assert [tags.tag_of(strip).take for strip in ours("SOUND")] == [0, 1, 1]
    assert {tags.tag_of(strip).take for strip in ours("IMAGE")} == {0}


def check_no_free_lanes_is_told():
    scene = stage.three_shots()
    for channel in range(4, 129, 2):
        colour(channel, 900, 910)
    try:
        stage.place(scene, music())
    except jobs.PlacementError as error:
        assert "channels" in str(error)
    else:
        raise AssertionError("placed")
    assert ours() == []


def check_new_take_changes_files_and_nothing_else():
    scene = stage.three_shots()
    stage.place(scene, music())
    sound = ours("SOUND")[1]
    sound.volume = 0.3
    compat.set_end(sound, 39)
    old_sound = sound.sound.filepath
    assert sound.name == "BGM 2 · take 1"
    new = music(takes=(0, 1, 0), version="b")
    strips.update(scene, new)
    sound, roll = ours("SOUND")[1], ours("IMAGE")[1]
    assert (sound.name, compat.span(sound)) == ("BGM 2 · take 2", (34, 39))
    assert abs(sound.volume - 0.3) < 1e-6
    assert sound.sound.filepath != old_sound
    assert Path(bpy.path.abspath(sound.sound.filepath)) == new.segments[1].audio
    assert Path(roll.directory, roll.elements[0].filename) == new.segments[1].image
    assert Path(roll["diffbgm_midi"]) == new.segments[1].midi
    assert [tags.tag_of(strip).take for strip in ours("SOUND")] == [0, 1, 0]


def check_neighbours_keep_files_that_did_not_change():
    scene = stage.three_shots()
    first = music()
    stage.place(scene, first)
    before = [strip.sound.name for strip in ours("SOUND")]
    other = music(takes=(0, 1, 0), version="b")
    mixed = (first.segments[0], other.segments[1], first.segments[2])
    changed = strips.update(scene, work.Music("c0ffee", first.place, mixed))
    after = [strip.sound.name for strip in ours("SOUND")]
    assert changed == 2  # the sound and the roll of one shot
    assert (after[0], after[2]) == (before[0], before[2])
    assert after[1] != before[1]


def check_new_take_finds_strips_in_metas_but_no_other_music():
    scene = stage.three_shots()
    stage.place(scene, music())
    stage.place(scene, music(composition="beef", origin=START + 60))
    roll = ours("IMAGE")[0]
    meta = stage.meta_strip(20, START)
    roll.move_to_meta(meta)
    strips.update(scene, music(takes=(1, 1, 1), version="b"))
    takes = {s["diffbgm_id"] for s in strips.our_strips(scene, "c0ffee")}
    assert takes == {"c0ffee/0/1", "c0ffee/1/1", "c0ffee/2/1"}
    assert {tags.tag_of(s).take for s in strips.our_strips(scene, "beef")} == {0}


def check_deleted_strips_are_not_made_anew():
    scene = stage.three_shots()
    stage.place(scene, music())
    stage.strips().remove(ours("IMAGE")[0])
    strips.update(scene, music(takes=(1, 0, 0), version="b"))
    assert (len(ours("SOUND")), len(ours("IMAGE"))) == (3, 2)


def check_shot_at_hand_is_the_active_one_else_at_the_playhead():
    scene = stage.three_shots()
    assert strips.shot_at_hand(scene) is None
    stage.place(scene, music())
    scene.frame_current = 40
    scene.sequence_editor.active_strip = stage.strips()["first"]
    assert strips.shot_at_hand(scene).shot == 1
    last = ours("IMAGE")[2]
    scene.sequence_editor.active_strip, last.select = last, True
    assert strips.shot_at_hand(scene).shot == 2
    last.select = False
    assert strips.shot_at_hand(scene).shot == 1
    scene.frame_current = 71
    assert strips.shot_at_hand(scene) is None


def check_music_that_sounds_is_the_one_at_hand():
    scene = stage.three_shots()
    stage.place(scene, music(composition="new"))
    stage.place(scene, music(composition="newer"))
    scene.frame_current = 20
    assert strips.shot_at_hand(scene).composition == "newer"
    for strip in strips.our_strips(scene, "newer"):
        strip.mute = strip.type == "SOUND"
    for strip in strips.our_strips(scene, "new"):
        strip.mute = strip.type != "SOUND"
    assert strips.shot_at_hand(scene).composition == "new"


def check_tags_survive_saving_and_a_move_of_the_folder():
    folder = Path(tempfile.mkdtemp())
    blend = folder / "project" / "film.blend"
    blend.parent.mkdir()
    scene = stage.three_shots()
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    placed = music()
    beside = []
    for segment in placed.segments:
        files = [
            _moved(path, blend.parent) for path in (segment.audio, segment.midi, segment.image)
        ]
        beside.append(segment.__class__(*_numbers(segment), *files))
    stage.place(scene, work.Music("c0ffee", placed.place, tuple(beside)))
    assert ours("SOUND")[0].sound.filepath.startswith("//")
    bpy.ops.wm.save_mainfile()
    blend.parent.rename(folder / "elsewhere")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "elsewhere" / "film.blend"))
    assert spans(ours("SOUND")) == ON_TIMELINE
    assert tags.tag_of(ours("IMAGE")[2]) == tags.Tag("c0ffee", 2, 0)
    for strip in ours("SOUND"):
        assert Path(bpy.path.abspath(strip.sound.filepath)).is_file()
    for strip in ours("IMAGE"):
        assert Path(bpy.path.abspath(strip["diffbgm_midi"])).is_file()
        assert Path(bpy.path.abspath(strip.directory), strip.elements[0].filename).is_file()


def _moved(path: Path, folder: Path) -> Path:
    place = folder / "diffbgm" / "c0ffee"
    place.mkdir(parents=True, exist_ok=True)
    return path.rename(place / path.name)


def _numbers(segment) -> tuple[int, ...]:
    return segment.shot, segment.take, segment.start_frame, segment.end_frame, segment.lead


def check_one_undo_takes_just_ours():
    stage.three_shots()
    bpy.ops.ed.undo_push(message="an edit")
    stage.strips()["first"].name = "renamed"
    bpy.ops.ed.undo_push(message="the user's last edit")
    job = jobs.start(_placing())
    jobs.wait(job)
    assert len(ours()) == 6
    bpy.ops.ed.undo()
    assert ours() == []
    assert "renamed" in stage.strips()
    bpy.ops.ed.redo()
    assert len(ours()) == 6
    bpy.ops.ed.undo()
    bpy.ops.ed.undo()
    assert "first" in stage.strips()


def check_undo_of_a_take_brings_the_old_sound_back():
    scene = stage.three_shots()
    stage.place(scene, music())
    bpy.ops.ed.undo_push(message="placed")
    before = ours("SOUND")[1].sound.filepath
    new = music(takes=(0, 1, 0), version="b")

    def finish(scene, _):
        strips.update(scene, new)
        yield "done"

    jobs.wait(jobs.start(jobs.Job("Test", "Scene", lambda run: None, finish)))
    assert ours("SOUND")[1].sound.filepath != before
    bpy.ops.ed.undo()
    assert ours("SOUND")[1].sound.filepath == before
    assert Path(before).is_file()


def check_scene_is_found_again_after_undo():
    stage.three_shots()
    bpy.ops.ed.undo_push(message="an edit")
    bpy.ops.ed.undo_push(message="another")
    job = jobs.start(_placing())
    bpy.ops.ed.undo()
    assert not jobs.wait(job).is_error
    assert len(ours()) == 6


def check_scene_that_is_gone_is_told():
    scene = stage.three_shots()
    job = jobs.start(_placing())
    bpy.data.scenes.new("Another")
    bpy.data.scenes.remove(scene)
    assert "'Scene' is gone" in jobs.wait(job).text


def check_unsaved_file_that_was_closed_is_told():
    stage.three_shots()
    job = jobs.start(_placing())
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    assert "closed" in jobs.wait(job).text


def check_music_waits_until_its_file_is_open_again():
    folder = Path(tempfile.mkdtemp())
    stage.three_shots()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "film.blend"))
    job = jobs.start(_placing())
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    while not job.has_result:
        jobs.tick()
    jobs.tick()
    assert "film.blend" in job.stage
    assert ours() == []
    bpy.ops.wm.open_mainfile(filepath=str(folder / "film.blend"))
    jobs.wait(job)
    assert len(ours()) == 6


def check_job_that_waits_for_its_file_can_be_dropped():
    folder = Path(tempfile.mkdtemp())
    stage.three_shots()
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "film.blend"))
    job = jobs.start(_placing())
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    while not job.has_result:
        jobs.tick()
    bpy.ops.diffbgm.cancel(job=job.id)
    assert jobs.running() == []


def check_undo_while_music_is_placed_begins_anew():
    """Whatever undo leaves of it: the whole is there afterwards, once."""
    stage.three_shots()
    bpy.ops.ed.undo_push(message="an edit")
    stage.strips()["first"].name = "renamed"
    bpy.ops.ed.undo_push(message="another")
    job = jobs.start(_placing(pause=0.01))
    while len(ours()) < 3:
        jobs.tick()
    assert 3 <= len(ours()) < 6
    bpy.ops.ed.undo()
    assert not jobs.wait(job).is_error
    assert spans(ours("SOUND")) == ON_TIMELINE
    assert len(ours("IMAGE")) == 3
    assert "first" in stage.strips()


def check_disabled_while_music_is_placed():
    stage.three_shots()
    jobs.start(_placing(pause=0.01))
    while len(ours()) < 3:
        jobs.tick()
    jobs.stop_all()
    assert len(ours()) == 6
    assert jobs.running() == []


def check_what_cannot_be_placed_is_placed_again():
    scene = stage.three_shots()
    scene.sequence_editor.channels[4].name = "mine"
    for channel in range(5, 129, 2):
        colour(channel, 900, 910, f"in the way {channel}")
    notice = jobs.wait(jobs.start(_placing()))
    assert (notice.is_error, notice.mend) == (True, jobs.PLACE_AGAIN)
    assert bpy.ops.diffbgm.place_again.poll()
    for strip in [strip for strip in stage.strips() if strip.name.startswith("in the way")]:
        stage.strips().remove(strip)
    assert bpy.ops.diffbgm.place_again() == {"FINISHED"}
    assert len(ours()) == 6


def _placing(pause: float = 0.0) -> jobs.Job:
    """A job that only places music, and takes its time for each step."""
    placed = music()

    def finish(scene, _):
        for step in placing.place(scene, placed, placing.as_cut(placed)):
            time.sleep(pause)
            yield step
        yield "done"

    return jobs.Job("Test", "Scene", lambda run: None, finish)
