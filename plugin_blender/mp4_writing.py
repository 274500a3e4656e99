"""Writes some packets of a film's tracks as an MP4 or QuickTime film of its own."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

from .mp4_boxes import boxes, find, make_box, run_lengths, with_duration
from .mp4_tracks import Index, Track

_COPIED_AT_ONCE = 1 << 20  # bytes
_SHORTEST = Fraction(1, 100)  # seconds


@dataclass(frozen=True)
class Piece:
    """Some packets of a track, which are presented from `begin` seconds of the film on."""

    track: Track
    packets: Sequence[int]
    begin: Fraction


def write(written: BinaryIO, film: BinaryIO, index: Index, pieces: Sequence[Piece]) -> None:
    """The table of contents comes first; its own length is known after writing it once."""
    kind = make_box(index.kind.kind, index.kind.content)
    sizes = [sum(piece.track.sizes[packet] for packet in piece.packets) for piece in pieces]
    movie = _movie(index, pieces, [0] * len(pieces))
    begin = len(kind) + len(movie) + 16
    places = [begin + sum(sizes[:number]) for number in range(len(pieces))]
    written.write(kind + _movie(index, pieces, places))
    written.write(struct.pack(">I4sQ", 1, b"mdat", 16 + sum(sizes)))
    for piece in pieces:
        for place, size in _blocks(piece):
            film.seek(place)
            written.write(film.read(size))


def _blocks(piece: Piece) -> Iterator[tuple[int, int]]:
    """(place, size) of what lies together in the film, a megabyte or so at once."""
    place = size = 0
    for packet in piece.packets:
        at, more = piece.track.places[packet], piece.track.sizes[packet]
        if size and (at != place + size or size + more > _COPIED_AT_ONCE):
            yield place, size
            size = 0
        place, size = (place, size + more) if size else (at, more)
    if size:
        yield place, size


def _movie(index: Index, pieces: Sequence[Piece], places: Sequence[int]) -> bytes:
    lengths = [_length(piece) for piece in pieces]
    ticks = [int(length * index.scale) for length in lengths]
    header = with_duration(find(index.movie, "mvhd", required=True), max(ticks))
    tracks = (
        _track_box(index, piece, place, length)
        for piece, place, length in zip(pieces, places, lengths, strict=True)
    )
    return make_box("moov", header + b"".join(tracks))


def _length(piece: Piece) -> Fraction:
    """Seconds from where the piece begins to the end of its last packet."""
    last = max(piece.track.shown[packet] for packet in piece.packets) + _durations(piece)[-1]
    end = Fraction(last + piece.track.origin, piece.track.scale)
    return max(end - piece.begin, _SHORTEST)


def _track_box(index: Index, piece: Piece, place: int, length: Fraction) -> bytes:
    track, media = piece.track, find(piece.track.box, "mdia", required=True)
    information = find(media, "minf", required=True)
    delay, table = _sample_table(piece, place)
    kept = (box.whole for box in boxes(information.content) if box.kind != "stbl")
    new_media = make_box(
        "mdia",
        with_duration(find(media, "mdhd", required=True), int(length * track.scale))
        + find(media, "hdlr", required=True).whole
        + make_box("minf", b"".join(kept) + table),
    )
    header = with_duration(find(track.box, "tkhd", required=True), int(length * index.scale))
    begins = delay + (piece.begin - track.seconds(piece.packets[0])) * track.scale
    return make_box("trak", header + _edit_list(index, begins, length, track.scale) + new_media)


def _sample_table(piece: Piece, place: int) -> tuple[int, bytes]:
    """The ticks at which the first packet is presented, and the table that says so."""
    track, packets = piece.track, piece.packets
    durations = _durations(piece)
    decoded = [0]
    for duration in durations[:-1]:
        decoded.append(decoded[-1] + duration)
    shown = [track.shown[packet] - track.shown[packets[0]] for packet in packets]
    delay = max(when - at for when, at in zip(decoded, shown, strict=True))
    shifts = [at + delay - when for when, at in zip(decoded, shown, strict=True)]
    described = find(track.box, "mdia", "minf", "stbl", "stsd", required=True).whole
    sizes = [track.sizes[packet] for packet in packets]
    return delay, make_box(
        "stbl",
        described
        + make_box("stts", bytes(4) + run_lengths(durations))
        + make_box("ctts", bytes(4) + run_lengths(shifts))
        + _keys_box(piece)
        + make_box("stsc", struct.pack(">5I", 0, 1, 1, len(packets), 1))
        + make_box("stsz", struct.pack(f">3I{len(sizes)}I", 0, 0, len(sizes), *sizes))
        + make_box("co64", struct.pack(">2IQ", 0, 1, place)),
    )


def _durations(piece: Piece) -> list[int]:
    times, packets = piece.track.decoded, piece.packets
    steps = [times[p + 1] - times[p] if p + 1 < len(times) else 0 for p in packets]
    return [step or steps[0] or 1 for step in steps]


def _keys_box(piece: Piece) -> bytes:
    """Which packets can be decoded alone; no box says that all can."""
    if piece.track.keys is None:
        return b""
    keys = set(piece.track.keys)
    places = [number for number, packet in enumerate(piece.packets, 1) if packet in keys]
    return make_box("stss", struct.pack(f">2I{len(places)}I", 0, len(places), *places))


def _edit_list(index: Index, begins: Fraction, length: Fraction, scale: int) -> bytes:
    """A track is presented from `begins` of its own ticks on; where they are negative, later."""
    lasts = max(int(length * index.scale), 1)
    entries = [(lasts, max(round(begins), 0), 0x10000)]
    if begins < 0:
        entries.insert(0, (int(-begins / scale * index.scale), -1, 0x10000))
    content = b"".join(struct.pack(">IiI", *entry) for entry in entries)
    return make_box("edts", make_box("elst", struct.pack(">II", 0, len(entries)) + content))
