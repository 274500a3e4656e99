"""The mark that every strip of ours carries, so that a file can be worked on next week."""

from pathlib import PureWindowsPath
from typing import NamedTuple

KEY = "diffbgm_id"
MIDI_KEY = "diffbgm_midi"
LEAD_KEY = "diffbgm_lead"  # frames that a sound begins before its shot
FILE_KEY = "diffbgm_file"  # the name of the file that we gave it
ROOM_KEY = "diffbgm_room"  # of a sound that makes room for speech by keyframes, if at all
STEM_KEY = "diffbgm_stem"
SILENCED_KEY = "diffbgm_silenced"  # of a sound that is muted as long as its stems are shown
ORIGIN_KEY = "diffbgm_origin"  # the frame of the scene for which the composition was cut


class Tag(NamedTuple):
    """Which piece of music a strip is; kept as the custom property "composition/shot/take"."""

    composition: str
    shot: int
    take: int

    def __str__(self) -> str:
        return f"{self.composition}/{self.shot}/{self.take}"


class StemTag(NamedTuple):
    """Which stem of which music a strip is; kept as the custom property "composition/stem"."""

    composition: str
    stem: str

    def __str__(self) -> str:
        return f"{self.composition}/{self.stem}"


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


def stem_of(strip) -> StemTag | None:
    """The tag of a stem's strip, or None for any other, as with `tag_of`."""
    composition, slash, stem = str(strip.get(STEM_KEY, "")).partition("/")
    if not slash or strip.get(FILE_KEY) != file_name(strip):
        return None
    return StemTag(composition, stem)


def composition_of(strip) -> str | None:
    """Whose music a strip is, a shot of the mix or a stem; None of the user's own."""
    tag = tag_of(strip) or stem_of(strip)
    return tag.composition if tag else None
