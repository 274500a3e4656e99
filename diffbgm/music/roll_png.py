"""Rolls as they are, as a PNG; written with zlib, for training machines have no drawing library."""

import struct
import zlib
from pathlib import Path

import numpy as np

from diffbgm.files import replacing
from diffbgm.music.pianoroll import HELD, SIXTEENTHS_PER_BAR

_GROUND = (24, 26, 32)
_BAR_LINE = (60, 64, 76)
_BETWEEN = (110, 114, 126)
# One a track: melody, bridge, piano.
_COLOURS = np.array([(255, 176, 66), (98, 214, 140), (104, 164, 255)], np.uint8)
_CELL = 3  # pixels
_GAP = 4  # pixels between samples
_HELD_BRIGHTNESS = 0.6


def write_roll_png(path: Path, rolls: np.ndarray) -> None:
    """Draw rolls (S, T, tracks, pitches) below each other: time to the right, pitch upwards.

    Struck cells are bright, held ones darker; tracks have their colours. StorageError where `path`
    cannot be written.
    """
    strips = [np.pad(_draw(roll), _BELOW, constant_values=0) for roll in rolls]
    for strip in strips:
        strip[-_GAP:] = _BETWEEN
    with replacing(path) as unfinished:
        unfinished.write_bytes(_png(np.concatenate(strips)))


_BELOW = ((0, _GAP), (0, 0), (0, 0))


def _draw(roll: np.ndarray) -> np.ndarray:
    """Pixels (pitches * _CELL, T * _CELL, 3) of one roll (T, tracks, pitches)."""
    pixels = np.empty((roll.shape[2], roll.shape[0], 3), np.uint8)
    pixels[:] = _GROUND
    pixels[:, ::SIXTEENTHS_PER_BAR] = _BAR_LINE
    # The melody is drawn last, above what accompanies it.
    for track in reversed(range(roll.shape[1])):
        cells = roll[:, track].T[::-1]  # (pitches, T), high pitches first
        colour = _COLOURS[track % len(_COLOURS)]
        pixels[cells == HELD] = (colour * _HELD_BRIGHTNESS).astype(np.uint8)
        pixels[(cells > 0) & (cells < HELD)] = colour
    return pixels.repeat(_CELL, axis=0).repeat(_CELL, axis=1)


def _png(pixels: np.ndarray) -> bytes:
    """A PNG (ISO/IEC 15948) of pixels (height, width, 3) uint8."""
    height, width, _ = pixels.shape
    rows = np.pad(pixels.reshape(height, -1), ((0, 0), (1, 0)))  # filter 0 before every row
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(rows.tobytes()))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
