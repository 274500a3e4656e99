"""EDLs (CMX 3600): an edit list of the music's sound put after the editor's, and new ones.

Every line of the editor's stays as it is. Markers are locators (`* LOC:`), as Avid writes them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil

import opentimelineio as otio

from diffbgm.errors import TimelineError
from diffbgm.readers.cut_lists import frame_of
from diffbgm.readers.edl_text import decoded, plain_text
from diffbgm.writers.timelines.conversion import Conversion, Lane, Medium, Mix, Piece
from diffbgm.writers.timelines.generated import Generated
from diffbgm.writers.timelines.media import Relinked
from diffbgm.writers.timelines.music import MARK, Marker, Music, SoundClip

_EVENT = re.compile(
    r"^(\d+)\s+(\S+)\s+(\S+)\s+[A-Z]\S*(?:\s+\d+)?"
    r"\s+(\S+:\S+)\s+(\S+:\S+)\s+(\S+:\S+)\s+(\S+:\S+)\s*$",
    re.MULTILINE,
)
_FRAME_MODE = re.compile(r"^FCM:\s*(DROP|NON)", re.MULTILINE | re.IGNORECASE)
_END = b"\n\0"  # where a list has no end of a line
_BEGIN = 3600  # seconds: where new lists begin, as most do


def with_music(text: bytes, music: Music, name: str | None, relinked: Relinked) -> bytes:
    """The list with an event a shot of music after its last. Media are named, not located."""
    text = without_music(text)
    _, encoding = decoded(text)
    content = plain_text(text)
    events = _EVENT.findall(content)
    if not events:
        raise TimelineError("has no events; export it again")
    first, last = _are_drop_frame(content)
    clock = _Clock(music.rate, first)
    pictures = [event for event in events if "V" in event[2].upper() or event[2].upper() == "B"]
    begin = min(clock.frame(event[5]) for event in pictures or events)
    clock = _Clock(music.rate, last)
    number = max(int(event[0]) for event in events)
    channels = _free_channels({event[2].upper() for event in events})
    ending = next(one for one in ("\r\n", "\n", "\r") if one.encode(encoding) in text + _END)
    lines: list[str] = []
    for depth, track in enumerate(music.tracks):
        channel = next(channels)
        for clip in track.clips:
            number += 1
            markers = [m for m in music.markers if clip.start <= m.frame < clip.end]
            lines += _sound_event(number, channel, clip, clock, begin)
            lines += [_locator(marker, clock, begin) for marker in markers if depth == 0]
    last_line = "" if text.endswith(ending.encode(encoding)) else ending
    return text + (last_line + "".join(line + ending for line in lines)).encode(encoding)


def without_music(text: bytes) -> bytes:
    """The list without events of ours, each with what is noted below it; the same bytes if there
    are none."""
    content, encoding = decoded(text)
    head, *events = re.split(r"(?<![^\r\n])(?=\d+\s)", content)
    kept = [event for event in events if f"* {MARK}" not in event]
    if len(kept) == len(events):
        return text
    return "".join([head, *kept]).encode(encoding)


def fresh(edit: Conversion) -> bytes:
    """A list of an edit of another format, without music: its lowest track of pictures, with what
    covers it from above, and its tracks of sound. It has no titles, and nothing that is disabled.
    """
    clock = _Clock(edit.rate, is_drop=False)
    begin = _BEGIN * ceil(edit.rate)
    lines = [f"TITLE: {edit.document.name or 'timeline'}", "FCM: NON-DROP FRAME", ""]
    number = 0
    channels = _free_channels(set())
    seen = [_seen(lane).with_handles(edit.rate) for lane in edit.lanes if lane.enabled]
    pictures = _flattened([lane for lane in seen if lane.kind == "video"], edit.rate)
    pictures = _filled(pictures, edit.frames)
    sounds = [(next(channels), lane) for lane in seen if lane.kind == "audio"]
    for channel, lane in (("V", pictures), *sounds):
        for event in _events(lane, edit.rate):
            number += 1
            lines += _event_lines(number, channel, event, clock, begin)
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


def _are_drop_frame(content: str) -> tuple[bool, bool]:
    """Whether timecodes are at its beginning, and at its end: the mode may change."""
    modes = [mode.upper() == "DROP" for mode in _FRAME_MODE.findall(content)]
    if not modes:
        modes = [any(";" in event[5] for event in _EVENT.findall(content))]
    return modes[0], modes[-1]


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
        _line(number, f"BGM{number:05d}"[:8], channel, "C", *source, *record),
        f"* FROM CLIP NAME: {clip.name}",
        f"* SOURCE FILE: {clip.file}",
        f"* {MARK}",
    ]


@dataclass(frozen=True)
class _Event:
    """A piece, which a transition of `mixed` frames from the piece before it, or from black, may
    lead into."""

    piece: Piece
    mixed: int = 0
    before: Piece | None = None


def _events(lane: Lane, rate: Fraction) -> Iterator[_Event]:
    """A transition begins with the event that it leads into, as lists have it."""
    into = {mix.cut: mix for mix in lane.mixes}
    last: Piece | None = None
    for piece in lane.pieces:
        mix, out = into.get(piece.start), into.get(piece.end)
        start = mix.start if mix else piece.start
        event = piece.cut_to(start, out.start if out else piece.end, rate)
        before = last if mix and last and last.end == piece.start else None
        yield _Event(event, mix.frames if mix else 0, before)
        is_last = out is not None and out.cut not in {each.start for each in lane.pieces}
        if out and is_last:
            black = Piece(out.start, out.end, "black", Generated("color"))
            yield _Event(black, out.frames, piece)
        last = piece


def _event_lines(number: int, channel: str, event: _Event, clock: _Clock, begin: int) -> list[str]:
    piece = event.piece
    source, record = _source(piece, clock), _codes(clock, begin + piece.start, begin + piece.end)
    reel = _reel(piece)
    notes = [f"* FROM CLIP NAME: {_name(piece)}"]
    if not event.mixed:
        lines = [_line(number, reel, channel, "C", *source, *record)]
    else:
        before = event.before or Piece(piece.start, piece.start, "black", Generated("color"))
        last = _source(before, clock)[1]
        lines = [
            _line(number, _reel(before), channel, "C", last, last, record[0], record[0]),
            _line(number, reel, channel, f"D    {event.mixed:03d}", *source, *record),
        ]
        notes = [f"* FROM CLIP NAME: {_name(before)}", f"* TO CLIP NAME: {_name(piece)}"]
    if piece.speed != 1:
        lines.append(f"M2   {reel:<8} {_motion(piece.speed, clock)}    {source[0]}")
    if isinstance(piece.medium, Medium):
        notes.append(f"* SOURCE FILE: {piece.medium.address}")
    return [*lines, *notes]


def _motion(speed: Fraction, clock: _Clock) -> str:
    """Frames of the source a second; with more than one decimal where one does not say it."""
    frames = float(speed * ceil(clock.rate))
    return f"{frames:05.1f}" if abs(frames * 10 % 1) in (0, 1) else f"{frames:07.3f}"


def _source(piece: Piece, clock: _Clock) -> tuple[str, str]:
    """First and last timecode of what a piece shows of its medium."""
    first = piece.media_start
    if isinstance(piece.medium, Medium):
        first += piece.medium.origin
    if piece.speed < 0:
        first += piece.frames / clock.rate * piece.speed
    start = max(int(first * clock.rate + Fraction(1, 2)), 0)
    length = max(1, int(piece.frames * abs(piece.speed) + Fraction(1, 2)))
    return _codes(clock, start, start + length)


def _codes(clock: _Clock, start: int, end: int) -> tuple[str, str]:
    return clock.code(start), clock.code(end)


def _reel(piece: Piece) -> str:
    """A file has none; what is generated is black, or bars."""
    if isinstance(piece.medium, Medium):
        return "AX"
    return "BARS" if piece.medium.kind == "bars" else "BL"


def _name(piece: Piece) -> str:
    return piece.medium.name if isinstance(piece.medium, Medium) else piece.name


def _line(number: int, reel: str, channel: str, kind: str, *times: str) -> str:
    return f"{number:03d}  {reel:<8} {channel:<5} {kind:<8} {' '.join(times)}"


def _locator(marker: Marker, clock: _Clock, begin: int) -> str:
    return f"* LOC: {clock.code(begin + marker.frame)} {marker.color:<7} {marker.name}"


def _seen(lane: Lane) -> Lane:
    """Without what is disabled, and titles, which a list cannot name."""
    pieces = tuple(
        piece
        for piece in lane.pieces
        if piece.enabled and (isinstance(piece.medium, Medium) or piece.medium.kind != "title")
    )
    return replace(lane, pieces=pieces)


def _flattened(lanes: list[Lane], rate: Fraction) -> Lane:
    """What is seen of lanes that lie over each other: a list has one track of pictures."""
    pieces: list[Piece] = []
    mixes: list[Mix] = []
    for lane in lanes:
        for over in lane.pieces:
            pieces = [part for piece in pieces for part in _around(piece, over, rate)]
            mixes = [mix for mix in mixes if mix.end <= over.start or mix.start >= over.end]
        pieces = sorted([*pieces, *lane.pieces], key=lambda piece: piece.start)
        mixes = sorted([*mixes, *lane.mixes], key=lambda mix: mix.start)
    edges = {edge for piece in pieces for edge in (piece.start, piece.end)}
    return Lane("V", "video", tuple(pieces), tuple(mix for mix in mixes if mix.cut in edges))


def _filled(lane: Lane, frames: int) -> Lane:
    """The same with black where nothing is seen: a list begins with its first event."""
    pieces: list[Piece] = []
    reached = 0
    fades = {mix.cut: mix for mix in lane.mixes if not lane.joins(mix)}
    for piece in (*lane.pieces, None):
        start = frames if piece is None else piece.start
        last = pieces[-1] if pieces else None
        out = fades.get(last.end) if last else None  # after which there is black already
        into = fades.get(start) if piece else None
        first, end = max(reached, out.end if out else reached), into.start if into else start
        if first < end:
            pieces.append(Piece(first, end, "black", Generated("color")))
        if piece is not None:
            pieces.append(piece)
            reached = piece.end
    return replace(lane, pieces=tuple(pieces))


def _around(piece: Piece, over: Piece, rate: Fraction) -> list[Piece]:
    """What is left of a piece before and after another that lies over it."""
    before = (piece.start, min(piece.end, over.start))
    after = (max(piece.start, over.end), piece.end)
    return [piece.cut_to(start, end, rate) for start, end in (before, after) if start < end]
