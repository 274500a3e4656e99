"""Our strips in the sequencer: finds them, and gives them other takes. On the main thread only."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import bpy

from . import compat, heard, pieces
from .joins import Place
from .tags import (
    FILE_KEY,
    KEY,
    LEAD_KEY,
    MIDI_KEY,
    ORIGIN_KEY,
    ROOM_KEY,
    Tag,
    composition_of,
    file_name,
    is_ours,
    tag_of,
)
from .timeline import clock
from .work import Music, Segment


def name_of(segment: Segment) -> str:
    """What a strip is called."""
    return f"BGM {segment.shot + 1} · take {segment.take + 1}"


def remember(scene, music: Music) -> None:
    """Keeps in the scene what a person may want of the music later."""
    heard.keep(music)
    if music.result:
        old = pieces.piece(scene, music.composition)
        pieces.remember(scene, music.composition, pieces.piece_of(music.result, old))


def update(scene, music: Music) -> int:
    """Gives every strip of this composition the music's files as they are now; how many changed.

    Strips stay where and as they are (trims, volume, fades): a take has the length of its shot.
    Locked ones keep their files. The neighbours of a new take change too, where tails of its notes
    ring on in them.
    """
    segments = {segment.shot: segment for segment in music.segments}
    changed = 0
    remember(scene, music)
    for strip in [each for each in open_strips(scene.sequence_editor) if is_ours(each)]:
        tag = tag_of(strip)
        segment = segments.get(tag.shot) if tag.composition == music.composition else None
        if segment is not None:
            changed += _give(strip, segment)
            mark(strip, music, segment)
            if strip.type == "SOUND" and ROOM_KEY not in strip:
                make_room(scene, strip, music)
            if strip.type == "SOUND" and re.match(r"BGM \d+ · take \d+", strip.name):
                strip.name = name_of(segment)
    return changed


def our_strips(scene, composition: str) -> list:
    """All strips of one composition, those within meta strips too."""
    editor = scene.sequence_editor
    found = _walk(compat.strips_of(editor)) if editor else ()
    return [strip for strip in found if is_ours(strip) and tag_of(strip).composition == composition]


def muted_compositions(scene) -> set[str]:
    """The music of which nothing sounds, nor is locked; what lies in meta strips does not count."""
    editor = scene.sequence_editor
    own = [(strip, composition_of(strip)) for strip in (compat.strips_of(editor) if editor else ())]
    sounding = {
        composition
        for strip, composition in own
        if strip.lock
        or editor.channels[strip.channel].lock
        or (strip.type == "SOUND" and not strip.mute)
    }
    return {composition for _, composition in own if composition} - sounding


def composition_at_hand(scene) -> str | None:
    """The music that the person means: of the shot at hand, else the last that is not muted."""
    if tag := shot_at_hand(scene):
        return tag.composition
    editor = scene.sequence_editor
    sounds = [
        strip
        for strip in (compat.strips_of(editor) if editor else ())
        if strip.type == "SOUND" and composition_of(strip)
    ]
    sounds.sort(key=lambda strip: (not strip.mute, compat.span(strip)[0]))
    return composition_of(sounds[-1]) if sounds else None


def takes_of(scene, composition: str) -> dict[int, int]:
    """Which take of each shot its strips play."""
    tags = (tag_of(strip) for strip in our_strips(scene, composition) if strip.type == "SOUND")
    return {tag.shot: tag.take for tag in tags}


def open_strips(owner) -> Iterator:
    """The strips of a sequence editor, or of a meta strip, those within metas too, that are not
    locked: by themselves, by their channel, or by a meta strip around them."""
    for strip in compat.strips_of(owner):
        if not (strip.lock or owner.channels[strip.channel].lock):
            yield strip
            if strip.type == "META":
                yield from open_strips(strip)


def is_shot_locked(scene, composition: str, shot: int) -> bool:
    """Whether every sound of a shot is locked, so that no take can be exchanged."""
    names = {
        strip.name
        for strip in our_strips(scene, composition)
        if strip.type == "SOUND" and tag_of(strip).shot == shot
    }
    is_open = names and any(strip.name in names for strip in open_strips(scene.sequence_editor))
    return bool(names) and not is_open


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
        if strip.type == "SOUND" and is_ours(strip) and overlaps(strip, frame, frame + 1)
    ]
    under.sort(key=lambda strip: (not strip.mute, strip.channel))
    return tag_of(under[-1]) if under else None


def required_shot(scene) -> Tag:
    """The shot at hand where there is one: an operator's poll has seen to that."""
    tag = shot_at_hand(scene)
    assert tag is not None
    return tag


def place_of(scene, composition: str) -> Place:
    """Where in the scene the sounds of a composition were cut to lie."""
    origin = our_strips(scene, composition)[0].get(ORIGIN_KEY, 0)
    return Place(int(origin), clock(scene))


def mark(strip, music: Music, segment: Segment) -> None:
    """Says on a strip whose music it plays, and where its notes are."""
    strip[KEY] = str(Tag(music.composition, segment.shot, segment.take))
    strip[FILE_KEY] = file_name(strip)
    if strip.type == "SOUND":
        strip[LEAD_KEY] = segment.lead
    if strip.type == "IMAGE":
        strip[MIDI_KEY] = stored(segment.midi)


def show_waveforms(strips: Iterable) -> None:
    """All at once: Blender reads them on a thread, and one that comes as the thread ends, never."""
    for strip in strips:
        if strip.type == "SOUND":
            strip.show_waveform = True


def make_room(scene, strip, music: Music) -> None:
    """Gives a sound strip of ours the keyframes by which it steps back under speech."""
    strip[ROOM_KEY] = True
    origin = int(strip.get(ORIGIN_KEY, 0))
    first, after = (frame - origin for frame in compat.span(strip))
    keys = [(origin + frame, volume) for frame, volume in music.room.keyframes(first, after)]
    compat.set_keys(scene, strip, "volume", keys)


def _give(strip, segment: Segment) -> bool:
    """Swaps a strip's file, if it is another; whether it was."""
    if strip.type == "SOUND":
        return give_sound(strip, segment.audio)
    image = segment.image
    if _same(str(Path(strip.directory, strip.elements[0].filename)), image):
        return False
    strip.directory = str(Path(stored(image)).parent) + "/"
    strip.elements[0].filename = image.name
    return True


def give_sound(strip, audio: Path) -> bool:
    """Swaps the file of a sound strip, if it is another; whether it was."""
    if strip.sound is not None and _same(strip.sound.filepath, audio):
        return False
    sound = bpy.data.sounds.load(str(audio), check_existing=True)
    sound.filepath = stored(audio)
    strip.sound = sound
    return True


def _same(stored: str, path: Path) -> bool:
    return Path(bpy.path.abspath(stored)) == path


def stored(path: Path) -> str:
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


def overlaps(strip, start: int, end: int) -> bool:
    first, after = compat.span(strip)
    return first < end and after > start
