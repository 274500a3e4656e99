"""Finds the channels, one above the other, on which music may lie. Changes nothing."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from . import compat, strip_table
from .jobs import PlacementError
from .tags import is_ours

LANES = "BGM", "BGM 2", "BGM MIDI"  # shots take turns on the first two, as their joins overlap
LAST_CHANNEL = 128
REMOVE_MUTED = "diffbgm.remove_muted"  # the operator that may make room


def find_lane(editor, start: int, end: int) -> int:
    """The lowest of the channels, one a lane, that are free for music from `start` to `end`.

    Our own where they are free there, else the lowest that are wholly unused. Raises
    PlacementError where there are none.
    """
    strips = compat.strips_of(editor)
    table = strip_table.read(strips)
    rows = zip(strips, table.channel, table.start, table.end, strict=True)
    on: dict[int, list] = defaultdict(list)
    busy = set()
    for strip, channel, first, after in rows:
        on[channel].append(strip)
        if first < end and after > start:
            busy.add(channel)
    stacks = [range(n, n + len(LANES)) for n in range(1, LAST_CHANNEL - len(LANES) + 2)]
    ours = (s for s in stacks if busy.isdisjoint(s) and _are_ours(editor.channels, on, s))
    unused = (s for s in stacks if on.keys().isdisjoint(s) and _are_unnamed(editor.channels, s))
    for stack in (*ours, *unused):
        return stack[0]
    raise PlacementError(
        f"No {len(LANES)} channels in a row are free for the music: empty or unlock some",
        mend=REMOVE_MUTED,
    )


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
