"""What shots that were rendered lately sound like: kept in memory, packed, for the next take.

Where a process stays, the neighbours of a new take need not be played again, nor a take that is
put back. Knows no films: a shot's sound is kept under all that decides it.
"""

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock

from diffbgm.composition import Outline
from diffbgm.sound.parts import StoredPart

MOST_BYTES = 64 * 10**6  # about a minute of a film, with all its stems


@dataclass(frozen=True)
class ShotSound:
    """The parts of a shot, and their outlines."""

    parts: tuple[StoredPart, ...]
    outlines: tuple[Outline, ...]


@dataclass(frozen=True)
class _Packed:
    sound: ShotSound
    files: tuple[bytes, ...]

    @property
    def size(self) -> int:
        return sum(map(len, self.files))


class RenderedShots:
    """The sounds of shots by what decides them; those that were not asked for longest go first."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes, self._lock = most_bytes, Lock()
        self._kept: OrderedDict[str, _Packed] = OrderedDict()

    def restore(self, key: str, folder: Path, name: str) -> ShotSound | None:
        """The sound, its parts in files of `folder` that begin with `name`; None if not kept."""
        with self._lock:
            packed = self._kept.get(key)
            if packed is None:
                return None
            self._kept.move_to_end(key)
        parts = []
        for number, (part, content) in enumerate(
            zip(packed.sound.parts, packed.files, strict=True)
        ):
            path = folder / f"{name}-{number}.flac"
            path.write_bytes(content)
            parts.append(replace(part, path=path))
        return replace(packed.sound, parts=tuple(parts))

    def keep(self, key: str, sound: ShotSound) -> None:
        packed = _Packed(sound, tuple(part.path.read_bytes() for part in sound.parts))
        if packed.size > self._most_bytes:
            return
        with self._lock:
            self._kept[key] = packed
            while sum(each.size for each in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


rendered_shots = RenderedShots()
"""Those of this process."""
