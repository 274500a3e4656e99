"""EDLs (CMX 3600): an edit list of the music's sound put after the editor's, and new ones.

Every line of the editor's stays as it is. Markers are locators (`* LOC:`), as Avid writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from math import ceil

import opentimelineio as otio

from diffbgm.errors import TimelineError
from diffbgm.readers.cut_lists import frame_of
from diffbgm.writers.timelines.conversion import Conversion, Lane, Piece
from diffbgm.writers.timelines.media import Relinked
from diffbgm.writers.timelines.music import Marker, Music, SoundClip

_EVENT = re.compile(
    r"^(\d+)\s+(\S+)\s+(\S+)\s+[A-Z]\S*(?:\s+\d+)?"
    r"\s+(\S+:\S+)\s+(\S+:\S+)\s+(\S+:\S+)\s+(\S+:\S+)\s*$",
    re.MULTILINE,
)
_FRAME_MODE = re.compile(r"^FCM:\s*(DROP|NON)", re.MULTILINE | re.IGNORECASE)
_BEGIN = 3600  # seconds: where new lists begin, as most do


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The list with an event a shot of music after its last. Media are named, not located."""
    content = text.decode("utf-8-sig", errors="surrogateescape")
    events = _EVENT.findall(content)
    if not events:
        raise TimelineError("has no events; export it again")
    clock = _Clock(music.rate, _is_drop_frame(content))
    pictures = [event for event in events if "V" in event[2].upper() or event[2].upper() == "B"]
    begin = min(clock.frame(event[5]) for event in pictures or events)
    number = max(int(event[0]) for event in events)
    channels = _free_channels({event[2].upper() for event in events})
    ending = "\r\n" if "\r\n" in content else "\n"
    lines: list[str] = []
    for depth, track in enumerate(music.tracks):
        channel = next(channels)
        for clip in track.clips:
            number += 1
            markers = [m for m in music.markers if clip.start <= m.frame < clip.end]
            lines += _sound_event(number, channel, clip, clock, begin)
            lines += [_locator(marker, clock, begin) for marker in markers if depth == 0]
    kept = text if content.endswith(("\n", "\r")) else text + ending.encode()
    return kept + "".join(line + ending for line in lines).encode()


def fresh(edit: Conversion) -> bytes:
    """A list of an edit of another format, without music: its lowest track of pictures, with what
    covers it from above, and its tracks of sound."""
    clock = _Clock(edit.rate, is_drop=False)
    begin = _BEGIN * ceil(edit.rate)
    lines = [f"TITLE: {edit.document.name or 'timeline'}", "FCM: NON-DROP FRAME", ""]
    number = 0
    channels = _free_channels(set())
    pictures = _flattened([lane for lane in edit.lanes if lane.kind == "video"], edit.rate)
    sounds = [(next(channels), lane.pieces) for lane in edit.lanes if lane.kind == "audio"]
    for channel, pieces in (("V", pictures), *sounds):
        for piece in pieces:
            number += 1
            lines += _event(number, channel, piece, clock, begin)
    if pictures:
        lines += [_locator(marker, clock, begin) for marker in edit.markers]
    return "".join(line + "\n" for line in lines).encode()


class _Clock:
    """Timecodes of a rate, whose frames are counted in whole seconds' worth."""

    def __init__(self, rate: Fraction, is_drop: bool) -> None:
        self.rate, self.is_drop = rate, is_drop

    def frame(self, timecode: str) -> int:
        """CutsError where it is none, or not of this rate."""
        code = timecode.replace(":", ";") if self.is_drop else timecode
        if self.is_drop:
            code = ":".join(code.split(";")[:3]) + ";" + code.split(";")[3]
        return frame_of("a record timecode", code, self.rate)

    def code(self, frame: int) -> str:
        time = otio.opentime.RationalTime(frame, float(self.rate))
        return otio.opentime.to_timecode(time, float(self.rate), self.is_drop)


def _is_drop_frame(content: str) -> bool:
    mode = _FRAME_MODE.search(content)
    if mode:
        return mode[1].upper() == "DROP"
    return any(";" in event[5] for event in _EVENT.findall(content))


def _free_channels(used: set[str]) -> Iterator[str]:
    """Names of channels of sound that no event has, the lowest first."""
    taken = {part for channel in used for part in channel.split("/")}
    if taken & {"AA", "B"}:
        taken |= {"A", "A1", "A2"}
    yield from (
        name
        for name in ("A", *(f"A{number}" for number in range(2, 1000)))
        if name not in taken and (name != "A" or "A1" not in taken)
    )


def _sound_event(
    number: int, channel: str, clip: SoundClip, clock: _Clock, begin: int
) -> list[str]:
    source = (clock.code(clip.offset), clock.code(clip.offset + clip.frames))
    record = (clock.code(begin + clip.start), clock.code(begin + clip.end))
    return [
        _line(number, f"BGM{number:05d}"[:8], channel, *source, *record),
        f"* FROM CLIP NAME: {clip.name}",
        f"* SOURCE FILE: {clip.file}",
    ]


def _event(number: int, channel: str, piece: Piece, clock: _Clock, begin: int) -> list[str]:
    rate = clock.rate
    first = piece.medium.origin + piece.media_start
    if piece.speed < 0:
        first += piece.frames / rate * piece.speed
    start = max(int(first * rate + Fraction(1, 2)), 0)
    length = max(1, int(piece.frames * abs(piece.speed) + Fraction(1, 2)))
    source = (clock.code(start), clock.code(start + length))
    record = (clock.code(begin + piece.start), clock.code(begin + piece.end))
    lines = [_line(number, "AX", channel, *source, *record)]
    if piece.speed != 1:
        lines.append(f"M2   AX       {float(piece.speed * ceil(rate)):05.1f}    {source[0]}")
    return [
        *lines,
        f"* FROM CLIP NAME: {piece.medium.name}",
        f"* SOURCE FILE: {piece.medium.address}",
    ]


def _line(number: int, reel: str, channel: str, *times: str) -> str:
    return f"{number:03d}  {reel:<8} {channel:<5} C        {' '.join(times)}"


def _locator(marker: Marker, clock: _Clock, begin: int) -> str:
    return f"* LOC: {clock.code(begin + marker.frame)} {marker.color:<7} {marker.name}"


def _flattened(lanes: list[Lane], rate: Fraction) -> list[Piece]:
    """What is seen of lanes that lie over each other: a list has one track of pictures."""
    result: list[Piece] = []
    for lane in lanes:
        for over in lane.pieces:
            result = [part for piece in result for part in _around(piece, over, rate)]
        result = sorted([*result, *lane.pieces], key=lambda piece: piece.start)
    return result


def _around(piece: Piece, over: Piece, rate: Fraction) -> list[Piece]:
    """What is left of a piece before and after another that lies over it."""
    before = (piece.start, min(piece.end, over.start))
    after = (max(piece.start, over.end), piece.end)
    return [
        replace(
            piece,
            start=start,
            end=end,
            media_start=piece.media_start + (start - piece.start) / rate * piece.speed,
        )
        for start, end in (before, after)
        if start < end
    ]
