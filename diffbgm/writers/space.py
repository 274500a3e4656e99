"""How much disc a composition will take, before there is any. Writes nothing."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diffbgm.arranging.styles import Style
from diffbgm.errors import StorageError
from diffbgm.options import ComposeOptions
from diffbgm.readers.film_info import probe
from diffbgm.sound.sample_files import SAMPLE_RATE
from diffbgm.timeline import Timeline

_WAV = SAMPLE_RATE * 2 * 3  # bytes a second of 24 bits in stereo
_WHILE_MASTERED = SAMPLE_RATE * 2 * 4  # the plain mix, until it is measured
# Of a WAV, what FLAC takes at most: of a stem or a segment, and of a part, tails and all.
_FINISHED, _PART = 0.3, 0.42
_OTHERS = 20_000_000  # pictures, report, notes


def space_needed(source: Path | Timeline, options: ComposeOptions, style: Style) -> int:
    """About how many bytes composing for a film or an edit takes, those for a while included.

    It is as much as a dense piece takes; 0 for a film that does not tell its length. FilmError
    where the film cannot be read.
    """
    seconds = source.seconds if isinstance(source, Timeline) else probe(source).seconds
    if seconds is None:
        return 0
    stems = len(style.instruments) + bool(style.drums)
    kept = seconds * _WAV * (1 + _FINISHED * (1 + stems))
    parts = seconds * _WAV * _PART * stems  # until they are mixed
    while_mixed = parts + seconds * _WHILE_MASTERED
    return _OTHERS + round(kept + while_mixed) + _film_space(source, options, seconds)


def require_space(
    folder: Path, needed: int, disk_usage: Callable[[Path], Any] = shutil.disk_usage
) -> None:
    """StorageError if `folder`, which need not be there yet, has no room for so many bytes."""
    try:
        place = folder.absolute()
        while not place.exists():
            place = place.parent
        free = disk_usage(place).free
    except OSError as exc:
        raise StorageError(f"{folder}: cannot be written ({exc.strerror})") from exc
    if free < needed:
        raise StorageError(
            f"{folder}: this film needs about {readable(needed)} of disc while it is composed, and "
            f"{readable(free)} are free; make room, or choose another folder"
        )


def _film_space(source: Path | Timeline, options: ComposeOptions, seconds: float) -> int:
    """The film with its music; its sound until it is in there."""
    if not options.mux or isinstance(source, Timeline):
        return 0
    until_muxed = seconds * (_WAV + _WHILE_MASTERED) if options.makes_room else 0
    return source.stat().st_size + round(until_muxed)


def readable(size: int) -> str:
    """Bytes in a person's words."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
