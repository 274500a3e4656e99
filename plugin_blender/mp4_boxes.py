"""Boxes of ISO/IEC 14496-12, the form of MP4 and QuickTime files. Knows nothing of films."""

import itertools
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO, Literal, overload


class NotPlainError(Exception):
    """A file that this add-on cannot take apart; the message says why."""


@dataclass(frozen=True)
class Box:
    """What has a kind of four letters, and a content: bytes, or further boxes."""

    kind: str
    content: bytes

    @property
    def whole(self) -> bytes:
        return make_box(self.kind, self.content)


def make_box(kind: str, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind.encode("latin-1")) + content


def top_boxes(file: BinaryIO, wanted: set[str], largest: int) -> Iterator[Box]:
    """A file's own boxes; those not wanted without their content. Raises NotPlainError."""
    place, end = 0, file.seek(0, 2)
    while place + 8 <= end:
        file.seek(place)
        size, kind = numbers(file.read(8), ">I4s")
        head = 8
        if size == 1:
            (size,) = numbers(file.read(8), ">Q")
            head = 16
        size = size or end - place
        name = kind.decode("latin-1")
        if size < head or place + size > end:
            raise NotPlainError("it is not whole, or no MP4 file")
        if name in wanted and size > largest:
            raise NotPlainError("its table of contents is too large")
        yield Box(name, file.read(size - head) if name in wanted else b"")
        place += size


def boxes(content: bytes) -> Iterator[Box]:
    """The boxes within a box. Raises NotPlainError."""
    place = 0
    while place + 8 <= len(content):
        size, kind = numbers(content[place : place + 8], ">I4s")
        if size == 0 and not any(content[place:]):
            return  # QuickTime ends some lists by a zero
        if size < 8 or place + size > len(content):
            raise NotPlainError("its table of contents is broken")
        yield Box(kind.decode("latin-1"), content[place + 8 : place + size])
        place += size


@overload
def find(box: Box, *path: str, required: Literal[True]) -> Box: ...
@overload
def find(box: Box, *path: str) -> Box | None: ...
def find(box: Box, *path: str, required: bool = False) -> Box | None:
    """The first box of a kind within one of another within `box`. Raises NotPlainError."""
    found: Box | None = box
    for kind in path:
        found = next((inner for inner in boxes(found.content) if inner.kind == kind), None)
        if found is None:
            break
    if found is None and required:
        raise NotPlainError(f"its table of contents has no {'/'.join(path)}")
    return found


def numbers(content: bytes, form: str) -> tuple:
    """What `struct` finds at the beginning of some bytes. Raises NotPlainError."""
    try:
        return struct.unpack_from(form, content)
    except struct.error as error:
        raise NotPlainError("its table of contents is cut short") from error


def repeated(content: bytes, count: int, *, signed: bool = False) -> list[int]:
    """The values of a table of (how often, value): `count` of them."""
    (rows,) = numbers(content, ">4xI")
    values: list[int] = []
    for often, value in struct.iter_unpack(">Ii" if signed else ">II", content[8 : 8 + 8 * rows]):
        values += [value] * min(often, count - len(values))
    if len(values) != count:
        raise NotPlainError("its table of contents is not whole")
    return values


def run_lengths(values: Sequence[int]) -> bytes:
    """Such a table, as bytes, its number of rows first."""
    rows = [(len(list(same)), value) for value, same in itertools.groupby(values)]
    return struct.pack(">I", len(rows)) + b"".join(struct.pack(">Ii", *row) for row in rows)


def with_duration(header: Box, ticks: int) -> bytes:
    """A header of a movie, a track or a medium that says another duration."""
    is_long = header.content[0] == 1
    place = {"mvhd": (16, 24), "mdhd": (16, 24), "tkhd": (20, 28)}[header.kind][is_long]
    duration = struct.pack(">Q" if is_long else ">I", ticks)
    content = header.content[:place] + duration + header.content[place + len(duration) :]
    return make_box(header.kind, content)
