"""Cuts a piece out of an MP4 or QuickTime film without decoding it. Knows no Blender.

Blender's Python has nothing that opens films, and an add-on must not install packages; the boxes
of ISO/IEC 14496-12 that are needed here are few. Packets are copied from the key frame before the
piece on, so that all of the piece can be decoded. What is not plain enough is refused.
"""

from bisect import bisect_left
from fractions import Fraction
from pathlib import Path

from .mp4_boxes import NotPlainError
from .mp4_tracks import Track, read_index
from .mp4_writing import Piece, write

_PRIMING = 2  # packets of sound before a piece that its decoder wants


def frame_rate(film: Path) -> Fraction:
    """Frames a second. Raises NotPlainError where they do not last equally long, OSError."""
    with film.open("rb") as file:
        picture = read_index(file, with_sound=False).picture
    return Fraction(picture.scale, _frame_ticks(picture))


def cut_out(film: Path, start: int, end: int, target: Path, *, with_sound: bool) -> int:
    """Writes frames `start` up to, not including, `end` of `film`, and what has to be decoded
    before them, to `target`; the number of the frame `start` there.

    Raises NotPlainError where this film is not plain enough, OSError.
    """
    with film.open("rb") as file:
        index = read_index(file, with_sound=with_sound)
        packets, first = _pictures(index.picture, start, end)
        begin = index.picture.seconds(packets[0])
        pieces = [Piece(index.picture, packets, begin)]
        if index.sound is not None:
            lasts = Fraction(end - start + first, 1) * _frame_ticks(index.picture)
            sounds = _sounds(index.sound, begin, begin + lasts / index.picture.scale)
            pieces += [Piece(index.sound, sounds, begin)] if sounds else []
        with target.open("wb") as written:
            write(written, file, index, pieces)
    return first


def _pictures(track: Track, start: int, end: int) -> tuple[list[int], int]:
    """The packets to keep, in the order of decoding, and the frames before `start` among them."""
    order = sorted(range(len(track.shown)), key=track.shown.__getitem__)
    if not 0 <= start < end <= len(order):
        raise NotPlainError("the piece reaches past the film")
    keys = range(len(order)) if track.keys is None else track.keys
    begin = track.shown[order[start]]
    key = next((k for k in reversed(keys) if track.shown[k] <= begin), None)
    if key is None:
        raise NotPlainError("no key frame comes before the piece")
    rank = bisect_left(order, track.shown[key], key=track.shown.__getitem__)
    wanted = order[rank:end]
    if min(wanted) < key:
        raise NotPlainError("a frame is decoded before the key frame that it follows")
    shown_from = track.shown[key]  # what leads up to a key frame needs the frames before it
    kept = [p for p in range(key, max(wanted) + 1) if track.shown[p] >= shown_from]
    return kept, start - rank


def _sounds(track: Track, begin: Fraction, end: Fraction) -> list[int]:
    first = bisect_left(range(len(track.shown)), begin, key=track.seconds) - 1 - _PRIMING
    after = bisect_left(range(len(track.shown)), end, key=track.seconds)
    return list(range(max(first, 0), after))


def _frame_ticks(track: Track) -> int:
    """How long each frame lasts."""
    steps = {b - a for a, b in zip(track.decoded, track.decoded[1:], strict=False)}
    if len(steps) != 1 or 0 in steps:
        raise NotPlainError("its frames do not last equally long")
    return steps.pop()
