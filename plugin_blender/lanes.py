"""Finds the channels, one above the other, on which music may lie. Changes nothing."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from . import compat, strip_table
from .jobs import PlacementError
from .tags import is_ours

LANES = "BGM", "BGM 2", "BGM MIDI"  # shots take turns on the first two, as their joins overlap
LAST_CHANNEL = 128
REMOVE_MUTED = "diffbgm.remove_muted"  # the operator that may make room


def find_lane(editor, start: int, end: int) -> int:
    """The lowest of the channels, one a lane, that are free for music from `start` to `end`.
    Raises PlacementError where there are none."""
    return find_stack(editor, LANES, start, end, _belongs)


def find_stack(
    editor, names: Sequence[str], start: int, end: int, belongs: Callable[[Any, str], bool]
) -> int:
    """The lowest of channels one above the other, that are free from `start` to `end`: our own
    where they are free there, else the lowest that are wholly unused.

    `belongs(strip, name)` says whether a strip marks the channel that it lies on as our own of that
    name. Raises PlacementError where there are none.
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
    stacks = [range(n, n + len(names)) for n in range(1, LAST_CHANNEL - len(names) + 2)]
    ours = (
        stack
        for stack in stacks
        if busy.isdisjoint(stack)
        and all(
            _is_lane(editor.channels[n], on.get(n, []), name, belongs)
            for n, name in zip(stack, names, strict=True)
        )
    )
    unused = (s for s in stacks if on.keys().isdisjoint(s) and _are_unnamed(editor.channels, s))
    for stack in (*ours, *unused):
        return stack[0]
    raise PlacementError(
        f"No {len(names)} channels in a row are free for the music: empty or unlock some",
        mend=REMOVE_MUTED,
    )


def _belongs(strip, name: str) -> bool:
    return is_ours(strip) and strip.type == ("IMAGE" if name == LANES[-1] else "SOUND")


def _is_lane(channel, strips: list, name: str, belongs: Callable[[Any, str], bool]) -> bool:
    """Whether a channel is our own, and open: strips mark it, whatever its name; an empty one by
    its name, to which Blender adds a number where there are several."""
    if channel.lock or not all(belongs(strip, name) for strip in strips):
        return False
    return bool(strips) or re.fullmatch(rf"{re.escape(name)}(\.\d+)?", channel.name) is not None


def _are_unnamed(channels, numbers: Iterable[int]) -> bool:
    """Whether the user has left channels alone: "Channel 3", in whatever language."""
    return all(channels[n].name.endswith(f" {n}") and not channels[n].lock for n in numbers)
