"""Stems in place of the mix: on channels of their own, with every take, and gone again."""

import array
import tempfile
import wave
from pathlib import Path

import bpy
import stage
from addon import compat, jobs, stem_strips, tags
from stage import ours


def generated() -> str:
    stage.three_films()
    assert bpy.ops.diffbgm.generate() == {"FINISHED"}
    return tags.tag_of(ours()[0]).composition


def stems() -> list:
    return [strip for strip in stage.strips() if tags.stem_of(strip)]


def check_stems_lie_on_channels_of_their_own_and_the_mix_is_silent():
    generated()
    before = heard()
    assert bpy.ops.diffbgm.show_stems() == {"FINISHED"}
    (stem,) = stems()
    channels = bpy.context.scene.sequence_editor.channels
    assert (stem.name, channels[stem.channel].name) == ("BGM melody", "BGM melody")
    assert compat.span(stem) == (11, 71) and stem.show_waveform
    assert all(strip.mute for strip in ours("SOUND"))
    assert furthest(before, heard()) < 300  # of 16 bits: a join's rounding, a sample's delay


def check_stems_follow_the_takes():
    generated()
    bpy.ops.diffbgm.show_stems()
    first = stems()[0].sound.filepath
    bpy.context.scene.frame_current = 20
    assert bpy.ops.diffbgm.regenerate_shot() == {"FINISHED"}
    second = stems()[0].sound.filepath
    assert second != first
    assert bpy.ops.diffbgm.choose_take(which="COMPARE") == {"FINISHED"}
    assert stems()[0].sound.filepath == first
    assert all(strip.mute for strip in ours("SOUND"))


def check_the_mix_comes_back_as_it_was():
    generated()
    ours("SOUND")[1].mute = True
    bpy.ops.diffbgm.show_stems()
    channel = stems()[0].channel
    assert bpy.ops.diffbgm.hide_stems() == {"FINISHED"}
    assert jobs.notice().text == "The mix is in place of the stems"
    assert stems() == [] and not bpy.ops.diffbgm.hide_stems.poll()
    assert [strip.mute for strip in ours("SOUND")] == [False, True, False]
    bpy.ops.diffbgm.show_stems()
    assert stems()[0].channel == channel  # its lane is used again


def check_new_music_silences_stems_and_they_go_with_what_is_muted():
    composition = generated()
    bpy.ops.diffbgm.show_stems()
    assert bpy.ops.diffbgm.generate() == {"FINISHED"}
    assert all(strip.mute for strip in stems())
    old = [strip for strip in ours("SOUND") if tags.tag_of(strip).composition == composition]
    assert len(old) == 3 and all(strip.mute for strip in old)
    assert bpy.ops.diffbgm.remove_muted() == {"FINISHED"}
    assert stems() == [] and len(ours("SOUND")) == 3


def check_stems_of_music_that_was_moved_apart_are_refused():
    composition = generated()
    for strip in ours():
        if tags.tag_of(strip).shot == 2:
            strip[tags.ORIGIN_KEY] = 40
    assert "refit" in stage.error_of(bpy.ops.diffbgm.show_stems)
    assert stem_strips.stem_strips(bpy.context.scene, composition) == []


def heard() -> array.array:
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 11, 70
    path = Path(tempfile.mkdtemp()) / "mixdown.wav"
    bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", format="S16")
    with wave.open(str(path), "rb") as file:
        return array.array("h", file.readframes(file.getnframes()))


def furthest(one: array.array, other: array.array) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))
