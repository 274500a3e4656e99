"""takes/outlines.json: where the takes in the mix sound, and checksums of what they sound like.

No take keeps its sound: it is rendered again from its notes. Its outline tells whether that is
still the sound that the composition's files were made of.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from diffbgm.sound.parts import Part

OUTLINES = "takes/outlines.json"


@dataclass(frozen=True)
class Outline:
    """A part of a shot sounds on `stem` from the film's sample `start` to `stop`; `digest` is of
    that."""

    stem: str
    start: int
    stop: int
    digest: str

    @classmethod
    def of(cls, part: Part) -> "Outline":
        digest = hashlib.blake2b(part.samples.tobytes(), digest_size=16).hexdigest()
        return cls(part.stem, part.start, part.stop, digest)


Outlines = tuple[tuple[Outline, ...], ...]
"""Of every shot, one a part."""


def save_outlines(outlines: Iterable[Iterable[Outline]], folder: Path) -> None:
    content = [[asdict(outline) for outline in shot] for shot in outlines]
    (folder / OUTLINES).parent.mkdir(exist_ok=True)
    (folder / OUTLINES).write_text(json.dumps(content) + "\n")


def load_outlines(folder: Path) -> Outlines | None:
    """Those that `save_outlines` kept; None if there are none, as before version 6, or damaged."""
    try:
        content = json.loads((folder / OUTLINES).read_text())
        return tuple(tuple(Outline(**outline) for outline in shot) for shot in content)
    except (OSError, ValueError, TypeError):
        return None
