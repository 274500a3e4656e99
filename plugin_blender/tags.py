"""The mark that every strip of ours carries, so that a file can be worked on next week."""

from typing import NamedTuple

KEY = "diffbgm_id"
MIDI_KEY = "diffbgm_midi"
LEAD_KEY = "diffbgm_lead"  # frames that a sound begins before its shot
ORIGIN_KEY = "diffbgm_origin"  # the frame of the scene for which the composition was cut


class Tag(NamedTuple):
    """Which piece of music a strip is; kept as the custom property "composition/shot/take"."""

    composition: str
    shot: int
    take: int

    def __str__(self) -> str:
        return f"{self.composition}/{self.shot}/{self.take}"


def tag_of(strip) -> Tag | None:
    """The tag of a strip, or None where it is not ours (or the user changed the property)."""
    value = strip.get(KEY)
    if value is None:
        return None
    composition, *numbers = str(value).split("/")
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        return None
    return Tag(composition, int(numbers[0]), int(numbers[1]))


def is_ours(strip) -> bool:
    return tag_of(strip) is not None
