"""What cannot work is said at the click, or before anything is rendered."""

import tempfile
from pathlib import Path

import bpy
import stage
from addon import generating, jobs, operating, tags
from stage import ours


def refused(operator) -> jobs.Notice:
    """What an operator says that begins no job."""
    begun, operating.begin = operating.begin, None
    try:
        error = stage.error_of(operator)
    finally:
        operating.begin = begun
    assert jobs.notice().text in error
    return jobs.notice()


def generated() -> Path:
    """Music in a file that has a name; the folder that the music is kept in."""
    blend = Path(tempfile.mkdtemp()) / "film.blend"
    stage.three_films()
    bpy.ops.wm.save_as_mainfile(filepath=str(blend))
    assert bpy.ops.diffbgm.generate() == {"FINISHED"}
    return blend.parent / "diffbgm"


def check_a_folder_that_cannot_be_written():
    folder = generated()
    folder.rename(folder.with_name("elsewhere"))
    folder.write_text("a file is in the way")
    bpy.context.scene.frame_current = 20
    for operator in (
        bpy.ops.diffbgm.generate,
        bpy.ops.diffbgm.regenerate_shot,
        bpy.ops.diffbgm.refit,
        bpy.ops.diffbgm.show_stems,
    ):
        told = refused(operator)
        assert told.is_error and str(folder) in told.text, told
        assert told.mend == "wm.save_as_mainfile"


def check_locked_channels():
    generated()
    for channel in bpy.context.scene.sequence_editor.channels:
        channel.lock = True
    bpy.context.scene.frame_current = 20
    for operator in (bpy.ops.diffbgm.generate, bpy.ops.diffbgm.refit, bpy.ops.diffbgm.show_stems):
        assert "channels in a row are free" in refused(operator).text
    assert "is locked" in refused(bpy.ops.diffbgm.regenerate_shot).text


def check_channels_that_are_all_taken():
    stage.three_films()
    for number in range(4, 129):
        stage.colour(number, 1, 200, name=f"block {number}")
    told = refused(bpy.ops.diffbgm.generate)
    assert "channels in a row are free" in told.text
    assert told.mend == "diffbgm.remove_muted"
    assert ours() == []


def check_a_style_that_the_server_has_not():
    """Only the server knows it, so it is asked; nothing is rendered before."""
    stage.three_shots()
    bpy.context.scene.diffbgm.style = "polka"
    prepare, rendered = generating._prepare_rendering, []

    def spied(*asked):
        rendered.append(prepare(*asked))
        return rendered[-1]

    generating._prepare_rendering = spied
    try:
        error = stage.error_of(bpy.ops.diffbgm.generate)
    finally:
        generating._prepare_rendering = prepare
    assert "polka" in error and "cinematic" in error
    assert jobs.notice().mend == "diffbgm.choose_style"
    assert not any(film.exists() for rendering in rendered for film in rendering.films)
    assert ours() == []


def check_words_that_say_nothing():
    stage.three_films()
    options = bpy.context.scene.diffbgm
    options.dialogue = "from one to two"
    assert "spans of seconds" in refused(bpy.ops.diffbgm.generate).text


def check_a_shot_whose_server_is_elsewhere_and_forbidden():
    generated()
    if not hasattr(bpy.app, "online_access"):
        return  # up to 4.1 nobody can forbid it
    preferences = bpy.context.preferences.addons[operating.__package__].preferences
    preferences.address = "http://192.0.2.1:8765"
    bpy.context.scene.frame_current = 20
    was_allowed = bpy.context.preferences.system.use_online_access
    bpy.context.preferences.system.use_online_access = False
    try:
        told = refused(bpy.ops.diffbgm.regenerate_shot)
        assert "online access" in told.text and told.mend == "diffbgm.preferences"
    finally:
        bpy.context.preferences.system.use_online_access = was_allowed
        preferences.address = ""
    assert tags.is_ours(ours()[0])
