"""The stems of some music as strips on lanes of their own, in place of its mix. On the main thread.

A stem is one sound as long as the music: its takes change with those of the mix.
"""

from collections.abc import Iterator, Sequence

from . import compat
from .jobs import PLACING, PlacementError
from .lanes import find_stack
from .strips import give_sound, open_strips, our_strips, show_waveforms, stored
from .tags import (
    FILE_KEY,
    ORIGIN_KEY,
    SILENCED_KEY,
    STEM_KEY,
    StemTag,
    file_name,
    stem_of,
)
from .work import Stem


def lane_name(stem: str) -> str:
    """What the channel of a stem is called, and its strip."""
    return f"BGM {stem.replace('_', ' ')}"


def stem_strips(scene, composition: str) -> list:
    """The strips of a composition's stems, also those that a person has cut up."""
    editor = scene.sequence_editor
    found = compat.strips_of(editor) if editor else ()
    return [s for s in found if (tag := stem_of(s)) and tag.composition == composition]


def origin_of(scene, composition: str) -> int:
    """The frame at which the music begins. Raises PlacementError where its shots were moved apart:
    stems are as long as all of it."""
    origins = {strip.get(ORIGIN_KEY, 0) for strip in our_strips(scene, composition)}
    if len(origins) != 1:
        raise PlacementError(
            "The shots were moved since the music was made: refit it, then show its stems",
            mend="diffbgm.refit",
        )
    return int(origins.pop())


def find_lanes(scene, stems: Sequence[str], start: int, end: int) -> int:
    """The lowest of the channels for stems. Raises PlacementError where there are none."""
    names = [lane_name(stem) for stem in stems]
    return find_stack(scene.sequence_editor, names, start, end, _belongs)


def _belongs(strip, name: str) -> bool:
    tag = stem_of(strip)
    return tag is not None and lane_name(tag.stem) == name


def place(scene, composition: str, stems: Sequence[Stem], frames: int) -> Iterator[str]:
    """A strip a stem, one above the other; the mix falls silent. Yields after every small step."""
    yield from clear(scene, composition)
    start = origin_of(scene, composition)
    lane = find_lanes(scene, [stem.name for stem in stems], start, start + frames)
    for number, stem in enumerate(stems):
        scene.sequence_editor.channels[lane + number].name = lane_name(stem.name)
        _place(scene, composition, stem, lane + number, (start, start + frames))
        yield PLACING
    own = {strip.name for strip in our_strips(scene, composition) if strip.type == "SOUND"}
    for strip in open_strips(scene.sequence_editor):
        if strip.name in own and not strip.mute:
            strip.mute = strip[SILENCED_KEY] = True
    show_waveforms(stem_strips(scene, composition))
    yield PLACING


def _place(scene, composition: str, stem: Stem, channel: int, span: tuple[int, int]) -> None:
    new = compat.strips_of(scene.sequence_editor).new_sound
    strip = new(lane_name(stem.name), stored(stem.audio), channel, span[0])
    compat.set_end(strip, span[1])
    strip.show_waveform = strip.select = False
    strip[ORIGIN_KEY] = span[0]
    _mark(strip, composition, stem)


def _mark(strip, composition: str, stem: Stem) -> None:
    strip[STEM_KEY] = str(StemTag(composition, stem.name))
    strip[FILE_KEY] = file_name(strip)


def update(scene, composition: str, stems: Sequence[Stem]) -> None:
    """Gives strips of stems the files of the takes that are in the mix now."""
    there = {stem.name: stem for stem in stems}
    own = {strip.name for strip in stem_strips(scene, composition)}
    for strip in [each for each in open_strips(scene.sequence_editor) if each.name in own]:
        if stem := there.get(stem_of(strip).stem):
            give_sound(strip, stem.audio)
            _mark(strip, composition, stem)


def clear(scene, composition: str) -> Iterator[str]:
    """Removes the stems, and lets the mix sound again where they did. Yields as `place` does."""
    found = stem_strips(scene, composition)
    is_heard = any(not strip.mute for strip in found)
    for name in [strip.name for strip in found]:
        compat.strips_of(scene.sequence_editor).remove(
            compat.strips_of(scene.sequence_editor)[name]
        )
        yield PLACING
    for strip in our_strips(scene, composition):
        if strip.get(SILENCED_KEY):
            del strip[SILENCED_KEY]
            strip.mute = strip.mute and not is_heard
    yield PLACING
