"""The operators from end to end: a real rendering, a real server, real strips."""

import json
import os
import tempfile
import time
from pathlib import Path

import bpy
import stage
from addon import compat, forms, jobs, operators, tags
from stage import ours, spans

START = 11
ON_TIMELINE = [(11, 34), (34, 41), (41, 71)]


def saved(lay_out=stage.three_films) -> Path:
    """Three shots in a file that has a name."""
    blend = Path(tempfile.mkdtemp()) / "film.blend"
    lay_out()
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    return blend


def shots(sounds) -> list[tuple[int, int]]:
    """Where sound strips are audible: each fades in at the end of the one before."""
    bounds = [compat.span(strip) for strip in sounds]
    assert all(
        2 <= end - start <= 16 for (start, _), (_, end) in zip(bounds[1:], bounds, strict=False)
    )
    starts = [START, *(end for _, end in bounds)]
    return [(start, end) for start, (_, end) in zip(starts, bounds, strict=False)]


def check_generate_puts_music_on_the_shots():
    blend = saved()
    assert bpy.ops.diffbgm.generate() == {"FINISHED"}
    assert shots(ours("SOUND")) == spans(ours("IMAGE")) == ON_TIMELINE
    composition = tags.tag_of(ours()[0]).composition
    for strip in ours("SOUND"):
        file = Path(bpy.path.abspath(strip.sound.filepath))
        assert strip.sound.filepath.startswith("//")
        assert file.parent == blend.parent / "diffbgm" / composition
        assert file.read_bytes().startswith(b"RIFF")


def check_generate_without_a_file_name_uses_the_users_folder():
    stage.three_films()
    bpy.ops.diffbgm.generate()
    folder = Path(compat.user_folder(operators.__package__))
    for strip in ours("SOUND"):
        assert folder in Path(strip.sound.filepath).parents


def check_generate_leaves_file_and_settings_alone():
    blend = saved(stage.three_shots)
    bytes_before, settings = blend.read_bytes(), _settings()
    bpy.ops.diffbgm.generate()
    assert _settings() == settings
    assert blend.read_bytes() == bytes_before
    assert bpy.data.filepath == str(blend)
    assert [file.name for file in blend.parent.iterdir() if file.suffix == ".blend1"] == []


def _settings() -> dict:
    scene = bpy.context.scene
    names = ("filepath", "resolution_x", "resolution_y", "resolution_percentage", "fps")
    render = {name: getattr(scene.render, name) for name in names}
    frames = (scene.frame_start, scene.frame_end, scene.frame_current)
    return {**render, "frames": frames, "format": scene.render.image_settings.file_format}


def check_generate_reads_media_beside_the_file():
    blend = saved()
    film = blend.with_name("picture.png")
    image = bpy.data.images.new("white", 320, 180)
    image.save_render(str(film))
    strip = stage.strips().new_image("picture", "//picture.png", 6, 11)
    compat.set_end(strip, 71)
    bpy.ops.diffbgm.generate()
    assert shots(ours("SOUND")) == ON_TIMELINE  # the quick server takes candidates for cuts


def check_generate_twice_keeps_both():
    saved()
    bpy.ops.diffbgm.generate()
    bpy.ops.diffbgm.generate()
    sounds = ours("SOUND")
    assert len({tags.tag_of(strip).composition for strip in sounds}) == 2
    assert sorted(strip.mute for strip in sounds) == [False] * 3 + [True] * 3


def check_generate_without_picture_is_an_error():
    stage.scene()
    assert "no picture" in stage.error_of(bpy.ops.diffbgm.generate)


def check_generate_passes_the_servers_words_on():
    saved()
    bpy.context.scene.diffbgm.style = "broken"
    assert "too beautiful" in stage.error_of(bpy.ops.diffbgm.generate)
    bpy.context.scene.diffbgm.style = "polka"
    assert "polka" in stage.error_of(bpy.ops.diffbgm.generate)
    assert ours() == []


def check_generate_without_a_server_says_what_to_do():
    saved()
    preferences = bpy.context.preferences.addons[operators.__package__].preferences
    preferences.address = "http://127.0.0.1:1"
    try:
        assert "No answer" in stage.error_of(bpy.ops.diffbgm.generate)
    finally:
        preferences.address = ""


def check_options_reach_the_server():
    blend = saved()
    options = bpy.context.scene.diffbgm
    options.use_seed, options.seed = True, 77
    bpy.ops.diffbgm.generate()
    assert blend.exists()
    assert _asked()["options"] == {"seed": 77}
    options.mood, options.use_energy, options.energy = "tense", True, 0.25
    options.use_bpm, options.bpm = True, (90, 110)
    options.freedom_percent, options.prefer_downbeats = 3.3, True
    bpy.ops.diffbgm.generate()
    assert _asked()["options"] == {
        "mood": "tense",
        "energy": 0.25,
        "bpm": [90, 110],
        "freedom_percent": 3.3,
        "prefer_downbeats": True,
        "seed": 77,
    }


def check_options_of_a_take_are_its_own():
    options = bpy.context.scene.diffbgm_take
    options.mood, options.notes = " calm ", "same"
    wanted = forms.request(options, "take")
    assert wanted.pop("seed") >= 0
    assert wanted == {"mood": "calm", "notes": "same"}
    options.mood, options.notes, options.automatic = "", "new", True
    options.style = "piano"
    wanted = forms.request(options, "take")
    assert (options.mood, wanted["automatic"], wanted["style"]) == ("As It Is", True, "piano")
    assert "mood" not in wanted


def _asked() -> dict:
    """The newest request in the server's store."""
    requests = Path(os.environ["XDG_DATA_HOME"], "diffbgm", "store", "requests")
    newest = max(requests.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
    return json.loads(newest.read_text())["request"]


def check_regenerate_changes_one_shot_next_week():
    blend = saved()
    bpy.ops.diffbgm.generate()
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.read_homefile(use_factory_startup=True)
    bpy.ops.wm.open_mainfile(filepath=str(blend))
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = bpy.context.scene
    before = [strip.sound.filepath for strip in ours("SOUND")]
    rolls = [strip.elements[0].filename for strip in ours("IMAGE")]
    bpy.context.scene.frame_current = 35
    assert bpy.ops.diffbgm.regenerate_shot() == {"FINISHED"}
    after = [strip.sound.filepath for strip in ours("SOUND")]
    assert [tags.tag_of(strip).take for strip in ours("SOUND")] == [0, 1, 0]
    assert [tags.tag_of(strip).take for strip in ours("IMAGE")] == [0, 1, 0]
    assert shots(ours("SOUND")) == spans(ours("IMAGE")) == ON_TIMELINE
    assert after[0] == before[0]
    assert after[1] != before[1]
    assert after[2] != before[2]  # the tail of the new take rings on
    changed = [strip.elements[0].filename for strip in ours("IMAGE")]
    assert (changed[0], changed[2]) == (rolls[0], rolls[2])
    assert changed[1] != rolls[1]


def check_regenerate_wants_a_shot():
    stage.three_shots()
    assert not bpy.ops.diffbgm.regenerate_shot.poll()


def check_regenerate_of_music_that_the_server_forgot():
    saved()
    bpy.ops.diffbgm.generate()
    for strip in ours():
        strip["diffbgm_id"] = "f" * 32 + "/0/0"
    bpy.context.scene.frame_current = 35
    assert "no such composition" in stage.error_of(bpy.ops.diffbgm.regenerate_shot)


def check_cancel_names_its_job():
    saved()
    bpy.context.scene.diffbgm.style = "slow"
    slow = _begin()
    _tick_until(lambda: slow.stage == "Composing")
    bpy.context.scene.diffbgm.style = "cinematic"
    other = _begin()
    assert bpy.ops.diffbgm.cancel(job="no such") == {"CANCELLED"}
    assert bpy.ops.diffbgm.cancel(job=slow.id) == {"FINISHED"}
    assert jobs.wait(other).text.startswith("Music for 3 shots")
    _tick_until(lambda: not jobs.running())
    assert len(ours("SOUND")) == 3


def _tick_until(happened) -> None:
    deadline = time.monotonic() + 600
    while not happened():
        assert time.monotonic() < deadline, jobs.notice() or jobs.running()
        jobs.tick()
        time.sleep(0.02)


def _begin() -> jobs.Job:
    """The operator as it runs with a window, where it does not wait."""
    before = set(map(id, jobs.running()))
    job_module, jobs.wait = jobs.wait, lambda job: jobs.Notice("in the background", False)
    try:
        bpy.ops.diffbgm.generate()
    finally:
        jobs.wait = job_module
    return next(job for job in jobs.running() if id(job) not in before)


def check_temporary_files_are_removed():
    saved(stage.three_shots)
    before = set(Path(bpy.app.tempdir).iterdir())
    bpy.ops.diffbgm.generate()
    assert set(Path(bpy.app.tempdir).iterdir()) == before


def check_start_server_learns_what_it_offers():
    assert bpy.ops.diffbgm.start_server() == {"FINISHED"}
    assert "ready" in jobs.notice().text
