"""The mark that every strip of ours carries, so that a file can be worked on next week."""

from pathlib import PureWindowsPath
from typing import NamedTuple

KEY = "diffbgm_id"
MIDI_KEY = "diffbgm_midi"
LEAD_KEY = "diffbgm_lead"  # frames that a sound begins before its shot
FILE_KEY = "diffbgm_file"  # the name of the file that we gave it
ROOM_KEY = "diffbgm_room"  # of a sound that makes room for speech by keyframes, if at all
ORIGIN_KEY = "diffbgm_origin"  # the frame of the scene for which the composition was cut


class Tag(NamedTuple):
    """Which piece of music a strip is; kept as the custom property "composition/shot/take"."""

    composition: str
    shot: int
    take: int

    def __str__(self) -> str:
        return f"{self.composition}/{self.shot}/{self.take}"


def tag_of(strip) -> Tag | None:
    """The tag of a strip, or None where it is not ours: the user changed the property, or gave
    another file to a strip that was, or to a copy of one."""
    value = strip.get(KEY)
    if value is None:
        return None
    composition, *numbers = str(value).split("/")
    if len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        return None
    if strip.get(FILE_KEY, name := file_name(strip)) != name:
        return None
    return Tag(composition, int(numbers[0]), int(numbers[1]))


def file_name(strip) -> str:
    """The name of the file that a sound or a picture strip shows."""
    if strip.type == "SOUND":
        return PureWindowsPath(strip.sound.filepath).name if strip.sound else ""
    return strip.elements[0].filename if strip.type == "IMAGE" else ""


def is_ours(strip) -> bool:
    return tag_of(strip) is not None
