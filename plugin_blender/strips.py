"""Puts music into the sequencer: lanes, sound strips, rolls. Runs on the main thread only."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import bpy

from . import compat, heard, pieces
from .jobs import PlacementError
from .joins import Place
from .tags import KEY, LEAD_KEY, MIDI_KEY, ORIGIN_KEY, Tag, is_ours, tag_of
from .timeline import clock
from .work import Music, Segment

LANES = "BGM", "BGM 2", "BGM MIDI"  # shots take turns on the first two, as their joins overlap
LAST_CHANNEL = 128


def place(scene, music: Music) -> None:
    """One sound strip and, above them, one muted roll a shot.

    Music of ours that already plays there is muted, not removed. Raises PlacementError.
    """
    editor = scene.sequence_editor_create()
    start, end = music.place.frame, music.place.frame + music.segments[-1].end_frame
    lane = find_lane(editor, start - music.segments[0].lead, end)
    _mute_older(editor, start, end)
    for number, name in enumerate(LANES):
        channel = editor.channels[lane + number]
        if channel.name.endswith(f" {lane + number}"):  # the user may have named it otherwise
            channel.name = name
    for number, segment in enumerate(music.segments):
        _place_sound(editor, music, segment, lane + number % 2)
        _place_roll(editor, music, segment, lane + 2)
    remember(scene, music)


def name_of(segment: Segment) -> str:
    """What a strip is called."""
    return f"BGM {segment.shot + 1} · take {segment.take + 1}"


def remember(scene, music: Music) -> None:
    """Keeps in the scene what a person may want of the music later."""
    heard.keep(music)
    if music.result:
        old = pieces.piece(scene, music.composition)
        pieces.remember(scene, music.composition, pieces.piece_of(music.result, old))


def _place_sound(editor, music: Music, segment: Segment, channel: int) -> None:
    first = music.place.frame + segment.start_frame - segment.lead
    sound = compat.strips_of(editor).new_sound(
        name_of(segment), _stored(segment.audio), channel, first
    )
    sound.show_waveform = True
    _finish(sound, music, segment)


def _place_roll(editor, music: Music, segment: Segment, channel: int) -> None:
    roll = compat.strips_of(editor).new_image(
        f"BGM MIDI {segment.shot + 1}",
        _stored(segment.image),
        channel,
        music.place.frame + segment.start_frame,
    )
    roll.mute = True
    _finish(roll, music, segment)


def update(scene, music: Music) -> int:
    """Gives every strip of this composition the music's files as they are now; how many changed.

    Strips stay where and as they are (trims, volume, fades): a take has the length of its shot.
    Locked ones keep their files. The neighbours of a new take change too, where tails of its notes
    ring on in them.
    """
    segments = {segment.shot: segment for segment in music.segments}
    changed = 0
    remember(scene, music)
    for strip in our_strips(scene, music.composition):
        tag = tag_of(strip)
        segment = segments.get(tag.shot)
        if segment is not None and not is_locked(scene.sequence_editor, strip):
            changed += _give(strip, segment)
            _mark(strip, music, segment)
            if strip.type == "SOUND" and re.match(r"BGM \d+ · take \d+", strip.name):
                strip.name = name_of(segment)
    return changed


def our_strips(scene, composition: str) -> list:
    """All strips of one composition, those within meta strips too."""
    editor = scene.sequence_editor
    found = _walk(compat.strips_of(editor)) if editor else ()
    return [strip for strip in found if is_ours(strip) and tag_of(strip).composition == composition]


def composition_at_hand(scene) -> str | None:
    """The music that the person means: of the shot at hand, else the last that is not muted."""
    if tag := shot_at_hand(scene):
        return tag.composition
    editor = scene.sequence_editor
    sounds = [
        strip
        for strip in (compat.strips_of(editor) if editor else ())
        if strip.type == "SOUND" and is_ours(strip)
    ]
    sounds.sort(key=lambda strip: (not strip.mute, compat.span(strip)[0]))
    return tag_of(sounds[-1]).composition if sounds else None


def takes_of(scene, composition: str) -> dict[int, int]:
    """Which take of each shot its strips play."""
    tags = (tag_of(strip) for strip in our_strips(scene, composition) if strip.type == "SOUND")
    return {tag.shot: tag.take for tag in tags}


def is_locked(editor, strip) -> bool:
    """Whether the user has locked a strip, or the channel on which it lies."""
    on_top = strip.name in compat.strips_of(editor)  # a meta strip has channels of its own
    return strip.lock or (on_top and editor.channels[strip.channel].lock)


def is_shot_locked(scene, composition: str, shot: int) -> bool:
    """Whether every sound of a shot is locked, so that no take can be exchanged."""
    editor = scene.sequence_editor
    sounds = [
        strip
        for strip in our_strips(scene, composition)
        if strip.type == "SOUND" and tag_of(strip).shot == shot
    ]
    return bool(sounds) and all(is_locked(editor, strip) for strip in sounds)


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


def required_shot(scene) -> Tag:
    """The shot at hand where there is one: an operator's poll has seen to that."""
    tag = shot_at_hand(scene)
    assert tag is not None
    return tag


def place_of(scene, composition: str) -> Place:
    """Where in the scene the sounds of a composition were cut to lie."""
    origin = our_strips(scene, composition)[0].get(ORIGIN_KEY, 0)
    return Place(int(origin), clock(scene))


def find_lane(editor, start: int, end: int) -> int:
    """The lowest of the channels, one a lane, that are free for music from `start` to `end`.

    Our own where they are free there, else the lowest that are wholly unused. Raises
    PlacementError where there are none.
    """
    on: dict[int, list] = defaultdict(list)
    for strip in compat.strips_of(editor):
        on[strip.channel].append(strip)
    busy = {n for n, strips in on.items() if any(_overlaps(s, start, end) for s in strips)}
    stacks = [range(n, n + len(LANES)) for n in range(1, LAST_CHANNEL - len(LANES) + 2)]
    ours = (s for s in stacks if busy.isdisjoint(s) and _are_ours(editor.channels, on, s))
    unused = (s for s in stacks if on.keys().isdisjoint(s) and _are_unnamed(editor.channels, s))
    for stack in (*ours, *unused):
        return stack[0]
    raise PlacementError(f"No {len(LANES)} channels in a row are free for the music: empty some")


def _are_ours(channels, on: Mapping[int, list], numbers: Iterable[int]) -> bool:
    """Whether channels are our lanes, and open: strips of ours mark them, whatever their names;
    an empty one by its name, to which Blender adds a number where there are several."""
    lanes = zip(numbers, LANES, strict=True)
    return all(_is_lane(channels[n], on.get(n, []), name) for n, name in lanes)


def _is_lane(channel, strips: list, name: str) -> bool:
    kind = "IMAGE" if name == LANES[-1] else "SOUND"
    if channel.lock or not all(is_ours(strip) and strip.type == kind for strip in strips):
        return False
    return bool(strips) or re.fullmatch(rf"{name}(\.\d+)?", channel.name) is not None


def _are_unnamed(channels, numbers: Iterable[int]) -> bool:
    """Whether the user has left channels alone: "Channel 3", in whatever language."""
    return all(channels[n].name.endswith(f" {n}") and not channels[n].lock for n in numbers)


def _mute_older(editor, start: int, end: int) -> None:
    """Silences our older music from `start` to `end`; what lies outside plays on as a strip of its
    own. What is locked stays as it is."""
    for strip in list(compat.strips_of(editor)):
        is_open = not (strip.mute or is_locked(editor, strip))
        if is_ours(strip) and is_open and _heard(strip) < end and compat.span(strip)[1] > start:
            _part(strip, start, end).mute = True


def _heard(strip) -> int:
    """The frame at which the music of a strip begins, after the silence before its shot."""
    return max(compat.span(strip)[0], compat.content_start(strip) + strip.get(LEAD_KEY, 0))


def _part(strip, start: int, end: int):
    """The part of a strip from `start` to `end`, split off where it goes beyond."""
    after, was_selected = compat.span(strip)[1], strip.select
    if _heard(strip) < start:
        strip = strip.split(start, "SOFT")
        strip.select = was_selected
    if after > end:
        strip.split(end, "SOFT").select = was_selected
    return strip


def _finish(strip, music: Music, segment: Segment) -> None:
    """The strip ends on the shot's boundary, also where the sound's length rounds otherwise."""
    compat.set_end(strip, music.place.frame + segment.end_frame)
    strip.select = False
    _mark(strip, music, segment)


def _mark(strip, music: Music, segment: Segment) -> None:
    strip[KEY] = str(Tag(music.composition, segment.shot, segment.take))
    strip[ORIGIN_KEY] = music.place.frame
    if strip.type == "SOUND":
        strip[LEAD_KEY] = segment.lead
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
