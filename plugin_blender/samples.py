"""Samples of a WAV file as whole numbers, of 16, 24 or 32 bits. Knows no `bpy`."""

import sys
from array import array
from collections.abc import Iterable

_BYTES = array("i").itemsize  # 4, wherever Blender runs


def unpack(data: bytes | bytearray, width: int) -> list[int]:
    """The numbers of `width` bytes each."""
    wide = bytearray(len(data) // width * _BYTES)
    for byte in range(width):
        wide[_BYTES - width + byte :: _BYTES] = data[byte::width]
    shift = 8 * (_BYTES - width)
    return [value >> shift for value in _swapped(array("i", bytes(wide)))]


def pack(values: Iterable[int], width: int) -> bytes:
    """What `unpack` reads; OverflowError where a number is too large."""
    shift = 8 * (_BYTES - width)
    wide = _swapped(array("i", [value << shift for value in values])).tobytes()
    data = bytearray(len(wide) // _BYTES * width)
    for byte in range(width):
        data[byte::width] = wide[_BYTES - width + byte :: _BYTES]
    return bytes(data)


def _swapped(values: array) -> array:
    """WAV files have the lowest byte first, whatever the machine has."""
    if sys.byteorder == "big":
        values.byteswap()
    return values
