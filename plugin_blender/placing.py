"""Puts music into the sequencer, in small steps, so that nothing is held up.

On the main thread only. Between two steps anything may happen to the scene: no strip is held.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from . import compat
from .jobs import PLACING, PlacementError
from .lanes import LANES, find_lane
from .strips import (
    make_room,
    mark,
    name_of,
    open_strips,
    our_strips,
    remember,
    show_waveforms,
    stored,
)
from .tags import FILE_KEY, KEY, LEAD_KEY, ORIGIN_KEY, ROOM_KEY, STEM_KEY, composition_of
from .work import Music, Segment


class Spot(NamedTuple):
    """Where the music of a shot lies: frames `start` up to, not including, `end` of the scene, cut
    for a composition that begins at frame `origin`."""

    segment: Segment
    origin: int
    start: int
    end: int


def as_cut(music: Music) -> list[Spot]:
    """Every shot where it was when the music was asked for."""
    at = music.place.frame
    return [Spot(each, at, at + each.start_frame, at + each.end_frame) for each in music.segments]


def place(scene, music: Music, spots: Sequence[Spot]) -> Iterator[str]:
    """One sound strip and, above them, one muted roll a shot; yields after every small step.

    Music of ours that already plays there is muted, not removed. What an undo left of an earlier
    attempt goes first. Raises PlacementError before anything is changed.
    """
    spots = sorted(spots, key=lambda spot: spot.start)
    if not spots:
        raise PlacementError("All shots that the music was written for are gone")
    start, end = spots[0].start, max(spot.end for spot in spots)
    yield from _take_back(scene, music.composition)
    lane = find_lane(scene.sequence_editor_create(), start - spots[0].segment.lead, end)
    yield PLACING
    _name_lanes(scene.sequence_editor, lane)
    for first, after in _ranges(spots):
        yield from _silence_older(scene, first, after)
    for number, spot in enumerate(spots):
        _place_sound(scene, music, spot, lane + number % 2)
        yield PLACING
        _place_roll(scene, music, spot, lane + 2)
        yield PLACING
    show_waveforms(our_strips(scene, music.composition))
    remember(scene, music)


def _take_back(scene, composition: str) -> Iterator[str]:
    for name in [strip.name for strip in our_strips(scene, composition)]:
        strips = compat.strips_of(scene.sequence_editor)
        if name in strips:
            strips.remove(strips[name])
        yield PLACING
    yield PLACING


def _name_lanes(editor, lane: int) -> None:
    for number, name in enumerate(LANES):
        channel = editor.channels[lane + number]
        if channel.name.endswith(f" {lane + number}"):  # the user may have named it otherwise
            channel.name = name


def _place_sound(scene, music: Music, spot: Spot, channel: int) -> None:
    segment = spot.segment
    first = spot.origin + segment.start_frame - segment.lead
    new = compat.strips_of(scene.sequence_editor).new_sound
    sound = new(name_of(segment), stored(segment.audio), channel, first)
    sound.show_waveform = False
    _finish(sound, music, spot)
    make_room(scene, sound, music)


def _place_roll(scene, music: Music, spot: Spot, channel: int) -> None:
    segment = spot.segment
    new = compat.strips_of(scene.sequence_editor).new_image
    name, first = f"BGM MIDI {segment.shot + 1}", spot.origin + segment.start_frame
    roll = new(name, stored(segment.image), channel, first)
    roll.mute = True
    _finish(roll, music, spot)


def _finish(strip, music: Music, spot: Spot) -> None:
    """The strip ends on the shot's boundary, also where the sound's length rounds otherwise."""
    if spot.start > spot.origin + spot.segment.start_frame:
        compat.set_start(strip, spot.start)
    compat.set_end(strip, spot.end)
    strip.select = False
    strip[ORIGIN_KEY] = spot.origin
    mark(strip, music, spot.segment)


def _ranges(spots: list[Spot]) -> list[tuple[int, int]]:
    """What spots cover together, as few and long ranges."""
    ranges: list[tuple[int, int]] = []
    for spot in spots:
        if ranges and spot.start <= ranges[-1][1]:
            ranges[-1] = ranges[-1][0], max(ranges[-1][1], spot.end)
        else:
            ranges.append((spot.start, spot.end))
    return ranges


def _silence_older(scene, start: int, end: int) -> Iterator[str]:
    """Silences our older music from `start` to `end`; what lies outside plays on as a strip of its
    own. What is locked stays as it is."""
    strips = open_strips(scene.sequence_editor)
    audible = [strip.name for strip in strips if composition_of(strip) and not strip.mute]
    yield PLACING
    for name in audible:
        strip = compat.all_strips_of(scene.sequence_editor).get(name)
        if strip is None:
            continue
        if _heard(strip) < end and compat.span(strip)[1] > start:
            _part(strip, start, end).mute = True
            yield PLACING


def _heard(strip) -> int:
    """The frame at which the music of a strip begins, after the silence before its shot."""
    return max(compat.span(strip)[0], compat.content_start(strip) + strip.get(LEAD_KEY, 0))


def _part(strip, start: int, end: int):
    """The part of a strip from `start` to `end`, split off where it goes beyond."""
    if strip.type == "IMAGE" and strip.parent_meta():
        return strip  # a picture of notes: only Blender itself splits it
    after = compat.span(strip)[1]
    if _heard(strip) < start:
        strip = _split(strip, start)
    if after > end:
        _split(strip, end)
    return strip


def _split(strip, frame: int):
    """The part of a strip from `frame` on, a strip of its own. Inside a meta strip, where Blender
    3.4 crashes when it splits, it is made anew."""
    meta, was_selected = strip.parent_meta(), strip.select
    if meta is None:
        later = strip.split(frame, "SOFT")
        later.select = was_selected
        return later
    new = compat.strips_of(meta).new_sound
    later = new(strip.name, strip.sound.filepath, strip.channel, compat.content_start(strip))
    compat.set_end(later, compat.span(strip)[1])
    compat.set_start(later, frame)
    compat.set_end(strip, frame)
    for name in ("mute", "volume", "pan", "show_waveform", "select"):
        setattr(later, name, getattr(strip, name))
    for key in (KEY, STEM_KEY, FILE_KEY, LEAD_KEY, ORIGIN_KEY, ROOM_KEY):
        if key in strip:
            later[key] = strip[key]
    if volume := compat.keyed(strip.id_data, "volume").get(strip.name):
        keys = [tuple(key.co) for key in volume.curve.keyframe_points]
        compat.set_keys(strip.id_data, later, "volume", keys)
    return later
