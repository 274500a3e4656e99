"""Puts music into the sequencer: lanes, sound strips, rolls. Runs on the main thread only."""

from collections.abc import Iterable
from pathlib import Path

import bpy

from . import compat
from .jobs import PlacementError
from .tags import KEY, MIDI_KEY, Tag, is_ours, tag_of
from .work import Music, Segment

SOUND_LANE, ROLL_LANE = "BGM", "BGM MIDI"
LAST_CHANNEL = 127  # the roll lane is the one above; Blender has 128


def place(scene, music: Music, start: int) -> None:
    """One sound strip and, above it, one muted roll a shot; frame 0 of the music is `start`.

    Music of ours that already plays there is muted, not removed. Raises PlacementError.
    """
    editor = scene.sequence_editor_create()
    end = start + music.segments[-1].end_frame
    channel = find_lane(editor, start, end)
    _mute_older(editor, start, end)
    editor.channels[channel].name = SOUND_LANE
    editor.channels[channel + 1].name = ROLL_LANE
    for segment in music.segments:
        tag = Tag(music.composition, segment.shot, segment.take)
        first, after = start + segment.start_frame, start + segment.end_frame
        sound = compat.strips_of(editor).new_sound(
            f"BGM shot {segment.shot + 1}", _stored(segment.audio), channel, first
        )
        _finish(sound, tag, segment, after)
        roll = compat.strips_of(editor).new_image(
            f"BGM MIDI shot {segment.shot + 1}", _stored(segment.image), channel + 1, first
        )
        roll.mute = True
        _finish(roll, tag, segment, after)


def update(scene, music: Music) -> int:
    """Gives every strip of this composition the music's files as they are now; how many changed.

    Strips stay where and as they are (trims, volume, fades): a take has the length of its shot.
    The neighbours of a new take change too where tails of its notes ring on in them.
    """
    segments = {segment.shot: segment for segment in music.segments}
    changed = 0
    for strip in our_strips(scene, music.composition):
        tag = tag_of(strip)
        segment = segments.get(tag.shot)
        if segment is not None:
            changed += _give(strip, segment)
            _mark(strip, tag._replace(take=segment.take), segment)
    return changed


def our_strips(scene, composition: str) -> list:
    """All strips of one composition, those within meta strips too."""
    editor = scene.sequence_editor
    found = _walk(compat.strips_of(editor)) if editor else ()
    return [strip for strip in found if is_ours(strip) and tag_of(strip).composition == composition]


def shot_at_hand(scene) -> Tag | None:
    """The shot that the user means: of the active strip if it is ours, else under the playhead."""
    editor = scene.sequence_editor
    if editor is None:
        return None
    active = editor.active_strip
    if active is not None and active.select and is_ours(active):
        return tag_of(active)
    frame = scene.frame_current
    under = [
        strip
        for strip in compat.strips_of(editor)
        if strip.type == "SOUND" and is_ours(strip) and _overlaps(strip, frame, frame + 1)
    ]
    under.sort(key=lambda strip: (not strip.mute, strip.channel))
    return tag_of(under[-1]) if under else None


def find_lane(editor, start: int, end: int) -> int:
    """A channel that is free for sound from `start` to `end`, and the one above for rolls.

    Our named pair where it is free there, else the lowest pair that is wholly unused. Raises
    PlacementError where there is none.
    """
    strips = list(compat.strips_of(editor))
    pairs = [(editor.channels[n], editor.channels[n + 1]) for n in range(1, LAST_CHANNEL + 1)]
    for number, pair in enumerate(pairs, 1):
        if _is_ours_and_open(pair) and not _any_on(strips, number, start, end):
            return number
    used = {strip.channel for strip in strips}
    for number, pair in enumerate(pairs, 1):
        unused = not used & {number, number + 1}
        if unused and all(_is_unnamed(lane, number + i) for i, lane in enumerate(pair)):
            return number
    raise PlacementError(
        "No two channels are free for the music: empty some, then undo is not lost"
    )


def _is_ours_and_open(pair: tuple) -> bool:
    sound, roll = pair
    named = (sound.name, roll.name) == (SOUND_LANE, ROLL_LANE)
    return named and not (sound.lock or roll.lock)


def _is_unnamed(lane, number: int) -> bool:
    """Whether the user has left a channel alone: "Channel 3", in whatever language."""
    return not lane.lock and lane.name.endswith(f" {number}")


def _any_on(strips: Iterable, channel: int, start: int, end: int) -> bool:
    """Whether any strip lies on this channel or the one above, between `start` and `end`."""
    lanes = (channel, channel + 1)
    return any(strip.channel in lanes and _overlaps(strip, start, end) for strip in strips)


def _mute_older(editor, start: int, end: int) -> None:
    for strip in compat.strips_of(editor):
        if is_ours(strip) and _overlaps(strip, start, end):
            strip.mute = True


def _finish(strip, tag: Tag, segment: Segment, after: int) -> None:
    """The strip ends on the shot's boundary, also where the sound's length rounds otherwise."""
    compat.set_end(strip, after)
    strip.select = False
    _mark(strip, tag, segment)


def _mark(strip, tag: Tag, segment: Segment) -> None:
    strip[KEY] = str(tag)
    if strip.type == "IMAGE":
        strip[MIDI_KEY] = _stored(segment.midi)


def _give(strip, segment: Segment) -> bool:
    """Swaps a strip's file, if it is another; whether it was."""
    if strip.type == "SOUND":
        if strip.sound is not None and _same(strip.sound.filepath, segment.audio):
            return False
        sound = bpy.data.sounds.load(str(segment.audio), check_existing=True)
        sound.filepath = _stored(segment.audio)
        strip.sound = sound
        return True
    image = segment.image
    if _same(str(Path(strip.directory, strip.elements[0].filename)), image):
        return False
    strip.directory = str(Path(_stored(image)).parent) + "/"
    strip.elements[0].filename = image.name
    return True


def _same(stored: str, path: Path) -> bool:
    return Path(bpy.path.abspath(stored)) == path


def _stored(path: Path) -> str:
    """A path as it is kept in the file: relative to it, so that a project's folder can move."""
    if not bpy.data.filepath:
        return str(path)
    try:
        return bpy.path.relpath(str(path))
    except ValueError:  # another drive on Windows
        return str(path)


def _walk(strips: Iterable):
    for strip in strips:
        yield strip
        if strip.type == "META":
            yield from _walk(compat.strips_of(strip))


def _overlaps(strip, start: int, end: int) -> bool:
    first, after = compat.span(strip)
    return first < end and after > start
