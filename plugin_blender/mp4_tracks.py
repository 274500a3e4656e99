"""Reads an MP4 or QuickTime film's table of contents: where its packets lie, and when they show."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from .mp4_boxes import Box, NotPlainError, boxes, find, numbers, repeated, top_boxes

_LARGEST_INDEX = 1 << 28  # bytes of a film's table of contents
_MOST_PACKETS = 5_000_000


@dataclass(frozen=True)
class Track:
    """Packets in the order of decoding; times in ticks, `scale` of them a second.

    `shown` are times of presentation. In the film it begins at `origin` ticks, which may be
    negative; `keys` are the packets that can be decoded alone, None: all.
    """

    box: Box
    scale: int
    decoded: Sequence[int]
    shown: Sequence[int]
    sizes: Sequence[int]
    places: Sequence[int]
    keys: Sequence[int] | None
    origin: int

    def seconds(self, packet: int) -> Fraction:
        """When a packet is presented in the film."""
        return Fraction(self.shown[packet] + self.origin, self.scale)


@dataclass(frozen=True)
class Index:
    """A film's boxes, and its tracks of pictures and of sound."""

    kind: Box
    movie: Box
    scale: int
    picture: Track
    sound: Track | None


def read_index(file: BinaryIO, *, with_sound: bool) -> Index:
    """Raises NotPlainError where a film is in fragments, or has several pictures."""
    top = {box.kind: box for box in top_boxes(file, {"ftyp", "moov"}, _LARGEST_INDEX)}
    if "moov" not in top or "moof" in top:
        raise NotPlainError("it has no table of contents, or several")
    movie, kind = top["moov"], top.get("ftyp") or Box("ftyp", b"isom\0\0\2\0isommp41")
    if find(movie, "mvex"):
        raise NotPlainError("it is in fragments")
    header = find(movie, "mvhd", required=True).content
    (scale,) = numbers(header, ">20xI" if header[0] == 1 else ">12xI")
    tracks = [box for box in boxes(movie.content) if box.kind == "trak"]
    of_kind = {b"vide": [], b"soun": []}
    for box in tracks:
        handler = find(box, "mdia", "hdlr", required=True).content[8:12]
        of_kind.get(handler, []).append(box)
    if len(of_kind[b"vide"]) != 1:
        raise NotPlainError("it has not just one picture")
    sounds = of_kind[b"soun"][:1] if with_sound else []
    return Index(
        kind,
        movie,
        scale,
        _track(of_kind[b"vide"][0], scale),
        _track(sounds[0], scale) if sounds else None,
    )


def _track(box: Box, movie_scale: int) -> Track:
    media = find(box, "mdia", required=True)
    header = find(media, "mdhd", required=True).content
    (scale,) = numbers(header, ">20xI" if header[0] == 1 else ">12xI")
    table = find(media, "minf", "stbl", required=True)
    sizes = _sizes(find(table, "stsz", required=True).content)
    durations = repeated(find(table, "stts", required=True).content, len(sizes))
    decoded = [0]
    for duration in durations[:-1]:
        decoded.append(decoded[-1] + duration)
    later = find(table, "ctts")
    shifts = repeated(later.content, len(sizes), signed=True) if later else [0] * len(sizes)
    keys = find(table, "stss")
    return Track(
        box=box,
        scale=scale,
        decoded=decoded,
        shown=[time + shift for time, shift in zip(decoded, shifts, strict=True)],
        sizes=sizes,
        places=_places(table, sizes),
        keys=[n - 1 for n in numbers(keys.content[8:], f">{(len(keys.content) - 8) // 4}I")]
        if keys
        else None,
        origin=_origin(box, scale, movie_scale),
    )


def _sizes(content: bytes) -> list[int]:
    size, count = numbers(content, ">4xII")
    if not 0 < count <= _MOST_PACKETS:
        raise NotPlainError("it has too few packets, or too many")
    return [size] * count if size else list(numbers(content[12:], f">{count}I"))


def _places(table: Box, sizes: Sequence[int]) -> list[int]:
    """Where in the file each packet begins."""
    chunks, places = _chunks(table), []
    (count,) = numbers(find(table, "stsc", required=True).content, ">4xI")
    content = find(table, "stsc", required=True).content[8:]
    runs = [numbers(content[12 * n :], ">III") for n in range(count)]
    if any(description != 1 for _, _, description in runs):
        raise NotPlainError("its form changes on the way")
    firsts = [first for first, _, _ in runs]
    packet = 0
    for number, place in enumerate(chunks, 1):
        run = bisect_left(firsts, number + 1) - 1
        for _ in range(runs[run][1]):
            if packet < len(sizes):
                places.append(place)
                place += sizes[packet]
                packet += 1
    if packet < len(sizes):
        raise NotPlainError("its table of contents is not whole")
    return places


def _chunks(table: Box) -> Sequence[int]:
    if short := find(table, "stco"):
        (count,) = numbers(short.content, ">4xI")
        return numbers(short.content[8:], f">{count}I")
    content = find(table, "co64", required=True).content
    (count,) = numbers(content, ">4xI")
    return numbers(content[8:], f">{count}Q")


def _origin(box: Box, scale: int, movie_scale: int) -> int:
    """Ticks by which an edit list shifts a track; one that does more is not plain."""
    listed = find(box, "edts", "elst")
    if listed is None:
        return 0
    content = listed.content
    (count,) = numbers(content, ">4xI")
    form, size = (">QqI", 20) if content[0] == 1 else (">IiI", 12)
    entries = [numbers(content[8 + size * n :], form) for n in range(count)]
    empty = [duration for duration, media, _ in entries if media == -1]
    played = [(media, rate) for _, media, rate in entries if media != -1]
    if len(played) != 1 or played[0][1] != 0x10000 or len(empty) > 1:
        raise NotPlainError("its edit list does more than begin")
    return (empty[0] * scale // movie_scale if empty else 0) - played[0][0]
